# SPDX-License-Identifier: MPL-2.0
memory_sources = \
	plugins/memory/match.c \
	plugins/memory/match.h \
	plugins/memory/memory.c \
	plugins/memory/memory.h \
	plugins/memory/needles.c \
	plugins/memory/needles.h \
	plugins/memory/options.c \
	plugins/memory/pages.c \
	plugins/memory/pages.h \
	plugins/memory/print.c \
	plugins/memory/prints.c \
	plugins/memory/prints.h \
	plugins/memory/scan.c \
	plugins/memory/scan.h \
	plugins/memory/search.c \
	plugins/memory/search.h
EXTRA_DIST += $(memory_sources)

if PLUGIN_MEMORY_SHARED
plugins_LTLIBRARIES += plugins/memory/memory.la
plugins_memory_memory_la_SOURCES = $(memory_sources)
plugins_memory_memory_la_CPPFLAGS = $(SDK_CPPFLAGS)
plugins_memory_memory_la_CFLAGS = $(PLUGIN_CFLAGS) $(JSON_CFLAGS)
plugins_memory_memory_la_LDFLAGS = $(PLUGIN_LINK)
plugins_memory_memory_la_LIBADD = $(SDK_LIB) $(SDK_SEARCH_LIB)
endif

if PLUGIN_MEMORY_BUILTIN
noinst_LIBRARIES += plugins/memory/libmemory.a
plugins_memory_libmemory_a_SOURCES = $(memory_sources)
plugins_memory_libmemory_a_CPPFLAGS = $(SDK_CPPFLAGS) -DMIG_PLUGIN_BUILTIN_NAME=memory
plugins_memory_libmemory_a_CFLAGS = $(PLUGIN_CFLAGS) $(JSON_CFLAGS)
BUILTIN_PLUGIN_LIBS += plugins/memory/libmemory.a $(SDK_LIB) $(SDK_SEARCH_LIB)
endif
dist_man_MANS += plugins/memory/mig-memory.7
