# SPDX-License-Identifier: MPL-2.0
scribe_sources = \
	plugins/scribe/document.c \
	plugins/scribe/evaluate.c \
	plugins/scribe/files.c \
	plugins/scribe/objects.c \
	plugins/scribe/packages.c \
	plugins/scribe/print.c \
	plugins/scribe/scribe.c \
	plugins/scribe/scribe.h \
	plugins/scribe/text.c
EXTRA_DIST += \
	$(scribe_sources) \
	plugins/scribe/examples/openssl.json \
	plugins/scribe/examples/sshd.yaml

if PLUGIN_SCRIBE_SHARED
plugins_LTLIBRARIES += plugins/scribe/scribe.la
plugins_scribe_scribe_la_SOURCES = $(scribe_sources)
plugins_scribe_scribe_la_CPPFLAGS = $(SDK_CPPFLAGS) $(SCRIBE_CPPFLAGS)
plugins_scribe_scribe_la_CFLAGS = $(PLUGIN_CFLAGS) $(JSON_CFLAGS) $(YAML_CFLAGS)
plugins_scribe_scribe_la_LDFLAGS = $(PLUGIN_LINK)
plugins_scribe_scribe_la_LIBADD = $(SDK_PACKAGES_LIB) $(SDK_LIB) $(SDK_SEARCH_LIB) \
	$(YAML_LIBS)
endif

if PLUGIN_SCRIBE_BUILTIN
noinst_LIBRARIES += plugins/scribe/libscribe.a
plugins_scribe_libscribe_a_SOURCES = $(scribe_sources)
plugins_scribe_libscribe_a_CPPFLAGS = $(SDK_CPPFLAGS) $(SCRIBE_CPPFLAGS) \
	-DMIG_PLUGIN_BUILTIN_NAME=scribe
plugins_scribe_libscribe_a_CFLAGS = $(PLUGIN_CFLAGS) $(JSON_CFLAGS) $(YAML_CFLAGS)
BUILTIN_PLUGIN_LIBS += plugins/scribe/libscribe.a $(SDK_PACKAGES_LIB) $(SDK_LIB) \
	$(SDK_SEARCH_LIB) $(YAML_LIBS)
endif
dist_man_MANS += plugins/scribe/mig-scribe.7
