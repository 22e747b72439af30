# SPDX-License-Identifier: MPL-2.0
agentdestroy_sources = \
	plugins/agentdestroy/agentdestroy.c \
	plugins/agentdestroy/agentdestroy.h \
	plugins/agentdestroy/identity.c
EXTRA_DIST += $(agentdestroy_sources)

if PLUGIN_AGENTDESTROY_SHARED
plugins_LTLIBRARIES += plugins/agentdestroy/agentdestroy.la
plugins_agentdestroy_agentdestroy_la_SOURCES = $(agentdestroy_sources)
plugins_agentdestroy_agentdestroy_la_CPPFLAGS = $(SDK_CPPFLAGS)
plugins_agentdestroy_agentdestroy_la_CFLAGS = $(PLUGIN_CFLAGS) $(JSON_CFLAGS)
plugins_agentdestroy_agentdestroy_la_LDFLAGS = $(PLUGIN_LINK)
plugins_agentdestroy_agentdestroy_la_LIBADD = $(SDK_LIB) $(SDK_SEARCH_LIB)
endif

if PLUGIN_AGENTDESTROY_BUILTIN
noinst_LIBRARIES += plugins/agentdestroy/libagentdestroy.a
plugins_agentdestroy_libagentdestroy_a_SOURCES = $(agentdestroy_sources)
plugins_agentdestroy_libagentdestroy_a_CPPFLAGS = $(SDK_CPPFLAGS) -DMIG_PLUGIN_BUILTIN_NAME=agentdestroy
plugins_agentdestroy_libagentdestroy_a_CFLAGS = $(PLUGIN_CFLAGS) $(JSON_CFLAGS)
BUILTIN_PLUGIN_LIBS += plugins/agentdestroy/libagentdestroy.a $(SDK_LIB) $(SDK_SEARCH_LIB)
endif
dist_man_MANS += plugins/agentdestroy/mig-agentdestroy.7
