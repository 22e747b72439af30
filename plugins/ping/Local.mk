# SPDX-License-Identifier: MPL-2.0
ping_sources = \
	plugins/ping/packet.c \
	plugins/ping/parameters.c \
	plugins/ping/ping.c \
	plugins/ping/ping.h \
	plugins/ping/print.c \
	plugins/ping/probe.c \
	plugins/ping/resolve.c
EXTRA_DIST += $(ping_sources)

if PLUGIN_PING_SHARED
plugins_LTLIBRARIES += plugins/ping/ping.la
plugins_ping_ping_la_SOURCES = $(ping_sources)
plugins_ping_ping_la_CPPFLAGS = $(SDK_CPPFLAGS)
plugins_ping_ping_la_CFLAGS = $(PLUGIN_CFLAGS) $(JSON_CFLAGS)
plugins_ping_ping_la_LDFLAGS = $(PLUGIN_LINK)
plugins_ping_ping_la_LIBADD = $(SDK_LIB) $(SDK_SEARCH_LIB)
endif

if PLUGIN_PING_BUILTIN
noinst_LIBRARIES += plugins/ping/libping.a
plugins_ping_libping_a_SOURCES = $(ping_sources)
plugins_ping_libping_a_CPPFLAGS = $(SDK_CPPFLAGS) -DMIG_PLUGIN_BUILTIN_NAME=ping
plugins_ping_libping_a_CFLAGS = $(PLUGIN_CFLAGS) $(JSON_CFLAGS)
BUILTIN_PLUGIN_LIBS += plugins/ping/libping.a $(SDK_LIB) $(SDK_SEARCH_LIB)
endif
dist_man_MANS += plugins/ping/mig-ping.7
