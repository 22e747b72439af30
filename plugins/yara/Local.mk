# SPDX-License-Identifier: MPL-2.0
yara_sources = \
	plugins/yara/defines.c \
	plugins/yara/options.c \
	plugins/yara/print.c \
	plugins/yara/question.c \
	plugins/yara/result.c \
	plugins/yara/rules.c \
	plugins/yara/scan.c \
	plugins/yara/yara.c \
	plugins/yara/yara_module.h
EXTRA_DIST += $(yara_sources)

if PLUGIN_YARA_SHARED
plugins_LTLIBRARIES += plugins/yara/yara.la
plugins_yara_yara_la_SOURCES = $(yara_sources)
plugins_yara_yara_la_CPPFLAGS = $(SDK_CPPFLAGS)
plugins_yara_yara_la_CFLAGS = $(PLUGIN_CFLAGS) $(JSON_CFLAGS) $(YARA_CFLAGS)
plugins_yara_yara_la_LDFLAGS = $(PLUGIN_LINK)
plugins_yara_yara_la_LIBADD = $(SDK_LIB) $(SDK_SEARCH_LIB) $(YARA_LIBS)
endif

if PLUGIN_YARA_BUILTIN
noinst_LIBRARIES += plugins/yara/libyara.a
plugins_yara_libyara_a_SOURCES = $(yara_sources)
plugins_yara_libyara_a_CPPFLAGS = $(SDK_CPPFLAGS) -DMIG_PLUGIN_BUILTIN_NAME=yara
plugins_yara_libyara_a_CFLAGS = $(PLUGIN_CFLAGS) $(JSON_CFLAGS) $(YARA_CFLAGS)
BUILTIN_PLUGIN_LIBS += plugins/yara/libyara.a $(SDK_LIB) $(SDK_SEARCH_LIB)
BUILTIN_SYSTEM_LIBS += $(YARA_LIBS)
endif
dist_man_MANS += plugins/yara/mig-yara.7
