# SPDX-License-Identifier: MPL-2.0
file_sources = \
	plugins/file/file.c \
	plugins/file/file.h \
	plugins/file/options.c \
	plugins/file/print.c \
	plugins/file/result.c
EXTRA_DIST += $(file_sources)

if PLUGIN_FILE_SHARED
plugins_LTLIBRARIES += plugins/file/file.la
plugins_file_file_la_SOURCES = $(file_sources)
plugins_file_file_la_CPPFLAGS = $(SDK_CPPFLAGS)
plugins_file_file_la_CFLAGS = $(PLUGIN_CFLAGS) $(JSON_CFLAGS)
plugins_file_file_la_LDFLAGS = $(PLUGIN_LINK)
plugins_file_file_la_LIBADD = $(SDK_LIB) $(SDK_SEARCH_LIB)
endif

if PLUGIN_FILE_BUILTIN
noinst_LIBRARIES += plugins/file/libfile.a
plugins_file_libfile_a_SOURCES = $(file_sources)
plugins_file_libfile_a_CPPFLAGS = $(SDK_CPPFLAGS) -DMIG_PLUGIN_BUILTIN_NAME=file
plugins_file_libfile_a_CFLAGS = $(PLUGIN_CFLAGS) $(JSON_CFLAGS)
BUILTIN_PLUGIN_LIBS += plugins/file/libfile.a $(SDK_LIB) $(SDK_SEARCH_LIB)
endif
dist_man_MANS += plugins/file/mig-file.7
