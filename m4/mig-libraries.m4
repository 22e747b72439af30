# SPDX-License-Identifier: MPL-2.0
# MIG_LIBRARIES: what the programs link with. Each missing one is named with its Debian package.
AC_DEFUN([MIG_NEED_LIBRARY], [
  PKG_CHECK_MODULES([$1], [$2], [],
    [AC_MSG_ERROR([$2 not found: install $3 (Debian name) or scripts/deps does it])])
])

# MIG_UNPACK_LIBRARY(NAME, PACKAGE, HEADER, LIBRARY, FUNCTION): --with-NAME=yes|no, by default when it is
# there: bzip2 has no .pc file everywhere, so none is asked for. Without it searches report files of this
# format as ones that they can not look into.
AC_DEFUN([MIG_UNPACK_LIBRARY], [
  AC_ARG_WITH([$1], [AS_HELP_STRING([--without-$1], [do not search in $1 files])],
    [], [with_$1=auto])
  mig_found=no
  AS_IF([test "$with_$1" != no],
    [AC_CHECK_HEADER([$3], [AC_CHECK_LIB([$4], [$5], [mig_found=yes])])])
  AS_IF([test "$with_$1" = yes && test "$mig_found" = no],
    [AC_MSG_ERROR([lib$4 not found: install $2 (Debian name) or configure --without-$1])])
  AS_IF([test "$mig_found" = yes],
    [AC_DEFINE([HAVE_]m4_toupper([$1]), [1], [Searches look into $1 files])
     UNPACK_LIBS="$UNPACK_LIBS -l$4"
     mig_unpack_summary="$mig_unpack_summary $1"])
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
UNPACK_LIBS=$ZLIB_LIBS
mig_unpack_summary=gzip
MIG_UNPACK_LIBRARY([bzip2], [libbz2-dev], [bzlib.h], [bz2], [BZ2_bzDecompressInit])
MIG_UNPACK_LIBRARY([xz], [liblzma-dev], [lzma.h], [lzma], [lzma_stream_decoder])
MIG_UNPACK_LIBRARY([zstd], [libzstd-dev], [zstd.h], [zstd], [ZSTD_decompressStream])
AC_SUBST([UNPACK_LIBS])
MIG_NEED_LIBRARY([SECCOMP], [libseccomp >= 2.4], [libseccomp-dev])
MIG_NEED_LIBRARY([CAPNG], [libcap-ng], [libcap-ng-dev])
# Without it, rpm's databases in SQLite are named in the answers and not read.
PKG_CHECK_MODULES([SQLITE], [sqlite3 >= 3.31],
  [have_sqlite=yes
   AC_DEFINE([HAVE_SQLITE], [1], [Define to read rpm's databases in SQLite.])],
  [have_sqlite="no (sqlite3 >= 3.31 not found: install libsqlite3-dev)"])
PKG_CHECK_MODULES([CMOCKA], [cmocka >= 1.1], [have_cmocka=yes], [have_cmocka=no])
AM_CONDITIONAL([HAVE_CMOCKA], [test "x$have_cmocka" = xyes])
AC_CHECK_HEADER([ltdl.h], [], [AC_MSG_ERROR([ltdl.h not found: install libltdl-dev])])
AC_CHECK_LIB([ltdl], [lt_dlopen], [LTDL_LIBS=-lltdl],
  [AC_MSG_ERROR([libltdl not found: install libltdl-dev])])
AC_SUBST([LTDL_LIBS])
])
