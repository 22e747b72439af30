# SPDX-License-Identifier: MPL-2.0
if HAVE_CMOCKA
# mig_mock_load() finds a plugin that is linked in by its symbol.
if ANY_PLUGIN_BUILTIN
SDK_TEST_LDFLAGS = $(AM_LDFLAGS) -rdynamic $(MIG_BUILTIN_PLUGINS:%=-Wl,-u,%_LTX_mig_plugin)
else
SDK_TEST_LDFLAGS = $(AM_LDFLAGS)
endif
SDK_TEST_LIBS = sdk/libmig-testkit.la $(SDK_SEARCH_LIB) $(SDK_LIB) $(BUILTIN_LIBS) $(CMOCKA_LIBS) $(JSON_LIBS) \
	$(ZLIB_LIBS)
SDK_TEST_CFLAGS = $(MIG_CFLAGS) $(CMOCKA_CFLAGS) $(JSON_CFLAGS)

sdk_tests = \
	tests/unit/sdk/test_arguments \
	tests/unit/sdk/test_example \
	tests/unit/sdk/test_examplepersist \
	tests/unit/sdk/test_file \
	tests/unit/sdk/test_file_hazards \
	tests/unit/sdk/test_file_packed \
	tests/unit/sdk/test_known \
	tests/unit/sdk/test_lines \
	tests/unit/sdk/test_multi \
	tests/unit/sdk/test_queue \
	tests/unit/sdk/test_regex \
	tests/unit/sdk/test_regex_answers \
	tests/unit/sdk/test_text \
	tests/unit/sdk/test_unpack \
	tests/unit/sdk/test_version

check_PROGRAMS += $(sdk_tests)
TESTS += $(sdk_tests)

tests_unit_sdk_test_arguments_SOURCES = tests/unit/sdk/test_arguments.c
tests_unit_sdk_test_arguments_CPPFLAGS = $(SDK_CPPFLAGS)
tests_unit_sdk_test_arguments_CFLAGS = $(SDK_TEST_CFLAGS)
tests_unit_sdk_test_arguments_LDADD = $(SDK_TEST_LIBS)

tests_unit_sdk_test_example_SOURCES = tests/unit/sdk/test_example.c
tests_unit_sdk_test_example_CPPFLAGS = $(SDK_CPPFLAGS)
tests_unit_sdk_test_example_CFLAGS = $(SDK_TEST_CFLAGS)
tests_unit_sdk_test_example_LDADD = $(SDK_TEST_LIBS)
tests_unit_sdk_test_example_LDFLAGS = $(SDK_TEST_LDFLAGS)

tests_unit_sdk_test_examplepersist_SOURCES = tests/unit/sdk/test_examplepersist.c
tests_unit_sdk_test_examplepersist_CPPFLAGS = $(SDK_CPPFLAGS)
tests_unit_sdk_test_examplepersist_CFLAGS = $(SDK_TEST_CFLAGS)
tests_unit_sdk_test_examplepersist_LDADD = $(SDK_TEST_LIBS)
tests_unit_sdk_test_examplepersist_LDFLAGS = $(SDK_TEST_LDFLAGS)

finder_sources = \
	tests/unit/sdk/finder.c \
	tests/unit/sdk/finder.h \
	tests/unit/sdk/tree.c \
	tests/unit/sdk/tree.h

tests_unit_sdk_test_file_SOURCES = tests/unit/sdk/test_file.c $(finder_sources)
tests_unit_sdk_test_file_CPPFLAGS = $(SDK_CPPFLAGS)
tests_unit_sdk_test_file_CFLAGS = $(SDK_TEST_CFLAGS)
tests_unit_sdk_test_file_LDADD = $(SDK_TEST_LIBS)
tests_unit_sdk_test_file_LDFLAGS = $(SDK_TEST_LDFLAGS)

tests_unit_sdk_test_file_hazards_SOURCES = tests/unit/sdk/test_file_hazards.c $(finder_sources)
tests_unit_sdk_test_file_hazards_CPPFLAGS = $(SDK_CPPFLAGS)
tests_unit_sdk_test_file_hazards_CFLAGS = $(SDK_TEST_CFLAGS)
tests_unit_sdk_test_file_hazards_LDADD = $(SDK_TEST_LIBS)
tests_unit_sdk_test_file_hazards_LDFLAGS = $(SDK_TEST_LDFLAGS)

tests_unit_sdk_test_file_packed_SOURCES = tests/unit/sdk/test_file_packed.c \
	tests/unit/sdk/unpack_texts.h $(finder_sources)
tests_unit_sdk_test_file_packed_CPPFLAGS = $(SDK_CPPFLAGS)
tests_unit_sdk_test_file_packed_CFLAGS = $(SDK_TEST_CFLAGS)
tests_unit_sdk_test_file_packed_LDADD = $(SDK_TEST_LIBS)
tests_unit_sdk_test_file_packed_LDFLAGS = $(SDK_TEST_LDFLAGS)

tests_unit_sdk_test_known_SOURCES = tests/unit/sdk/test_known.c $(finder_sources)
tests_unit_sdk_test_known_CPPFLAGS = $(SDK_CPPFLAGS)
tests_unit_sdk_test_known_CFLAGS = $(SDK_TEST_CFLAGS)
tests_unit_sdk_test_known_LDADD = $(SDK_TEST_LIBS)
tests_unit_sdk_test_known_LDFLAGS = $(SDK_TEST_LDFLAGS)

tests_unit_sdk_test_lines_SOURCES = tests/unit/sdk/test_lines.c tests/unit/sdk/tree.c \
	tests/unit/sdk/tree.h
tests_unit_sdk_test_lines_CPPFLAGS = $(SDK_CPPFLAGS)
tests_unit_sdk_test_lines_CFLAGS = $(SDK_TEST_CFLAGS)
tests_unit_sdk_test_lines_LDADD = $(SDK_TEST_LIBS)

tests_unit_sdk_test_multi_SOURCES = tests/unit/sdk/test_multi.c tests/unit/sdk/tree.c \
	tests/unit/sdk/tree.h
tests_unit_sdk_test_multi_CPPFLAGS = $(SDK_CPPFLAGS)
tests_unit_sdk_test_multi_CFLAGS = $(SDK_TEST_CFLAGS)
tests_unit_sdk_test_multi_LDADD = $(SDK_TEST_LIBS)

tests_unit_sdk_test_queue_SOURCES = tests/unit/sdk/test_queue.c
tests_unit_sdk_test_queue_CPPFLAGS = $(SDK_CPPFLAGS)
tests_unit_sdk_test_queue_CFLAGS = $(SDK_TEST_CFLAGS)
tests_unit_sdk_test_queue_LDADD = $(SDK_TEST_LIBS)

tests_unit_sdk_test_regex_answers_SOURCES = tests/unit/sdk/test_regex_answers.c
tests_unit_sdk_test_regex_answers_CPPFLAGS = $(SDK_CPPFLAGS)
tests_unit_sdk_test_regex_answers_CFLAGS = $(SDK_TEST_CFLAGS)
tests_unit_sdk_test_regex_answers_LDADD = $(SDK_TEST_LIBS)

EXTRA_DIST += \
	tests/fixtures/regex/answers.txt \
	tests/fixtures/regex/generate.go

tests_unit_sdk_test_regex_SOURCES = tests/unit/sdk/test_regex.c
tests_unit_sdk_test_regex_CPPFLAGS = $(SDK_CPPFLAGS)
tests_unit_sdk_test_regex_CFLAGS = $(SDK_TEST_CFLAGS)
tests_unit_sdk_test_regex_LDADD = $(SDK_TEST_LIBS)

tests_unit_sdk_test_text_SOURCES = tests/unit/sdk/test_text.c
tests_unit_sdk_test_text_CPPFLAGS = $(SDK_CPPFLAGS)
tests_unit_sdk_test_text_CFLAGS = $(SDK_TEST_CFLAGS)
tests_unit_sdk_test_text_LDADD = $(SDK_TEST_LIBS)

tests_unit_sdk_test_unpack_SOURCES = tests/unit/sdk/test_unpack.c tests/unit/sdk/unpack_texts.h
tests_unit_sdk_test_unpack_CPPFLAGS = $(SDK_CPPFLAGS)
tests_unit_sdk_test_unpack_CFLAGS = $(SDK_TEST_CFLAGS)
tests_unit_sdk_test_unpack_LDADD = $(SDK_TEST_LIBS)

tests_unit_sdk_test_version_SOURCES = tests/unit/sdk/test_version.c
tests_unit_sdk_test_version_CPPFLAGS = $(SDK_CPPFLAGS)
tests_unit_sdk_test_version_CFLAGS = $(SDK_TEST_CFLAGS)
tests_unit_sdk_test_version_LDADD = $(SDK_TEST_LIBS)
endif

check_PROGRAMS += tests/unit/sdk/packages-list
tests_unit_sdk_packages_list_SOURCES = tests/unit/sdk/packages-list.c
tests_unit_sdk_packages_list_CPPFLAGS = $(SDK_CPPFLAGS)
tests_unit_sdk_packages_list_CFLAGS = $(MIG_CFLAGS)
tests_unit_sdk_packages_list_LDADD = $(SDK_PACKAGES_LIB) $(SDK_LIB)

check_PROGRAMS += tests/unit/sdk/version-compare
tests_unit_sdk_version_compare_SOURCES = tests/unit/sdk/version-compare.c
tests_unit_sdk_version_compare_CPPFLAGS = $(SDK_CPPFLAGS)
tests_unit_sdk_version_compare_CFLAGS = $(MIG_CFLAGS)
tests_unit_sdk_version_compare_LDADD = $(SDK_LIB)

sdk_scripts = \
	tests/unit/sdk/file_cli.sh \
	tests/unit/sdk/out-of-tree.sh \
	tests/unit/sdk/packages.sh \
	tests/unit/sdk/test_plugin_header.sh \
	tests/unit/sdk/version.sh
TESTS += $(sdk_scripts)
EXTRA_DIST += $(sdk_scripts)
