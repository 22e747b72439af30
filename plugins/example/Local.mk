# SPDX-License-Identifier: MPL-2.0
example_sources = plugins/example/example.c
EXTRA_DIST += $(example_sources)

if PLUGIN_EXAMPLE_SHARED
plugins_LTLIBRARIES += plugins/example/example.la
plugins_example_example_la_SOURCES = $(example_sources)
plugins_example_example_la_CPPFLAGS = $(SDK_CPPFLAGS)
plugins_example_example_la_CFLAGS = $(PLUGIN_CFLAGS) $(JSON_CFLAGS)
plugins_example_example_la_LDFLAGS = $(PLUGIN_LINK)
plugins_example_example_la_LIBADD = $(SDK_LIB)
endif

if PLUGIN_EXAMPLE_BUILTIN
noinst_LIBRARIES += plugins/example/libexample.a
plugins_example_libexample_a_SOURCES = $(example_sources)
plugins_example_libexample_a_CPPFLAGS = $(SDK_CPPFLAGS) -DMIG_PLUGIN_BUILTIN_NAME=example
plugins_example_libexample_a_CFLAGS = $(PLUGIN_CFLAGS) $(JSON_CFLAGS)
BUILTIN_PLUGIN_LIBS += plugins/example/libexample.a $(SDK_LIB)
endif
dist_man_MANS += plugins/example/mig-example.7
