#!/bin/bash
# SPDX-License-Identifier: MPL-2.0
# The digest of real shared objects: what compilers and linkers write, and what packagers do to it.
# shellcheck disable=SC2317 # the functions are called by check()
set -u
: "${top_srcdir:=.}" "${top_builddir:=.}"
mkwhitelist=$top_builddir/core/trust/mkwhitelist
dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT
count=0 bad=0

check() { # WHAT, then a command
  local what=$1
  shift
  count=$((count + 1))
  if "$@"; then echo "ok $count - $what"; else echo "not ok $count - $what"; bad=1; fi
}
skip() {
  count=$((count + 1))
  echo "ok $count - $1 # SKIP $2"
}
digest() { "$mkwhitelist" --digest "$1" | cut -c1-64; }
same() { [ "$(digest "$1")" = "$(digest "$2")" ] && [ -n "$(digest "$1")" ]; }
says() { # TEXT, then a command that must fail
  local text=$1 out
  shift
  out=$("$@" 2>&1 >/dev/null) && return 1
  case $out in *"$text"*) ;; *) echo "# $out"; return 1 ;; esac
}

cat >"$dir/tiny.c" <<'C'
#include <mig/plugin.h>
MIG_PLUGIN_NOTE("tiny", "1.2.3");
static int run(const struct mig_host *h, const char *p, size_t n)
{
    static int calls[100];
    (void)p;
    return (h != NULL && n > 0) ? 0 : ++calls[n];
}
const struct mig_plugin mig_plugin_symbol = {MIG_PLUGIN_HEAD, 0, "tiny", "1.2.3", "s", MIG_NO_TABLE,
    MIG_NO_TABLE, NULL, NULL, run, NULL, NULL, NULL};
C

# The ABI that the header of this tree says.
abi=$(awk '/^#define MIG_ABI_(MAJOR|MINOR) / {v = v sep $3; sep = "."} END {print v}' \
  "$top_srcdir/sdk/include/mig/plugin.h")

build() { # OUTPUT, then compiler and flags
  local out=$1
  shift
  "$@" -g -O2 -shared -fPIC -fvisibility=hidden -Wl,-z,relro -Wl,-z,now -I"$top_srcdir/sdk/include" \
    "$dir/tiny.c" -o "$out" 2>/dev/null
}

strip_variants() { # NAME, FILE
  local tool
  for tool in 'strip --strip-unneeded' 'strip -g' 'strip -s' 'strip -R .comment' \
    llvm-strip eu-strip; do
    command -v "${tool%% *}" >/dev/null || continue
    cp "$2" "$dir/stripped.so"
    $tool "$dir/stripped.so"
    check "$1: $tool changes the file" not cmp -s "$2" "$dir/stripped.so"
    check "$1: $tool keeps the digest" same "$2" "$dir/stripped.so"
  done
  objcopy --only-keep-debug "$2" "$dir/tiny.debug"
  cp "$2" "$dir/stripped.so"
  strip -g "$dir/stripped.so"
  objcopy --add-gnu-debuglink="$dir/tiny.debug" "$dir/stripped.so"
  check "$1: a debug link keeps the digest" same "$2" "$dir/stripped.so"
}
not() { ! "$@"; }

while read -r name command; do
  mkdir -p "$dir/$name"
  # shellcheck disable=SC2086
  if ! build "$dir/$name/tiny.so" $command; then
    skip "$name" "does not link here"
    continue
  fi
  line=$("$mkwhitelist" --allow "$dir/$name/tiny.so")
  check "$name: the note is found" [ "${line% *}" = "tiny 1.2.3 $abi" ]
  check "$name: two digests of one file agree" [ "${line##* }" = "$(digest "$dir/$name/tiny.so")" ]
  strip_variants "$name" "$dir/$name/tiny.so"
done <<'LIST'
gcc gcc
gcc-gold gcc -fuse-ld=gold
gcc-packed gcc -Wl,-z,noseparate-code
clang clang
clang-lld clang -fuse-ld=lld
LIST

# One byte of code: the function's text is found by its symbol.
so=$dir/gcc/tiny.so
if [ -f "$so" ]; then
  cp "$so" "$dir/changed.so"
  offset=$(objdump -h -j .text "$so" | awk '$2 == ".text" {print $6}')
  byte=$(od -An -tu1 -j $((16#$offset)) -N1 "$so")
  # shellcheck disable=SC2059 # the format is the byte
  printf "\\x$(printf %02x $(((byte + 1) % 256)))" |
    dd of="$dir/changed.so" bs=1 seek=$((16#$offset)) conv=notrunc status=none
  check 'one changed byte of code changes the digest' not same "$so" "$dir/changed.so"
  cp "$so" "$dir/other.so"
  check 'a plugin under another name is refused' \
    says "other.so: its note names it tiny: call the file tiny.so" "$mkwhitelist" "$dir/other.so"
  check 'source is made of it' grep -q "{\"tiny\", \"1.2.3\", ${abi/./, }," <("$mkwhitelist" "$so")
  echo 'int x;' >"$dir/x.c"
  gcc -shared -fPIC -o "$dir/x.so" "$dir/x.c"
  check 'an object without a note is refused' says '0 plugin notes, expected 1' "$mkwhitelist" "$dir/x.so"
else
  skip 'refusals' 'no gcc'
fi
check 'a file that is not there is named' says "$dir/none.so" "$mkwhitelist" "$dir/none.so"
echo text >"$dir/text.so"
check 'a file that is no ELF is refused' says 'too short for an ELF file' "$mkwhitelist" --digest "$dir/text.so"
check 'no plugins give an empty table' grep -q 'mig_whitelist = {NULL, 0};' <("$mkwhitelist")
check 'an unknown option is refused' says 'usage: mkwhitelist' "$mkwhitelist" --nonsense

# Every plugin of this build is in the generated table with the digest of the file that is installed.
for la in "$top_builddir"/plugins/*/*.la; do
  [ -f "$la" ] || continue
  name=$(basename "$la" .la)
  so=${la%/*}/.libs/$name.so
  [ -f "$so" ] || continue
  "$mkwhitelist" "$so" | sed -n '/{0x/,/}/p' | tr -d ' \n' >"$dir/one"
  check "$name is in the whitelist" grep -qF "$(cat "$dir/one")" \
    <(tr -d ' \n' <"$top_builddir/core/whitelist.c")
done
echo "1..$count"
exit $bad
