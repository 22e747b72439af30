# SPDX-License-Identifier: MPL-2.0
# All that a plugin may include or link with.
#   libmig-sdk.la     parameters and results (json-c), versions of packages
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
	sdk/include/mig/search.h \
	sdk/include/mig/state.h \
	sdk/include/mig/text.h \
	sdk/include/mig/version.h

SDK_CPPFLAGS = -D_GNU_SOURCE -I$(srcdir)/sdk/include -I$(srcdir)/sdk/lib

noinst_LTLIBRARIES += sdk/libmig-sdk.la
sdk_libmig_sdk_la_SOURCES = \
	sdk/lib/crc.h \
	sdk/lib/json.c \
	sdk/lib/process.c \
	sdk/lib/queue.c \
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
	sdk/lib/regex_literal.c \
	sdk/lib/regex_program.c \
	sdk/lib/regex_program.h \
	sdk/lib/regex_run.h \
	sdk/lib/regex_runes.c \
	sdk/lib/regex_runes.h \
	sdk/lib/regex_syntax.c \
	sdk/lib/regex_syntax.h \
	sdk/lib/regex_unicode_tables.h \
	sdk/lib/search_arguments.c \
	sdk/lib/search_attributes.c \
	sdk/lib/search_attributes.h \
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
	sdk/lib/search_lines.c \
	sdk/lib/search_lines.h \
	sdk/lib/search_reading.c \
	sdk/lib/search_reading.h \
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

check_LTLIBRARIES += sdk/libmig-testkit.la
sdk_libmig_testkit_la_SOURCES = \
	sdk/testkit/mock_host.c
sdk_libmig_testkit_la_CPPFLAGS = $(SDK_CPPFLAGS)
sdk_libmig_testkit_la_CFLAGS = $(MIG_CFLAGS) $(JSON_CFLAGS)
sdk_libmig_testkit_la_LIBADD = $(JSON_LIBS)
