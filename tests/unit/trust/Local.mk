# SPDX-License-Identifier: MPL-2.0
if HAVE_CMOCKA
TRUST_TESTS = \
	tests/unit/trust/test_acl \
	tests/unit/trust/test_image \
	tests/unit/trust/test_journal \
	tests/unit/trust/test_pgp \
	tests/unit/trust/test_whitelist
check_PROGRAMS += $(TRUST_TESTS)
TESTS += $(TRUST_TESTS)

TRUST_LIBS = core/libmig-core.a core/libmig-whitelist.a $(CORE_LIBS) $(CMOCKA_LIBS)
tests_unit_trust_test_acl_LDADD = $(TRUST_LIBS)
tests_unit_trust_test_image_SOURCES = \
	tests/unit/trust/elf_builder.c \
	tests/unit/trust/elf_builder.h \
	tests/unit/trust/test_image.c
tests_unit_trust_test_image_LDADD = $(TRUST_LIBS)
tests_unit_trust_test_journal_LDADD = $(TRUST_LIBS)
tests_unit_trust_test_pgp_SOURCES = \
	tests/unit/trust/gpg_home.c \
	tests/unit/trust/gpg_home.h \
	tests/unit/trust/test_pgp.c
tests_unit_trust_test_pgp_LDADD = $(TRUST_LIBS)
tests_unit_trust_test_whitelist_LDADD = $(TRUST_LIBS)
endif

TESTS += tests/unit/trust/image.sh
EXTRA_DIST += tests/unit/trust/image.sh
