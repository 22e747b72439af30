# SPDX-License-Identifier: MPL-2.0
# Real programs are killed under load: see kill.sh. FAULT_ROUNDS=300 is the long form.
fault_tests = tests/fault/kill.sh
TESTS += $(fault_tests)
EXTRA_DIST += $(fault_tests)
