# SPDX-License-Identifier: MPL-2.0
# Real programs are killed under load, go away, run out of space: see the heads of the scripts for their long forms.
fault_tests = \
	tests/fault/away.sh \
	tests/fault/cluster.sh \
	tests/fault/disk.sh \
	tests/fault/kill.sh
TESTS += $(fault_tests)
EXTRA_DIST += \
	$(fault_tests) \
	tests/fault/lib-fault.sh
