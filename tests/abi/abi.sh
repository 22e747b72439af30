#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# The plugin ABI is kept: libabigail compares sdk/include/mig/plugin.h with what it was at each minor. A minor may
# only add: members at the end of a struct, flags, enumerators. The last minor may do nothing at all.
# That the comparison can fail is part of the test: it is made with headers that break the rule.
#
#   tests/abi/abi.sh --baseline    prints the baseline of the header as it is, for a new minor's file
# shellcheck disable=SC2016,SC2317 # header text is no expansion; functions are called by check()
set -u
: "${top_srcdir:=.}"
abi=$top_srcdir/tests/abi
header=$top_srcdir/sdk/include/mig/plugin.h
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT

surface() { # INCLUDE-FOLDER OUTPUT
    ${CC:-cc} -g -O0 -fPIC -shared -I"$1" -o "$2" "$abi/surface.c"
}
number() { # HEADER -> MAJOR.MINOR
    sed -n 's/^#define MIG_ABI_M[AI][JN]OR  *\([0-9]*\).*/\1/p' "$1" | paste -sd .
}
if [ "${1:-}" = --baseline ]; then
    surface "$top_srcdir/sdk/include" "$work/now.so" &&
        abidw --no-show-locs --no-corpus-path --no-comp-dir-path "$work/now.so" | sed "s,path='[^']*',path='surface.c',"
    exit
fi
for program in abidw abidiff; do
    command -v $program >/dev/null || { echo "1..0 # SKIP no $program: install abigail-tools"; exit 0; }
done
# The baselines are those of one machine: what is pointer and what is not is the same on all of them.
[ "$(uname -m)" = x86_64 ] || { echo "1..0 # SKIP the baselines are for x86_64"; exit 0; }

count=0 bad=0
check() { # WHAT COMMAND…
    local what=$1 out
    shift
    count=$((count + 1))
    if out=$("$@" 2>&1); then
        echo "ok $count - $what"
    else
        echo "not ok $count - $what"
        while IFS= read -r line; do echo "# $line"; done <<<"$out"
        bad=1
    fi
}

# compatible BASELINE SO: nothing but what a minor may do. Prints what else there is.
compatible() {
    abidiff --no-added-syms "$1" "$2" >"$work/report"
    # Bits 0 and 1: abidiff itself failed. Bits 2 and 3: there is something to report.
    [ $(($? & 3)) -eq 0 ] && awk -f "$abi/only-grown.awk" "$work/report"
}
# same BASELINE SO
same() { abidiff --no-added-syms "$1" "$2" || { echo 'the ABI has grown: raise MIG_ABI_MINOR, say so in CHANGES, and' \
    'keep `tests/abi/abi.sh --baseline` as the new file'; return 1; }; }

surface "$top_srcdir/sdk/include" "$work/now.so" || exit 99
now=$(number "$header")
check "there is a baseline of ABI $now" test -f "$abi/plugin-$now.abi"
for baseline in "$abi"/plugin-"${now%.*}".*.abi; do
    old=${baseline##*/plugin-}
    check "ABI $now loads what was built for ${old%.abi}" compatible "$baseline" "$work/now.so"
done
check "ABI $now is what it was when it was numbered" same "$abi/plugin-$now.abi" "$work/now.so"
check "CHANGES has a line for ABI $now" grep -Eq "^ \*   ${now//./\\.}  [0-9]{4}-[0-9]{2}-[0-9]{2}  " "$header"

# ---- the comparison itself ----

changed() { # NAME SED-SCRIPT: a header with one change, and what it makes
    local dir=$work/$1
    mkdir -p "$dir/mig" && sed "$2" "$header" >"$dir/mig/plugin.h"
    if cmp -s "$header" "$dir/mig/plugin.h"; then echo "the change did not change anything"; return 1; fi
    surface "$dir" "$dir.so"
}
refused() { # NAME SED-SCRIPT TEXT: the change is seen, and the report holds TEXT
    local out
    changed "$1" "$2" || return 1
    if out=$(compatible "$abi/plugin-$now.abi" "$work/$1.so"); then echo "it was taken: $out"; return 1; fi
    grep -qF -- "$3" <<<"$out" || { echo "no '$3' in: $out"; return 1; }
}
allowed() { # NAME SED-SCRIPT: compatible, but for a new minor only
    local out
    changed "$1" "$2" || return 1
    compatible "$abi/plugin-$now.abi" "$work/$1.so" || return 1
    out=$(same "$abi/plugin-$now.abi" "$work/$1.so") && { echo "nobody has to raise the minor"; return 1; }
    grep -q 'raise MIG_ABI_MINOR' <<<"$out"
}

allowed_quietly() { changed "$1" "$2" && compatible "$abi/plugin-$now.abi" "$work/$1.so"; }

check 'members that change places are refused' refused swapped \
    '/^    uint32_t struct_size; /{h;d}; /^    uint32_t needs; /{G}' "'uint32_t struct_size' offset changed from 64 to 96"
check 'a member in the middle is refused' refused middle \
    's/^    size_t options_count;/    uint64_t in_between;\n&/' 'in_between'
check 'a member that is gone is refused' refused gone \
    '/int64_t (\*remaining)/d' 'remaining'
check 'a narrower member is refused' refused narrower \
    's/^    uint64_t max;  *\/\* greatest number.*/    uint32_t max;/' 'max'
check 'one more argument is refused' refused argument \
    's/int (\*error)(const struct mig_host \*host, /&int code, /' "parameter 3 of type 'const char*' was added"
check 'a result of another type is refused' refused result \
    's/int64_t (\*remaining)/int32_t (*remaining)/' 'remaining'
check 'another value of a flag is refused' refused flag \
    's/^#define MIG_NEED_KILL (1u << 6)/#define MIG_NEED_KILL (1u << 16)/' "NEED_KILL' from value '64' to '65536'"
check 'another value of an enumerator is refused' refused enumerator \
    's/MIG_OPTION_HEX = 4,/MIG_OPTION_HEX = 9,/' "MIG_OPTION_HEX' from value '4' to '9'"
check 'a longer name in the note is refused' refused note \
    's/char name\[32\];/char name[64];/' 'name'
later='s/^    int (\*deliver)(.*/&\n    int (*later)(void);/; s/^  *void (\*reply)(void \*context, .*/&\n    int (*later)(void);/'
check 'a struct that grows and changes places is refused' refused grown_swapped \
    "$later; "'/^    uint32_t struct_size; /{h;d}; /^    uint32_t needs; /{G}' "struct_size"
check 'a struct that grows and has one more argument is refused' refused grown_argument \
    "$later; "'s/int (\*error)(const struct mig_host \*host, /&int code, /' 'error'
check 'a struct that grows and has another type is refused' refused grown_type \
    "$later; "'s/^    void \*context; .*/    char context[8];/' 'context'
check 'a struct that grows in its padding is refused' refused padding \
    's/^    uint64_t max;  *\/\* greatest number.*/    uint32_t max;\n    uint32_t more;\n    uint64_t most;/' 'max'
check 'a service more at the end is allowed' allowed service \
    's/^               void (\*reply)(void \*context, .*/&\n    int (*later)(const struct mig_host *host);/'
check 'services and hooks more at the end are allowed' allowed grown "$later"
check 'one more enumerator is allowed' allowed_quietly enumerator_more \
    's/MIG_FIELD_ECHO = 4 /MIG_FIELD_ECHO = 4, MIG_FIELD_LATER = 5 /'
check 'a hook more at the end is allowed' allowed hook \
    's/^    int (\*deliver)(.*/&\n    int (*later)(void);/'
echo "1..$count"
exit $bad
