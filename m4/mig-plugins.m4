# SPDX-License-Identifier: MPL-2.0
# MIG_PLUGIN(NAME, SUMMARY, DEFAULT[, DEPENDS]): one line a plugin.
#   gives --with-plugin-NAME=shared|builtin|no, which goes before --with-plugins, the automake conditionals PLUGIN_NAME_SHARED and
#   PLUGIN_NAME_BUILTIN, and a line of the summary. DEPENDS is shell code that sets
#   mig_reason="why not" when the plugin can not be built.
AC_DEFUN([MIG_PLUGIN], [
  AC_ARG_WITH([plugin-$1],
    [AS_HELP_STRING([--with-plugin-$1=shared|builtin|no], [$2 @<:@$3@:>@])],
    [with_plugin_$1=$withval], [with_plugin_$1=${with_plugins:-$3}])
  AS_CASE([$with_plugin_$1], [yes], [with_plugin_$1=shared],
    [shared|builtin|no], [],
    [AC_MSG_ERROR([--with-plugin-$1 takes shared, builtin or no, not '$with_plugin_$1'])])
  mig_reason=
  AS_IF([test "$with_plugin_$1" = no], [mig_reason="--with-plugin-$1=no"], [m4_default([$4], [:])])
  AS_IF([test -n "$mig_reason"],
    [with_plugin_$1=no
     mig_plugins_summary="$mig_plugins_summary
    $1: no ($mig_reason)"],
    [mig_plugins_summary="$mig_plugins_summary
    $1: $with_plugin_$1"])
  AM_CONDITIONAL([PLUGIN_]m4_toupper([$1])[_SHARED], [test "$with_plugin_$1" = shared])
  AM_CONDITIONAL([PLUGIN_]m4_toupper([$1])[_BUILTIN], [test "$with_plugin_$1" = builtin])
  AS_IF([test "$with_plugin_$1" = builtin], [MIG_BUILTIN_PLUGINS="$MIG_BUILTIN_PLUGINS $1"])
])

AC_DEFUN([MIG_PLUGINS], [
AC_ARG_WITH([plugins],
  [AS_HELP_STRING([--with-plugins=shared|builtin|no],
    [all plugins whose --with-plugin-NAME is not given @<:@shared@:>@])])
AS_CASE([$with_plugins], [yes], [with_plugins=shared], [shared|builtin|no|""], [],
  [AC_MSG_ERROR([--with-plugins takes shared, builtin or no, not '$with_plugins'])])
MIG_BUILTIN_PLUGINS=
mig_plugins_summary=
MIG_PLUGIN([agentdestroy], [kill another agent of a host and remove its executable], [shared])
MIG_PLUGIN([audit], [tell of what the kernel audits], [shared])
MIG_PLUGIN([dispatch], [send alerts of persistent modules to a collector and syslog], [shared], [
  PKG_CHECK_EXISTS([libcurl >= 7.85], [], [mig_reason="libcurl is older than 7.85"])])
MIG_PLUGIN([example], [host name, addresses and look-ups; the plugin to copy], [shared])
MIG_PLUGIN([examplepersist], [the persistent plugin to copy], [shared])
MIG_PLUGIN([file], [find files by name, metadata, content and hash], [shared])
MIG_PLUGIN([fswatch], [tell of changes to files], [shared])
MIG_PLUGIN([memory], [find processes by name, mapped files and contents of their memory], [shared])
MIG_PLUGIN([netstat], [find interfaces, neighbors, connections and listeners], [shared], [
  PKG_CHECK_MODULES([MNL], [libmnl], [], [mig_reason="libmnl not found: install libmnl-dev"])])
MIG_PLUGIN([ping], [tell whether hosts reach a host by ICMP, TCP or UDP], [shared])
MIG_PLUGIN([pkg], [find installed packages by name and version], [shared])
# Without libyaml it takes documents in JSON only.
MIG_PLUGIN([scribe], [evaluate documents of tests on files and packages], [shared], [
  PKG_CHECK_MODULES([YAML], [yaml-0.1], [SCRIBE_CPPFLAGS=-DSCRIBE_YAML], [SCRIBE_CPPFLAGS=])])
AC_SUBST([SCRIBE_CPPFLAGS])
MIG_PLUGIN([sshkey], [find SSH keys and tell their fingerprints], [shared])
MIG_PLUGIN([timedrift], [tell the time of hosts, and how far off it is], [shared])
MIG_PLUGIN([yara], [find files and processes that YARA rules match], [shared], [
  PKG_CHECK_MODULES([YARA], [yara >= 4.2], [], [mig_reason="yara >= 4.2 not found: install libyara-dev"])])
AC_SUBST([MIG_BUILTIN_PLUGINS])
AM_CONDITIONAL([HAVE_NETSTAT_AND_PING],
  [test "$with_plugin_netstat" != no && test "$with_plugin_ping" != no])
AM_CONDITIONAL([ANY_PLUGIN_BUILTIN], [test -n "$MIG_BUILTIN_PLUGINS"])
])
