# SPDX-License-Identifier: MPL-2.0
# MIG_SERVERS: what the integration tests start; they say so and are skipped when one is missing.
AC_DEFUN([MIG_SERVERS], [
AC_PATH_PROG([GPG], [gpg], [/usr/bin/gpg])
AC_PATH_PROGS([RABBITMQ_SERVER], [rabbitmq-server], [], [$PATH:/usr/sbin:/usr/lib/rabbitmq/bin])
mig_pg_path=$PATH
for d in /usr/lib/postgresql/*/bin; do mig_pg_path="$d:$mig_pg_path"; done
AC_PATH_PROG([INITDB], [initdb], [], [$mig_pg_path])
])

AC_DEFUN([MIG_SUMMARY], [
AC_MSG_NOTICE([

  $PACKAGE_NAME $PACKAGE_VERSION
  prefix       $prefix
  strict       $enable_strict
  sanitizers   $enable_sanitizers
  hardening    $enable_hardening
  fuzzers      $enable_fuzzers
  unit tests   $have_cmocka
  looks into   $mig_unpack_summary
  rpm/SQLite   $have_sqlite
  plugins$mig_plugins_summary
])
])
