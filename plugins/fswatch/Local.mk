# SPDX-License-Identifier: MPL-2.0
fswatch_sources = \
	plugins/fswatch/answer.c \
	plugins/fswatch/baseline.c \
	plugins/fswatch/config.c \
	plugins/fswatch/fswatch.c \
	plugins/fswatch/fswatch.h \
	plugins/fswatch/meta.c \
	plugins/fswatch/notify.c \
	plugins/fswatch/report.c \
	plugins/fswatch/scan.c \
	plugins/fswatch/tree.c
EXTRA_DIST += $(fswatch_sources)

if PLUGIN_FSWATCH_SHARED
plugins_LTLIBRARIES += plugins/fswatch/fswatch.la
plugins_fswatch_fswatch_la_SOURCES = $(fswatch_sources)
plugins_fswatch_fswatch_la_CPPFLAGS = $(SDK_CPPFLAGS)
plugins_fswatch_fswatch_la_CFLAGS = $(PLUGIN_CFLAGS) $(JSON_CFLAGS) $(CRYPTO_CFLAGS)
plugins_fswatch_fswatch_la_LDFLAGS = $(PLUGIN_LINK)
plugins_fswatch_fswatch_la_LIBADD = $(SDK_LIB) $(SDK_SEARCH_LIB) $(CRYPTO_LIBS)
endif

if PLUGIN_FSWATCH_BUILTIN
noinst_LIBRARIES += plugins/fswatch/libfswatch.a
plugins_fswatch_libfswatch_a_SOURCES = $(fswatch_sources)
plugins_fswatch_libfswatch_a_CPPFLAGS = $(SDK_CPPFLAGS) -DMIG_PLUGIN_BUILTIN_NAME=fswatch
plugins_fswatch_libfswatch_a_CFLAGS = $(PLUGIN_CFLAGS) $(JSON_CFLAGS) $(CRYPTO_CFLAGS)
BUILTIN_PLUGIN_LIBS += plugins/fswatch/libfswatch.a $(SDK_LIB) $(SDK_SEARCH_LIB)
BUILTIN_SYSTEM_LIBS += $(CRYPTO_LIBS)
endif
dist_man_MANS += plugins/fswatch/mig-fswatch.7
