# SPDX-License-Identifier: MPL-2.0
# MIG_TOOLCHAIN: warnings, hardening, --enable-strict, --enable-sanitizers,
# --enable-fuzzers. Fills MIG_CFLAGS and MIG_LDFLAGS (all code), MIG_PROGRAM_LDFLAGS (programs).
AC_DEFUN([MIG_TOOLCHAIN], [
AC_ARG_ENABLE([strict],
  [AS_HELP_STRING([--enable-strict], [make warnings errors (CI)])], [], [enable_strict=no])
AC_ARG_ENABLE([sanitizers],
  [AS_HELP_STRING([--enable-sanitizers], [build with ASan and UBSan])], [], [enable_sanitizers=no])
AC_ARG_ENABLE([hardening],
  [AS_HELP_STRING([--disable-hardening], [leave the hardening flags out])], [], [enable_hardening=yes])
AC_ARG_ENABLE([fuzzers],
  [AS_HELP_STRING([--enable-fuzzers], [link the fuzz targets with libFuzzer (needs clang)])], [],
  [enable_fuzzers=no])

MIG_CFLAGS= MIG_LDFLAGS= MIG_PROGRAM_LDFLAGS=
MIG_ADD_CFLAGS([-std=gnu17 -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes])
MIG_ADD_CFLAGS([-Wpointer-arith -Wvla -Wformat=2 -Wno-format-nonliteral])
AS_IF([test "x$enable_strict" = xyes], [MIG_ADD_CFLAGS([-Werror])])
AS_IF([test "x$enable_sanitizers" = xyes], [
  MIG_CFLAGS="$MIG_CFLAGS -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer"
  MIG_LDFLAGS="$MIG_LDFLAGS -fsanitize=address,undefined"
  AC_DEFINE([MIG_SANITIZERS], [1], [built with ASan and UBSan])
  enable_hardening=no
])
AS_IF([test "x$enable_fuzzers" = xyes], [
  MIG_CFLAGS="$MIG_CFLAGS -fsanitize=fuzzer-no-link"
])
AM_CONDITIONAL([ENABLE_FUZZERS], [test "x$enable_fuzzers" = xyes])
AM_CONDITIONAL([ENABLE_SANITIZERS], [test "x$enable_sanitizers" = xyes])
AS_IF([test "x$enable_hardening" = xyes], [
  MIG_ADD_CFLAGS([-fstack-protector-strong])
  MIG_ADD_CFLAGS([-fstack-clash-protection])
  MIG_ADD_CFLAGS([-fcf-protection])
  MIG_CFLAGS="$MIG_CFLAGS -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2"
  MIG_ADD_CFLAGS([-fPIE])
  MIG_PROGRAM_LDFLAGS="-pie"
])
MIG_LDFLAGS="$MIG_LDFLAGS -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack"
AC_SUBST([MIG_CFLAGS])
AC_SUBST([MIG_LDFLAGS])
AC_SUBST([MIG_PROGRAM_LDFLAGS])
])

# MIG_ADD_CFLAGS(FLAGS): adds them to MIG_CFLAGS when the compiler takes them.
AC_DEFUN([MIG_ADD_CFLAGS], [
  mig_saved_CFLAGS=$CFLAGS
  CFLAGS="$CFLAGS -Werror $1"
  AC_MSG_CHECKING([whether $CC takes $1])
  AC_COMPILE_IFELSE([AC_LANG_PROGRAM()],
    [AC_MSG_RESULT([yes]); MIG_CFLAGS="$MIG_CFLAGS $1"], [AC_MSG_RESULT([no])])
  CFLAGS=$mig_saved_CFLAGS
])
