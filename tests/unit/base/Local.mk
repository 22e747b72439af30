# SPDX-License-Identifier: MPL-2.0
EXTRA_DIST += \
	tests/fixtures/target/agent.sql \
	tests/fixtures/target/expressions.txt \
	tests/fixtures/vectors/README.md \
	tests/fixtures/vectors/investigator-one.pub.asc \
	tests/fixtures/vectors/investigator-two.pub.asc \
	tests/fixtures/vectors/signed-text.json

if HAVE_CMOCKA
base_tests = \
	tests/unit/base/test_action \
	tests/unit/base/test_command \
	tests/unit/base/test_conf \
	tests/unit/base/test_files \
	tests/unit/base/test_frame \
	tests/unit/base/test_heartbeat \
	tests/unit/base/test_log \
	tests/unit/base/test_json \
	tests/unit/base/test_target \
	tests/unit/base/test_time \
	tests/unit/base/test_vectors
check_PROGRAMS += $(base_tests)
TESTS += $(base_tests)
BASE_TEST_LIBS = core/libmig-core.a $(CORE_LIBS) $(CMOCKA_LIBS)

tests_unit_base_test_action_SOURCES = tests/unit/base/test_action.c tests/unit/base/unit.h
tests_unit_base_test_action_LDADD = $(BASE_TEST_LIBS)
tests_unit_base_test_command_SOURCES = tests/unit/base/test_command.c tests/unit/base/unit.h
tests_unit_base_test_command_LDADD = $(BASE_TEST_LIBS)
tests_unit_base_test_conf_SOURCES = tests/unit/base/test_conf.c tests/unit/base/unit.h
tests_unit_base_test_conf_LDADD = $(BASE_TEST_LIBS)
tests_unit_base_test_files_SOURCES = tests/unit/base/test_files.c tests/unit/base/unit.h
tests_unit_base_test_files_LDADD = $(BASE_TEST_LIBS)
tests_unit_base_test_frame_SOURCES = tests/unit/base/test_frame.c tests/unit/base/unit.h
tests_unit_base_test_frame_LDADD = $(BASE_TEST_LIBS)
tests_unit_base_test_heartbeat_SOURCES = tests/unit/base/test_heartbeat.c tests/unit/base/unit.h
tests_unit_base_test_heartbeat_LDADD = $(BASE_TEST_LIBS)
tests_unit_base_test_log_SOURCES = tests/unit/base/test_log.c
tests_unit_base_test_log_LDADD = $(BASE_TEST_LIBS)
tests_unit_base_test_json_SOURCES = tests/unit/base/test_json.c tests/unit/base/unit.h
tests_unit_base_test_json_LDADD = $(BASE_TEST_LIBS)
tests_unit_base_test_target_SOURCES = tests/unit/base/test_target.c tests/unit/base/unit.h
tests_unit_base_test_target_LDADD = $(BASE_TEST_LIBS)
tests_unit_base_test_time_SOURCES = tests/unit/base/test_time.c tests/unit/base/unit.h
tests_unit_base_test_time_LDADD = $(BASE_TEST_LIBS)
tests_unit_base_test_vectors_SOURCES = tests/unit/base/test_vectors.c tests/unit/base/unit.h
tests_unit_base_test_vectors_LDADD = $(BASE_TEST_LIBS)
endif
