# SPDX-License-Identifier: MPL-2.0
# Modules in real workers, against the programs that know the answers.
plugin_tests = \
	tests/unit/plugins/sshkey.sh
TESTS += $(plugin_tests)
EXTRA_DIST += \
	$(plugin_tests) \
	tests/unit/plugins/lib-module.sh
