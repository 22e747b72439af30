# SPDX-License-Identifier: MPL-2.0
netstat_sources = \
	plugins/netstat/address.c \
	plugins/netstat/diag.c \
	plugins/netstat/kernel.h \
	plugins/netstat/netlink.c \
	plugins/netstat/netstat.c \
	plugins/netstat/netstat.h \
	plugins/netstat/options.c \
	plugins/netstat/print.c \
	plugins/netstat/process.c \
	plugins/netstat/process.h \
	plugins/netstat/query.c \
	plugins/netstat/result.c \
	plugins/netstat/route.c \
	plugins/netstat/space.c \
	plugins/netstat/text.c
EXTRA_DIST += $(netstat_sources)

if PLUGIN_NETSTAT_SHARED
plugins_LTLIBRARIES += plugins/netstat/netstat.la
plugins_netstat_netstat_la_SOURCES = $(netstat_sources)
plugins_netstat_netstat_la_CPPFLAGS = $(SDK_CPPFLAGS)
plugins_netstat_netstat_la_CFLAGS = $(PLUGIN_CFLAGS) $(JSON_CFLAGS) $(MNL_CFLAGS)
plugins_netstat_netstat_la_LDFLAGS = $(PLUGIN_LINK)
plugins_netstat_netstat_la_LIBADD = $(SDK_LIB) $(SDK_SEARCH_LIB) $(MNL_LIBS)
endif

if PLUGIN_NETSTAT_BUILTIN
noinst_LIBRARIES += plugins/netstat/libnetstat.a
plugins_netstat_libnetstat_a_SOURCES = $(netstat_sources)
plugins_netstat_libnetstat_a_CPPFLAGS = $(SDK_CPPFLAGS) -DMIG_PLUGIN_BUILTIN_NAME=netstat
plugins_netstat_libnetstat_a_CFLAGS = $(PLUGIN_CFLAGS) $(JSON_CFLAGS) $(MNL_CFLAGS)
BUILTIN_PLUGIN_LIBS += plugins/netstat/libnetstat.a $(SDK_LIB) $(SDK_SEARCH_LIB)
BUILTIN_SYSTEM_LIBS += $(MNL_LIBS)
endif
dist_man_MANS += plugins/netstat/mig-netstat.7
