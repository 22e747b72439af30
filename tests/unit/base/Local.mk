# SPDX-License-Identifier: MPL-2.0
EXTRA_DIST += \
	tests/fixtures/vectors/README.md \
	tests/fixtures/vectors/investigator-one.pub.asc \
	tests/fixtures/vectors/investigator-two.pub.asc \
	tests/fixtures/vectors/signed-text.json

if HAVE_CMOCKA
base_tests = \
	tests/unit/base/test_vectors
check_PROGRAMS += $(base_tests)
TESTS += $(base_tests)
BASE_TEST_LIBS = core/libmig-core.a $(CORE_LIBS) $(CMOCKA_LIBS)

tests_unit_base_test_vectors_SOURCES = tests/unit/base/test_vectors.c tests/unit/base/unit.h
tests_unit_base_test_vectors_LDADD = $(BASE_TEST_LIBS)
endif
