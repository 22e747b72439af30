# SPDX-License-Identifier: MPL-2.0
timedrift_sources = \
	plugins/timedrift/daemon.c \
	plugins/timedrift/packet.c \
	plugins/timedrift/print.c \
	plugins/timedrift/query.c \
	plugins/timedrift/servers.c \
	plugins/timedrift/text.c \
	plugins/timedrift/timedrift.c \
	plugins/timedrift/timedrift.h
EXTRA_DIST += $(timedrift_sources)

if PLUGIN_TIMEDRIFT_SHARED
plugins_LTLIBRARIES += plugins/timedrift/timedrift.la
plugins_timedrift_timedrift_la_SOURCES = $(timedrift_sources)
plugins_timedrift_timedrift_la_CPPFLAGS = $(SDK_CPPFLAGS)
plugins_timedrift_timedrift_la_CFLAGS = $(PLUGIN_CFLAGS) $(JSON_CFLAGS)
plugins_timedrift_timedrift_la_LDFLAGS = $(PLUGIN_LINK)
plugins_timedrift_timedrift_la_LIBADD = $(SDK_LIB) $(SDK_SEARCH_LIB)
endif

if PLUGIN_TIMEDRIFT_BUILTIN
noinst_LIBRARIES += plugins/timedrift/libtimedrift.a
plugins_timedrift_libtimedrift_a_SOURCES = $(timedrift_sources)
plugins_timedrift_libtimedrift_a_CPPFLAGS = $(SDK_CPPFLAGS) -DMIG_PLUGIN_BUILTIN_NAME=timedrift
plugins_timedrift_libtimedrift_a_CFLAGS = $(PLUGIN_CFLAGS) $(JSON_CFLAGS)
BUILTIN_PLUGIN_LIBS += plugins/timedrift/libtimedrift.a $(SDK_LIB) $(SDK_SEARCH_LIB)
endif
dist_man_MANS += plugins/timedrift/mig-timedrift.7
