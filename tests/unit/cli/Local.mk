# SPDX-License-Identifier: MPL-2.0
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/cli/test_cli
TESTS += tests/unit/cli/test_cli
tests_unit_cli_test_cli_SOURCES = tests/unit/cli/test_cli.c
tests_unit_cli_test_cli_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/cli
tests_unit_cli_test_cli_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_cli_test_cli_LDADD = cli/libmig-cli.a core/libmig-core.a core/libmig-whitelist.a $(BUILTIN_LIBS) $(CURL_LIBS) $(CORE_LIBS) $(CMOCKA_LIBS)
endif
