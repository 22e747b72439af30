# SPDX-License-Identifier: MPL-2.0
# All that a plugin may include or link with.
#   libmig-sdk.la     parameters and results (json-c), versions of packages, host names
#   libmig-search.la  regular expressions and the file search engine (libcrypto, zlib,
#                     and libbz2, liblzma, libzstd where they were found)
#   libmig-packages.la the packages that a system has installed (SQLite, when it is there)
#   libmig-testkit.la a host that plugin tests drive
# They are convenience libraries: libtool takes each whole, so a plugin links with what it needs only.
migincludedir = $(includedir)/mig
miginclude_HEADERS = \
	sdk/include/mig/json.h \
	sdk/include/mig/mock_host.h \
	sdk/include/mig/multi.h \
	sdk/include/mig/packages.h \
	sdk/include/mig/plugin.h \
	sdk/include/mig/process.h \
	sdk/include/mig/queue.h \
	sdk/include/mig/regex.h \
	sdk/include/mig/resolve.h \
	sdk/include/mig/search.h \
	sdk/include/mig/state.h \
	sdk/include/mig/text.h \
	sdk/include/mig/version.h

SDK_CPPFLAGS = -D_GNU_SOURCE -I$(srcdir)/sdk/include -I$(srcdir)/sdk/lib

noinst_LTLIBRARIES += sdk/libmig-sdk.la
sdk_libmig_sdk_la_SOURCES = \
	sdk/lib/crc.h \
	sdk/lib/json.c \
	sdk/lib/print.c \
	sdk/lib/process.c \
	sdk/lib/queue.c \
	sdk/lib/resolve.c \
	sdk/lib/state.c \
	sdk/lib/version.c \
	sdk/lib/version_internal.h \
	sdk/lib/version_range.c
sdk_libmig_sdk_la_CPPFLAGS = $(SDK_CPPFLAGS)
sdk_libmig_sdk_la_CFLAGS = $(PLUGIN_CFLAGS) $(JSON_CFLAGS)
sdk_libmig_sdk_la_LIBADD = $(JSON_LIBS)

SDK_PACKAGES_LIB = sdk/libmig-packages.la
noinst_LTLIBRARIES += sdk/libmig-packages.la
sdk_libmig_packages_la_SOURCES = \
	sdk/lib/packages.c \
	sdk/lib/packages_apk.c \
	sdk/lib/packages_dpkg.c \
	sdk/lib/packages_lines.c \
	sdk/lib/packages_read.h \
	sdk/lib/packages_root.c \
	sdk/lib/packages_roots.c \
	sdk/lib/packages_rpm.h \
	sdk/lib/packages_rpm_bdb.c \
	sdk/lib/packages_rpm_header.c \
	sdk/lib/packages_rpm_ndb.c \
	sdk/lib/packages_rpm_sqlite.c
sdk_libmig_packages_la_CPPFLAGS = $(SDK_CPPFLAGS)
sdk_libmig_packages_la_CFLAGS = $(PLUGIN_CFLAGS) $(SQLITE_CFLAGS)
sdk_libmig_packages_la_LIBADD = $(SQLITE_LIBS)

SDK_SEARCH_LIB = sdk/libmig-search.la
noinst_LTLIBRARIES += sdk/libmig-search.la
sdk_libmig_search_la_SOURCES = \
	sdk/lib/digest.c \
	sdk/lib/digest.h \
	sdk/lib/multi.c \
	sdk/lib/regex.c \
	sdk/lib/regex_dfa.c \
	sdk/lib/regex_dfa.h \
	sdk/lib/regex_dfa_run.c \
	sdk/lib/regex_dfa_states.h \
	sdk/lib/regex_groups.c \
	sdk/lib/regex_literal.c \
	sdk/lib/regex_program.c \
	sdk/lib/regex_program.h \
	sdk/lib/regex_run.h \
	sdk/lib/regex_runes.c \
	sdk/lib/regex_runes.h \
	sdk/lib/regex_class.c \
	sdk/lib/regex_parser.h \
	sdk/lib/regex_syntax.c \
	sdk/lib/regex_syntax.h \
	sdk/lib/regex_unicode_tables.h \
	sdk/lib/search_ahead.c \
	sdk/lib/search_ahead.h \
	sdk/lib/search_arguments.c \
	sdk/lib/search_attributes.c \
	sdk/lib/search_attributes.h \
	sdk/lib/search_checks.c \
	sdk/lib/search_checks.h \
	sdk/lib/search_contents.c \
	sdk/lib/search_contents.h \
	sdk/lib/search_evaluate.c \
	sdk/lib/search_evaluation.c \
	sdk/lib/search_evaluation.h \
	sdk/lib/search_folder.c \
	sdk/lib/search_folder.h \
	sdk/lib/search_fs.c \
	sdk/lib/search_fs.h \
	sdk/lib/search_hashes.c \
	sdk/lib/search_hashes.h \
	sdk/lib/search_known.c \
	sdk/lib/search_known.h \
	sdk/lib/search_lines.c \
	sdk/lib/search_lines.h \
	sdk/lib/search_reading.c \
	sdk/lib/search_reading.h \
	sdk/lib/search_roots.c \
	sdk/lib/search_run.c \
	sdk/lib/search_scan.c \
	sdk/lib/search_scan.h \
	sdk/lib/search_set.c \
	sdk/lib/search_set.h \
	sdk/lib/search_values.c \
	sdk/lib/search_walk.c \
	sdk/lib/search_worker.h \
	sdk/lib/text.c \
	sdk/lib/unpack.c \
	sdk/lib/unpack.h \
	sdk/lib/utf8.c \
	sdk/lib/utf8.h
sdk_libmig_search_la_CPPFLAGS = $(SDK_CPPFLAGS)
sdk_libmig_search_la_CFLAGS = $(PLUGIN_CFLAGS) $(JSON_CFLAGS) $(CRYPTO_CFLAGS) \
	$(XXHASH_CFLAGS) $(ZLIB_CFLAGS)
sdk_libmig_search_la_LIBADD = $(JSON_LIBS) $(CRYPTO_LIBS) $(UNPACK_LIBS)

EXTRA_DIST += sdk/lib/regex_unicode.pl

noinst_LTLIBRARIES += sdk/libmig-testkit.la
sdk_libmig_testkit_la_SOURCES = \
	sdk/testkit/mock_host.c \
	sdk/testkit/mock_internal.h \
	sdk/testkit/mock_persist.c
sdk_libmig_testkit_la_CPPFLAGS = $(SDK_CPPFLAGS)
sdk_libmig_testkit_la_CFLAGS = $(MIG_CFLAGS) $(JSON_CFLAGS)
sdk_libmig_testkit_la_LIBADD = $(JSON_LIBS)

# ---- what is installed for authors of plugins elsewhere ----
# The convenience libraries as they are: archives of code that may become part of a shared object.
sdkarchivedir = $(miglibdir)
sdkarchive_DATA = \
	sdk/.libs/libmig-sdk.a \
	sdk/.libs/libmig-search.a \
	sdk/.libs/libmig-testkit.a
sdk/.libs/libmig-sdk.a: sdk/libmig-sdk.la
sdk/.libs/libmig-search.a: sdk/libmig-search.la
sdk/.libs/libmig-testkit.a: sdk/libmig-testkit.la
$(sdkarchive_DATA):
	@test -f $@

pkgconfigdir = $(libdir)/pkgconfig
sdk_pc = \
	sdk/mig-plugin-sdk.pc \
	sdk/mig-plugin-search.pc \
	sdk/mig-plugin-testkit.pc
pkgconfig_DATA = $(sdk_pc)
EXTRA_DIST += \
	sdk/mig-plugin-sdk.pc.in \
	sdk/mig-plugin-search.pc.in \
	sdk/mig-plugin-testkit.pc.in
CLEANFILES += $(sdk_pc)
$(sdk_pc): Makefile $(srcdir)/sdk/include/mig/plugin.h
	$(AM_V_GEN)$(MKDIR_P) sdk && \
	abi=$$($(SED) -n 's/^.define MIG_ABI_M[AI][JN]OR *//p' $(srcdir)/sdk/include/mig/plugin.h | paste -sd .) && \
	$(SED) -e 's|[@]prefix@|$(prefix)|' -e 's|[@]exec_prefix@|$(exec_prefix)|' -e 's|[@]libdir@|$(libdir)|' \
	  -e 's|[@]includedir@|$(includedir)|' -e 's|[@]datadir@|$(datadir)|' -e 's|[@]version@|$(VERSION)|' \
	  -e '/^prefix=/!s|=$(prefix)|=$${prefix}|' \
	  -e "s|[@]abi@|$$abi|" -e 's|[@]search_libs@|$(sdk_libmig_search_la_LIBADD)|' \
	  $(srcdir)/$@.in >$@.tmp && mv $@.tmp $@

aclocaldir = $(datadir)/aclocal
dist_aclocal_DATA = sdk/mig-plugin.m4
dist_migdata_DATA = sdk/plugin.map

# The template's plugin is the example, so that there is one to keep right.
migtemplatedir = $(migdatadir)/template
dist_migtemplate_DATA = \
	sdk/template/Makefile \
	sdk/template/gitignore \
	sdk/template/module.7 \
	sdk/template/test.c
nodist_migtemplate_DATA = sdk/template/plugin.c
CLEANFILES += sdk/template/plugin.c
sdk/template/plugin.c: $(srcdir)/plugins/example/example.c Makefile
	$(AM_V_GEN)$(MKDIR_P) sdk/template && \
	$(SED) -e '1d' -e 's|"example"|"@NAME@"|; s|mig example |mig @NAME@ |' \
	  -e 's|The smallest complete plugin, to be copied:|The module @NAME@:|' \
	  $(srcdir)/plugins/example/example.c >$@.tmp && mv $@.tmp $@

bin_PROGRAMS += sdk/tool/mig-plugin
sdk_tool_mig_plugin_SOURCES = \
	sdk/tool/call.c \
	sdk/tool/check.c \
	sdk/tool/main.c \
	sdk/tool/new.c \
	sdk/tool/run.c \
	sdk/tool/tool.h \
	sdk/tool/trust.c
sdk_tool_mig_plugin_CPPFLAGS = $(AM_CPPFLAGS) -DMIG_TEMPLATE_DIR='"$(migtemplatedir)"'
sdk_tool_mig_plugin_LDADD = core/libmig-core.a $(CORE_LIBS)
sdk_tool_mig_plugin_LDFLAGS = $(AM_LDFLAGS) $(MIG_PROGRAM_LDFLAGS) -Wl,--as-needed
dist_man_MANS += sdk/tool/mig-plugin.1
