# SPDX-License-Identifier: MPL-2.0
if HAVE_CMOCKA
SDK_TEST_LIBS = sdk/libmig-testkit.la $(SDK_SEARCH_LIB) $(SDK_LIB) $(CMOCKA_LIBS) $(JSON_LIBS) \
	$(ZLIB_LIBS)
SDK_TEST_CFLAGS = $(MIG_CFLAGS) $(CMOCKA_CFLAGS) $(JSON_CFLAGS)

sdk_tests = \
	tests/unit/sdk/test_example \
	tests/unit/sdk/test_file \
	tests/unit/sdk/test_lines \
	tests/unit/sdk/test_regex \
	tests/unit/sdk/test_text

check_PROGRAMS += $(sdk_tests)
TESTS += $(sdk_tests)

tests_unit_sdk_test_example_SOURCES = tests/unit/sdk/test_example.c
tests_unit_sdk_test_example_CPPFLAGS = $(SDK_CPPFLAGS)
tests_unit_sdk_test_example_CFLAGS = $(SDK_TEST_CFLAGS)
tests_unit_sdk_test_example_LDADD = $(SDK_TEST_LIBS)

tests_unit_sdk_test_file_SOURCES = tests/unit/sdk/test_file.c tests/unit/sdk/tree.c \
	tests/unit/sdk/tree.h
tests_unit_sdk_test_file_CPPFLAGS = $(SDK_CPPFLAGS)
tests_unit_sdk_test_file_CFLAGS = $(SDK_TEST_CFLAGS)
tests_unit_sdk_test_file_LDADD = $(SDK_TEST_LIBS)

tests_unit_sdk_test_lines_SOURCES = tests/unit/sdk/test_lines.c tests/unit/sdk/tree.c \
	tests/unit/sdk/tree.h
tests_unit_sdk_test_lines_CPPFLAGS = $(SDK_CPPFLAGS)
tests_unit_sdk_test_lines_CFLAGS = $(SDK_TEST_CFLAGS)
tests_unit_sdk_test_lines_LDADD = $(SDK_TEST_LIBS)

tests_unit_sdk_test_regex_SOURCES = tests/unit/sdk/test_regex.c
tests_unit_sdk_test_regex_CPPFLAGS = $(SDK_CPPFLAGS)
tests_unit_sdk_test_regex_CFLAGS = $(SDK_TEST_CFLAGS)
tests_unit_sdk_test_regex_LDADD = $(SDK_TEST_LIBS)

tests_unit_sdk_test_text_SOURCES = tests/unit/sdk/test_text.c
tests_unit_sdk_test_text_CPPFLAGS = $(SDK_CPPFLAGS)
tests_unit_sdk_test_text_CFLAGS = $(SDK_TEST_CFLAGS)
tests_unit_sdk_test_text_LDADD = $(SDK_TEST_LIBS)
endif

TESTS += tests/unit/sdk/test_plugin_header.sh
EXTRA_DIST += tests/unit/sdk/test_plugin_header.sh
