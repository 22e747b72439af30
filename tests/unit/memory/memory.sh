#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# The memory module in a real worker, on a process that holds known bytes at known places.
set -u
: "${top_builddir:?}"
export MIG_PLUGIN_DIR=$top_builddir/plugins/memory/.libs
victim=$top_builddir/tests/unit/memory/memory-victim
work=$(mktemp -d) || exit 99
trap 'exec 7>&-; rm -rf "$work"' EXIT
if [ "$(id -u)" != 0 ] || ! { [ -e "$MIG_PLUGIN_DIR/memory.so" ] || [[ " ${MIG_BUILTIN_PLUGINS:-} " == *" memory "* ]]; }; then
    echo "1..0 # SKIP reading other processes' memory needs root, and the plugin"
    exit 0
fi
mkfifo "$work/in" "$work/out"
"$victim" 4 <"$work/in" >"$work/out" &
pid=$!
exec 7>"$work/in"
read -r address <"$work/out"

n=0
tap() { # TITLE WANTED GOT
    n=$((n + 1))
    if [ "$2" = "$3" ]; then
        echo "ok $n - $1"
    else
        echo "not ok $n - $1"
        echo "# wanted: $2"
        echo "# got:    $3"
    fi
}
bytes() { # WHICH: as the victim makes them
    local i
    for ((i = 0; i < 16; i++)); do
        if [ "$i" = 3 ]; then printf 00; else printf %02x $((0xc0 + (($1 * 7 + i * 5) & 0x3f))); fi
    done
}
mem() { # bounded to the victim
    "$top_builddir/cli/mig" memory -t local -show all -name "$name" "$@" 2>&1
}
# By its whole path: another build's tests may run.
name="^$(readlink "/proc/$pid/exe" | sed 's/[][\\.*^$+?(){}|]/\\&/g')\$"
hit="$(readlink "/proc/$pid/exe") [pid:$pid] in search 's1'"
miss="0 match found in search 's1'"

echo 1..22
i=0
for where in "at the start of a mapping" "across the edge of a window" "at the end of a mapping" \
    "across two pages in a hole of 64 GiB" "where the process itself may not read"; do
    i=$((i + 1))
    tap "bytes $where" "$hit" "$(mem -bytes "$(bytes $i)" | head -1)"
done
tap "what is not there is not found" "$miss" "$(mem -bytes "$(bytes 9)" | head -1)"
tap "all must match" "$miss" "$(mem -bytes "$(bytes 1)" -bytes "$(bytes 9)" | head -1)"
tap "many at once" "$hit" "$(mem -bytes "$(bytes 1)" -bytes "$(bytes 2)" -bytes "$(bytes 3)" -bytes 00 -bytes c7cc | head -1)"
tap "bytes that are in memory" "$hit" "$(mem -resident -bytes "$(bytes 4)" | head -1)"
tap "a regular expression" "$hit" "$(mem -content 'memory-vi[c]tim' | head -1)"
tap "a mapped file" "$hit" "$(mem -lib '/libc[.-].*so' | head -1)"
tap "no such mapped file" "$miss" "$(mem -lib '^/no/such' | head -1)"
tap "any may match" "$hit on checks byte='$(bytes 2)'" \
    "$("$top_builddir/cli/mig" memory -t local -matchany -name '^/no/such$' -bytes "$(bytes 2)" | grep "pid:$pid\\]")"
tap "offset behind it" "$miss" "$(mem -offset $((address + 1)) -maxlength 65536 -bytes "$(bytes 1)" | head -1)"
tap "offset before it" "$hit" "$(mem -offset "$address" -maxlength 16 -bytes "$(bytes 1)" | head -1)"
tap "maxlength too short" "$miss" "$(mem -offset "$address" -maxlength 15 -bytes "$(bytes 1)" | head -1)"
if command -v strace >/dev/null; then
    tap "where process_vm_readv() is refused" "$hit" "$(strace -f -qq -o "$work/strace" -e trace=process_vm_readv \
        -e inject=process_vm_readv:error=EPERM "$top_builddir/cli/mig" memory -t local -show all \
        -name "$name" -bytes "$(bytes 2)" 2>&1 | head -1)"
else
    n=$((n + 1))
    echo "ok $n - where process_vm_readv() is refused # SKIP no strace here"
fi
tap "without the right to read it, that is said" "1" \
    "$(cd / && setpriv --reuid 65534 --regid 65534 --clear-groups "$top_builddir/cli/mig" memory -t local -show all \
        -logfailures -name "$name" -bytes "$(bytes 2)" 2>&1 | grep -c "process $pid: .*Permission denied\|process $pid: .*not permitted\|not be read")"
# By its number: another test may be running a mig of its own.
found=$(bash -c 'echo "asked by pid:$$"; exec "$0" memory -t local -matchany -name "/mig$"' "$top_builddir/cli/mig")
self=$(sed -n 's/^asked by //p' <<<"$found")
tap "mig and its worker are not searched" "" "$(grep -F "[$self]" <<<"$found" || true)"
tap "an odd number of digits is refused" \
    "error: search 's1': bytes 'abc' must be 1 to 32768 bytes in hexadecimal digits, two a byte, without 0x" \
    "$("$top_builddir/cli/mig" memory -t local -bytes abc 2>&1)"
tap "a search without checks is refused" \
    "error: search 's1' must have at least one of names, libraries, bytes, contents" \
    "$("$top_builddir/cli/mig" memory -t local -resident 2>&1)"
tap "statistics" "1" "$(mem -bytes "$(bytes 1)" | grep -cE '^Statistics: [0-9]+ processes checked, 1 matched, 0 failures, ran in [^ ]+s\.$')"
exec 7>&-
wait "$pid"
