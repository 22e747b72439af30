# SPDX-License-Identifier: MPL-2.0
# MIG_LIBRARIES: what the programs link with. Each missing one is named with its Debian package.
AC_DEFUN([MIG_NEED_LIBRARY], [
  PKG_CHECK_MODULES([$1], [$2], [],
    [AC_MSG_ERROR([$2 not found: install $3 (Debian name) or scripts/deps does it])])
])

AC_DEFUN([MIG_LIBRARIES], [
MIG_NEED_LIBRARY([JSON], [json-c >= 0.15], [libjson-c-dev])
MIG_NEED_LIBRARY([GPGME], [gpgme >= 1.14], [libgpgme-dev])
MIG_NEED_LIBRARY([AMQP], [librabbitmq >= 0.11], [librabbitmq-dev])
MIG_NEED_LIBRARY([PQ], [libpq >= 13], [libpq-dev])
MIG_NEED_LIBRARY([CURL], [libcurl >= 7.74], [libcurl4-openssl-dev])
MIG_NEED_LIBRARY([MICROHTTPD], [libmicrohttpd >= 0.9.70], [libmicrohttpd-dev])
MIG_NEED_LIBRARY([CRYPTO], [libcrypto >= 1.1.1], [libssl-dev])
MIG_NEED_LIBRARY([XXHASH], [libxxhash >= 0.8], [libxxhash-dev])
MIG_NEED_LIBRARY([ZLIB], [zlib], [zlib1g-dev])
MIG_NEED_LIBRARY([SECCOMP], [libseccomp >= 2.4], [libseccomp-dev])
MIG_NEED_LIBRARY([CAPNG], [libcap-ng], [libcap-ng-dev])
PKG_CHECK_MODULES([CMOCKA], [cmocka >= 1.1], [have_cmocka=yes], [have_cmocka=no])
AM_CONDITIONAL([HAVE_CMOCKA], [test "x$have_cmocka" = xyes])
AC_CHECK_HEADER([ltdl.h], [], [AC_MSG_ERROR([ltdl.h not found: install libltdl-dev])])
AC_CHECK_LIB([ltdl], [lt_dlopen], [LTDL_LIBS=-lltdl],
  [AC_MSG_ERROR([libltdl not found: install libltdl-dev])])
AC_SUBST([LTDL_LIBS])
])
