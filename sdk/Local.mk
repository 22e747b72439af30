# SPDX-License-Identifier: MPL-2.0
# All that a plugin may include or link with.
#   libmig-sdk.la     parameters and results (json-c)
#   libmig-search.la  regular expressions and the file search engine (PCRE2, libcrypto, zlib)
#   libmig-testkit.la a host that plugin tests drive
# They are convenience libraries: libtool takes each whole, so a plugin links with what it needs only.
migincludedir = $(includedir)/mig
miginclude_HEADERS = \
	sdk/include/mig/json.h \
	sdk/include/mig/plugin.h

SDK_CPPFLAGS = -D_GNU_SOURCE -I$(srcdir)/sdk/include -I$(srcdir)/sdk/lib
SDK_LIBS = $(JSON_LIBS)

noinst_LTLIBRARIES += sdk/libmig-sdk.la
sdk_libmig_sdk_la_SOURCES = \
	sdk/lib/json.c
sdk_libmig_sdk_la_CPPFLAGS = $(SDK_CPPFLAGS)
sdk_libmig_sdk_la_CFLAGS = $(PLUGIN_CFLAGS) $(JSON_CFLAGS)
sdk_libmig_sdk_la_LIBADD = $(JSON_LIBS)
