# SPDX-License-Identifier: MPL-2.0
STORE_TEST_LDADD = scheduler/libmig-lanes.a scheduler/libmig-store.a core/libmig-core.a \
	$(CMOCKA_LIBS) $(PQ_LIBS) $(AMQP_LIBS) $(CORE_LIBS)

if HAVE_CMOCKA
check_PROGRAMS += \
	tests/unit/store/broker_test \
	tests/unit/store/database_test \
	tests/unit/store/lanes_test \
	tests/unit/store/text_test
TESTS += \
	tests/unit/store/admin.sh \
	tests/unit/store/broker.sh \
	tests/unit/store/database.sh \
	tests/unit/store/lanes.sh \
	tests/unit/store/targets.sh \
	tests/unit/store/text_test
endif

tests_unit_store_broker_test_SOURCES = tests/unit/store/broker_test.c
tests_unit_store_broker_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_store_broker_test_LDADD = $(STORE_TEST_LDADD)

tests_unit_store_database_test_SOURCES = \
	tests/unit/store/agents_test.c \
	tests/unit/store/collect_test.c \
	tests/unit/store/database_test.c \
	tests/unit/store/dispatch_test.c \
	tests/unit/store/intake_test.c \
	tests/unit/store/roles_test.c \
	tests/unit/store/store_fixture.c \
	tests/unit/store/store_test.h \
	tests/unit/store/targets_test.c
tests_unit_store_database_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_store_database_test_LDADD = $(STORE_TEST_LDADD)

tests_unit_store_text_test_SOURCES = tests/unit/store/text_test.c
tests_unit_store_text_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_store_text_test_LDADD = $(STORE_TEST_LDADD)

tests_unit_store_lanes_test_SOURCES = tests/unit/store/lanes_test.c
tests_unit_store_lanes_test_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_store_lanes_test_LDADD = $(STORE_TEST_LDADD)

EXTRA_DIST += \
	tests/unit/store/admin.sh \
	tests/unit/store/broker.sh \
	tests/unit/store/database.sh \
	tests/unit/store/lanes.sh \
	tests/unit/store/targets.sh
