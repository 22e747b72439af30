# SPDX-License-Identifier: MPL-2.0
pkg_sources = \
	plugins/pkg/parameters.c \
	plugins/pkg/pkg.c \
	plugins/pkg/pkg.h \
	plugins/pkg/print.c
EXTRA_DIST += $(pkg_sources)

if PLUGIN_PKG_SHARED
plugins_LTLIBRARIES += plugins/pkg/pkg.la
plugins_pkg_pkg_la_SOURCES = $(pkg_sources)
plugins_pkg_pkg_la_CPPFLAGS = $(SDK_CPPFLAGS)
plugins_pkg_pkg_la_CFLAGS = $(PLUGIN_CFLAGS) $(JSON_CFLAGS)
plugins_pkg_pkg_la_LDFLAGS = $(PLUGIN_LINK)
plugins_pkg_pkg_la_LIBADD = $(SDK_PACKAGES_LIB) $(SDK_LIB) $(SDK_SEARCH_LIB)
endif

if PLUGIN_PKG_BUILTIN
noinst_LIBRARIES += plugins/pkg/libpkg.a
plugins_pkg_libpkg_a_SOURCES = $(pkg_sources)
plugins_pkg_libpkg_a_CPPFLAGS = $(SDK_CPPFLAGS) -DMIG_PLUGIN_BUILTIN_NAME=pkg
plugins_pkg_libpkg_a_CFLAGS = $(PLUGIN_CFLAGS) $(JSON_CFLAGS)
BUILTIN_PLUGIN_LIBS += plugins/pkg/libpkg.a $(SDK_PACKAGES_LIB) $(SDK_LIB) $(SDK_SEARCH_LIB)
BUILTIN_SYSTEM_LIBS += $(sdk_libmig_packages_la_LIBADD)
endif
dist_man_MANS += plugins/pkg/mig-pkg.7
