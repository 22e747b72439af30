# mig-plugin.m4: plugins of MIG with autoconf, automake and libtool.
# SPDX-License-Identifier: MPL-2.0
#
# MIG_PLUGIN_SDK([MINIMUM-ABI])
#
#   Looks for the SDK (pkg-config module mig-plugin-sdk, of ABI MINIMUM-ABI, "1.0", or a later minor of the same
#   major) and for mig-plugin(1), and stops with what to install when there is none. Sets, for Makefile.am:
#
#     MIG_PLUGIN_CFLAGS    compiles a plugin
#     MIG_PLUGIN_LDFLAGS   links it by libtool: a module that exports its descriptor alone
#     MIG_PLUGIN_LIBS      the SDK and json-c
#     migplugindir         where an agent loads plugins from
#     MIG_PLUGIN_TOOL      mig-plugin
#
#   With them a plugin NAME is:
#
#     configure.ac                          Makefile.am
#       AC_INIT([NAME], [1.0])                migplugin_LTLIBRARIES = NAME.la
#       AM_INIT_AUTOMAKE([foreign])           NAME_la_SOURCES = NAME.c
#       AC_PROG_CC                            NAME_la_CFLAGS = $(MIG_PLUGIN_CFLAGS)
#       AM_PROG_AR                            NAME_la_LDFLAGS = $(MIG_PLUGIN_LDFLAGS)
#       LT_INIT([disable-static])             NAME_la_LIBADD = $(MIG_PLUGIN_LIBS)
#       MIG_PLUGIN_SDK([1.0])                 check-local: NAME.la
#       AC_CONFIG_FILES([Makefile])           	$(MIG_PLUGIN_TOOL) check .libs/NAME.so
#       AC_OUTPUT
#
# serial 1
AC_DEFUN([MIG_PLUGIN_SDK], [
  AC_REQUIRE([PKG_PROG_PKG_CONFIG])
  PKG_CHECK_MODULES([MIG_SDK], [mig-plugin-sdk], [],
    [AC_MSG_ERROR([the SDK of MIG was not found: install its development package, or set PKG_CONFIG_PATH])])
  mig_abi=$($PKG_CONFIG --variable=abi mig-plugin-sdk)
  AC_MSG_CHECKING([whether the plugin ABI $mig_abi will do])
  mig_wanted=m4_default([$1], [1.0])
  AS_IF([test "${mig_abi%%.*}" = "${mig_wanted%%.*}" && test "${mig_abi#*.}" -ge "${mig_wanted#*.}"],
    [AC_MSG_RESULT([yes])],
    [AC_MSG_RESULT([no])
     AC_MSG_ERROR([ABI $mig_wanted is needed, the SDK found has $mig_abi])])
  MIG_PLUGIN_CFLAGS="$($PKG_CONFIG --variable=plugin_cflags mig-plugin-sdk) $MIG_SDK_CFLAGS"
  MIG_PLUGIN_LDFLAGS="-module -avoid-version -shared -export-symbols-regex ^mig_plugin\$\$ -Wl,-z,defs -Wl,-z,relro -Wl,-z,now"
  MIG_PLUGIN_LIBS=$MIG_SDK_LIBS
  migplugindir=$($PKG_CONFIG --variable=plugindir mig-plugin-sdk)
  AC_ARG_WITH([migplugindir], [AS_HELP_STRING([--with-migplugindir=DIR], [where plugins are installed])],
    [migplugindir=$withval])
  AC_PATH_PROG([MIG_PLUGIN_TOOL], [mig-plugin], [mig-plugin])
  AC_SUBST([MIG_PLUGIN_CFLAGS])
  AC_SUBST([MIG_PLUGIN_LDFLAGS])
  AC_SUBST([MIG_PLUGIN_LIBS])
  AC_SUBST([migplugindir])
])
