# SPDX-License-Identifier: MPL-2.0
# Modules in real workers, against the programs that know the answers.
module_tests = \
	tests/unit/plugins/pkg.sh \
	tests/unit/plugins/sshkey.sh
TESTS += $(module_tests)
EXTRA_DIST += \
	$(module_tests) \
	tests/unit/plugins/lib-module.sh
