# SPDX-License-Identifier: MPL-2.0
core_libmig_core_a_SOURCES += \
	core/trust/acl.c \
	core/trust/acl.h \
	core/trust/candidate.c \
	core/trust/candidate.h \
	core/trust/image.c \
	core/trust/image.h \
	core/trust/journal.c \
	core/trust/journal.h \
	core/trust/openpgp.c \
	core/trust/openpgp.h \
	core/trust/pgp.c \
	core/trust/pgp.h \
	core/trust/pgp_armor.c \
	core/trust/pgp_internal.h \
	core/trust/pgp_keys.c \
	core/trust/whitelist.c \
	core/trust/whitelist.h

# The whitelist of the shared plugins of this build. A program that starts workers links it; it is no
# part of libmig-core.a, so that mig-mkagent can put a site's own table in its place.
noinst_PROGRAMS += core/trust/mkwhitelist
core_trust_mkwhitelist_SOURCES = core/trust/mkwhitelist.c
core_trust_mkwhitelist_LDADD = core/libmig-core.a $(CRYPTO_LIBS)
core_trust_mkwhitelist_LDFLAGS = $(AM_LDFLAGS) $(MIG_PROGRAM_LDFLAGS)

noinst_LIBRARIES += core/libmig-whitelist.a
nodist_core_libmig_whitelist_a_SOURCES = core/whitelist.c
CLEANFILES += core/whitelist.c

# libtool leaves plugins/NAME/NAME.la beside plugins/NAME/.libs/NAME.so, the very file it installs:
# plugins link with no shared library of the tree, so nothing is linked again.
core/whitelist.c: core/trust/mkwhitelist$(EXEEXT) $(plugins_LTLIBRARIES)
	$(AM_V_GEN)$(MKDIR_P) core && set -- && \
	for la in $(plugins_LTLIBRARIES); do \
	  name=$${la##*/}; set -- "$$@" "$${la%/*}/.libs/$${name%.la}.so"; \
	done && \
	core/trust/mkwhitelist$(EXEEXT) "$$@" >$@.tmp && mv $@.tmp $@
