# SPDX-License-Identifier: MPL-2.0
TESTS += tests/unit/api/api.sh
EXTRA_DIST += \
	tests/unit/api/api.sh \
	tests/unit/api/openapi.py

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/api/test_api
TESTS += tests/unit/api/test_api
tests_unit_api_test_api_SOURCES = tests/unit/api/test_api.c
tests_unit_api_test_api_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_api_test_api_LDADD = \
	scheduler/libmig-api.a \
	scheduler/libmig-store.a \
	core/libmig-core.a \
	$(MICROHTTPD_LIBS) \
	$(PQ_LIBS) \
	$(CORE_LIBS) \
	$(CMOCKA_LIBS)
endif
