# SPDX-License-Identifier: MPL-2.0
dispatch_sources = plugins/dispatch/dispatch.c \
	plugins/dispatch/dispatch.h \
	plugins/dispatch/http.c \
	plugins/dispatch/syslog.c \
	plugins/dispatch/tls.c \
	plugins/dispatch/tls.h
EXTRA_DIST += $(dispatch_sources)

if PLUGIN_DISPATCH_SHARED
plugins_LTLIBRARIES += plugins/dispatch/dispatch.la
plugins_dispatch_dispatch_la_SOURCES = $(dispatch_sources)
plugins_dispatch_dispatch_la_CPPFLAGS = $(SDK_CPPFLAGS)
plugins_dispatch_dispatch_la_CFLAGS = $(PLUGIN_CFLAGS) $(JSON_CFLAGS) $(CURL_CFLAGS)
plugins_dispatch_dispatch_la_LDFLAGS = $(PLUGIN_LINK)
plugins_dispatch_dispatch_la_LIBADD = $(SDK_LIB) $(CURL_LIBS)
endif

if PLUGIN_DISPATCH_BUILTIN
noinst_LIBRARIES += plugins/dispatch/libdispatch.a
plugins_dispatch_libdispatch_a_SOURCES = $(dispatch_sources)
plugins_dispatch_libdispatch_a_CPPFLAGS = $(SDK_CPPFLAGS) -DMIG_PLUGIN_BUILTIN_NAME=dispatch
plugins_dispatch_libdispatch_a_CFLAGS = $(PLUGIN_CFLAGS) $(JSON_CFLAGS) $(CURL_CFLAGS)
BUILTIN_PLUGIN_LIBS += plugins/dispatch/libdispatch.a $(SDK_LIB)
BUILTIN_SYSTEM_LIBS += $(CURL_LIBS)
endif
dist_man_MANS += plugins/dispatch/mig-dispatch.7
