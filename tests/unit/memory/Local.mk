# SPDX-License-Identifier: MPL-2.0
check_PROGRAMS += tests/unit/memory/memory-victim
tests_unit_memory_memory_victim_SOURCES = tests/unit/memory/victim.c
tests_unit_memory_memory_victim_CFLAGS = $(MIG_CFLAGS)

TESTS += tests/unit/memory/memory.sh
EXTRA_DIST += tests/unit/memory/memory.sh

if HAVE_CMOCKA
memory_unit_tests = \
	tests/unit/memory/test_memory \
	tests/unit/memory/test_needles
check_PROGRAMS += $(memory_unit_tests)
TESTS += $(memory_unit_tests)
tests_unit_memory_test_memory_SOURCES = tests/unit/memory/test_memory.c
tests_unit_memory_test_memory_CPPFLAGS = $(SDK_CPPFLAGS)
tests_unit_memory_test_memory_CFLAGS = $(SDK_TEST_CFLAGS)
tests_unit_memory_test_memory_LDADD = $(SDK_TEST_LIBS)
tests_unit_memory_test_memory_LDFLAGS = $(SDK_TEST_LDFLAGS)
tests_unit_memory_test_needles_SOURCES = \
	plugins/memory/needles.c \
	plugins/memory/needles.h \
	plugins/memory/prints.c \
	plugins/memory/prints.h \
	tests/unit/memory/test_needles.c
tests_unit_memory_test_needles_CPPFLAGS = $(SDK_CPPFLAGS) -I$(srcdir)/plugins/memory
tests_unit_memory_test_needles_CFLAGS = $(SDK_TEST_CFLAGS)
tests_unit_memory_test_needles_LDADD = $(CMOCKA_LIBS)
endif
