# SPDX-License-Identifier: MPL-2.0
examplepersist_sources = plugins/examplepersist/examplepersist.c
EXTRA_DIST += $(examplepersist_sources)

if PLUGIN_EXAMPLEPERSIST_SHARED
plugins_LTLIBRARIES += plugins/examplepersist/examplepersist.la
plugins_examplepersist_examplepersist_la_SOURCES = $(examplepersist_sources)
plugins_examplepersist_examplepersist_la_CPPFLAGS = $(SDK_CPPFLAGS)
plugins_examplepersist_examplepersist_la_CFLAGS = $(PLUGIN_CFLAGS) $(JSON_CFLAGS)
plugins_examplepersist_examplepersist_la_LDFLAGS = $(PLUGIN_LINK)
plugins_examplepersist_examplepersist_la_LIBADD = $(SDK_LIB)
endif

if PLUGIN_EXAMPLEPERSIST_BUILTIN
noinst_LIBRARIES += plugins/examplepersist/libexamplepersist.a
plugins_examplepersist_libexamplepersist_a_SOURCES = $(examplepersist_sources)
plugins_examplepersist_libexamplepersist_a_CPPFLAGS = $(SDK_CPPFLAGS) -DMIG_PLUGIN_BUILTIN_NAME=examplepersist
plugins_examplepersist_libexamplepersist_a_CFLAGS = $(PLUGIN_CFLAGS) $(JSON_CFLAGS)
BUILTIN_PLUGIN_LIBS += plugins/examplepersist/libexamplepersist.a $(SDK_LIB)
endif
dist_man_MANS += plugins/examplepersist/mig-examplepersist.7
