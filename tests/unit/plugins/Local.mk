# SPDX-License-Identifier: MPL-2.0
if HAVE_CMOCKA
module_programs = \
	tests/unit/plugins/test_pkg \
	tests/unit/plugins/test_yara
check_PROGRAMS += $(module_programs)
TESTS += $(module_programs)
tests_unit_plugins_test_pkg_SOURCES = tests/unit/plugins/test_pkg.c
tests_unit_plugins_test_pkg_CPPFLAGS = $(SDK_CPPFLAGS)
tests_unit_plugins_test_pkg_CFLAGS = $(SDK_TEST_CFLAGS)
tests_unit_plugins_test_pkg_LDADD = $(SDK_TEST_LIBS)
tests_unit_plugins_test_pkg_LDFLAGS = $(SDK_TEST_LDFLAGS)
tests_unit_plugins_test_yara_SOURCES = tests/unit/plugins/test_yara.c
tests_unit_plugins_test_yara_CPPFLAGS = $(SDK_CPPFLAGS)
tests_unit_plugins_test_yara_CFLAGS = $(SDK_TEST_CFLAGS)
tests_unit_plugins_test_yara_LDADD = $(SDK_TEST_LIBS)
tests_unit_plugins_test_yara_LDFLAGS = $(SDK_TEST_LDFLAGS)
endif

# Modules in real workers, against the programs that know the answers.
module_tests = \
	tests/unit/plugins/agentdestroy.sh \
	tests/unit/plugins/pkg.sh \
	tests/unit/plugins/scribe.sh \
	tests/unit/plugins/sshkey.sh \
	tests/unit/plugins/yara.sh
TESTS += $(module_tests)
EXTRA_DIST += \
	$(module_tests) \
	tests/unit/plugins/lib-module.sh \
	tests/unit/plugins/module.h

if HAVE_CMOCKA
plugin_unit_tests = \
	tests/unit/plugins/test_agentdestroy \
	tests/unit/plugins/test_audit \
	tests/unit/plugins/test_dispatch \
	tests/unit/plugins/test_fswatch \
	tests/unit/plugins/test_sshkey
check_PROGRAMS += $(plugin_unit_tests)
TESTS += $(plugin_unit_tests)

tests_unit_plugins_test_agentdestroy_SOURCES = tests/unit/plugins/test_agentdestroy.c
tests_unit_plugins_test_agentdestroy_CPPFLAGS = $(SDK_CPPFLAGS)
tests_unit_plugins_test_agentdestroy_CFLAGS = $(SDK_TEST_CFLAGS)
tests_unit_plugins_test_agentdestroy_LDADD = $(SDK_TEST_LIBS)
tests_unit_plugins_test_agentdestroy_LDFLAGS = $(SDK_TEST_LDFLAGS)
tests_unit_plugins_test_audit_SOURCES = tests/unit/plugins/test_audit.c $(AUDIT_PARSER) \
	plugins/audit/rules.c
tests_unit_plugins_test_audit_CPPFLAGS = $(SDK_CPPFLAGS) -I$(srcdir)/plugins/audit
tests_unit_plugins_test_audit_CFLAGS = $(SDK_TEST_CFLAGS)
tests_unit_plugins_test_audit_LDADD = $(SDK_TEST_LIBS)
tests_unit_plugins_test_dispatch_SOURCES = tests/unit/plugins/test_dispatch.c
tests_unit_plugins_test_dispatch_CPPFLAGS = $(SDK_CPPFLAGS)
tests_unit_plugins_test_dispatch_CFLAGS = $(SDK_TEST_CFLAGS)
tests_unit_plugins_test_dispatch_LDADD = $(SDK_TEST_LIBS)
tests_unit_plugins_test_dispatch_LDFLAGS = $(SDK_TEST_LDFLAGS)
tests_unit_plugins_test_fswatch_SOURCES = tests/unit/plugins/test_fswatch.c \
	tests/unit/sdk/tree.c tests/unit/sdk/tree.h
tests_unit_plugins_test_fswatch_CPPFLAGS = $(SDK_CPPFLAGS) -I$(srcdir)/tests/unit/sdk
tests_unit_plugins_test_fswatch_CFLAGS = $(SDK_TEST_CFLAGS)
tests_unit_plugins_test_fswatch_LDADD = $(SDK_TEST_LIBS)
tests_unit_plugins_test_fswatch_LDFLAGS = $(SDK_TEST_LDFLAGS)
tests_unit_plugins_test_sshkey_SOURCES = tests/unit/plugins/test_sshkey.c
tests_unit_plugins_test_sshkey_CPPFLAGS = $(SDK_CPPFLAGS)
tests_unit_plugins_test_sshkey_CFLAGS = $(SDK_TEST_CFLAGS)
tests_unit_plugins_test_sshkey_LDADD = $(SDK_TEST_LIBS)
tests_unit_plugins_test_sshkey_LDFLAGS = $(SDK_TEST_LDFLAGS)

if PLUGIN_SCRIBE_SHARED
check_PROGRAMS += tests/unit/plugins/test_scribe
TESTS += tests/unit/plugins/test_scribe
tests_unit_plugins_test_scribe_SOURCES = \
	tests/unit/plugins/test_scribe.c \
	tests/unit/sdk/tree.c \
	tests/unit/sdk/tree.h
tests_unit_plugins_test_scribe_CPPFLAGS = $(SDK_CPPFLAGS) $(SCRIBE_CPPFLAGS) \
	-I$(srcdir)/tests/unit/sdk
tests_unit_plugins_test_scribe_CFLAGS = $(SDK_TEST_CFLAGS)
tests_unit_plugins_test_scribe_LDADD = $(SDK_TEST_LIBS)
endif
endif
