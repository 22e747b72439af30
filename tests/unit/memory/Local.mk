# SPDX-License-Identifier: MPL-2.0
check_PROGRAMS += tests/unit/memory/memory-victim
tests_unit_memory_memory_victim_SOURCES = tests/unit/memory/victim.c
tests_unit_memory_memory_victim_CFLAGS = $(MIG_CFLAGS)

TESTS += tests/unit/memory/memory.sh
EXTRA_DIST += tests/unit/memory/memory.sh
