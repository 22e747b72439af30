#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# The file module as an investigator calls it: every option in every form, the examples of its help, what
# is printed, and what a search had found when its worker was killed.
set -u
: "${top_srcdir:?}" "${top_builddir:?}"
# shellcheck source=tests/integration/lib-tap.sh
. "$top_srcdir/tests/integration/lib-tap.sh"
export MIG_PLUGIN_DIR=$top_builddir/plugins/file/.libs
mig=$top_builddir/cli/mig
need_plugin file
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
export HOME=$work

parameters() { # ARGUMENT…: the search that is sent
    "$mig" file -p -t all "$@" 2>&1 | jq -cS '.operations[0].parameters.searches.s1' 2>&1
}

# ---- options ----
zeros() { printf "%0$1d" 0; }
strings="name=names:^a$ content=contents:!b mode=modes:^u size=sizes:<10m mtime=mtimes:>90d
    md5=md5:$(zeros 32) sha1=sha1:$(zeros 40) sha2=sha2:$(zeros 64) sha2=sha2:$(zeros 96) sha2=sha2:$(zeros 128)
    sha3=sha3:$(zeros 56) sha3=sha3:$(zeros 64) sha3=sha3:$(zeros 96) sha3=sha3:$(zeros 128)
    ctime=ctimes:<1h atime=atimes:>5m uid=uids:0 gid=gids:>5 perm=perms:-4000 inode=inodes:7
    xattr=xattrs:^user cap=capabilities:net_raw path=paths:/b"
# All options at once, in each of the four forms: repeated values are a list in their order.
want='{}'
for s in $strings; do
    m=${s#*=}
    want=$(jq -cS --arg m "${m%%:*}" --arg v "${m#*:}" '.[$m] += [$v]' <<<"$want")
done
numbers="maxdepth=0 maxerrors=7 matchlimit=0 mismatch=name mismatch=sha3 maxsize=10m threads=2"
options='{"decompress":true,"macroal":true,"matchall":true,"matchlimit":0,"maxdepth":0,"maxerrors":7,"maxsize":"10m"'
options+=',"mismatch":["name","sha3"],"returnsha256":true,"threads":2}'
want=$(jq -cS --argjson o "$options" '.options = $o' <<<"$want")
for form in "- " "-=" "-- " "--="; do
    dash=${form%?}
    words=("${dash}macroal" "${dash}returnsha256=true" "${dash}decompress" "${dash}matchall")
    for s in $strings; do
        m=${s#*=}
        numbered="${s%%=*}=${m#*:}"
        if [ "${form: -1}" = = ]; then
            words+=("$dash$numbered")
        else
            words+=("$dash${numbered%%=*}" "${numbered#*=}")
        fi
    done
    for s in $numbers; do
        if [ "${form: -1}" = = ]; then words+=("$dash$s"); else words+=("$dash${s%%=*}" "${s#*=}"); fi
    done
    is "$(parameters "${words[@]}")" "$want" "every option in the form '${dash}option${form: -1}value'"
done
is "$(parameters -path /x)" \
    '{"options":{"macroal":false,"matchall":true,"matchlimit":1000,"maxdepth":1000,"maxerrors":30,"mismatch":null},"paths":["/x"]}' \
    "what is not given has the original's presets"
is "$(parameters -path /x -matchany -returnsha256=false --macroal=false | jq -cS '.options|[.matchall,.returnsha256,.macroal]')" \
    '[false,false,false]' "-matchany, and booleans that are false"

refused() { # MESSAGE NAME ARGUMENT…
    local message=$1 name=$2
    shift 2
    out=$("$mig" file -t local "$@" 2>&1)
    is "$?" 1 "$name: exit status"
    case $out in *"$message"*) ok 0 "$name" ;; *)
        ok 1 "$name"
        tap_diag "expected: $message" "found: $out"
        ;;
    esac
}
refused "path" "no path" -name a
refused "sha2 'abcd' has 4 digits, must have 64, 96 or 128" "a hash of no length" -path /x -sha2 abcd
refused "missing closing parenthesis at byte 2" "a pattern that is none" -path /x -name '(a'

# ---- what is printed ----
mkdir -p "$work/tree/etc"
printf 'root:x\n' >"$work/tree/etc/file"
chmod 640 "$work/tree/etc/file"
touch -d '2016-01-08 09:12:13.5 UTC' "$work/tree/etc/file"
sha=$(sha256sum "$work/tree/etc/file" | cut -d' ' -f1)
line="$work/tree/etc/file [lastmodified:2016-01-08 09:12:13.5 +0000 UTC, mode:-rw-r-----, size:7"
is "$("$mig" file -t local -path "$work/tree" -name file -returnsha256 2>&1)" \
    "$line, sha256:$sha] in search 's1'" "a file with its digest"
md5=$(md5sum "$work/tree/etc/file" | cut -d' ' -f1)
is "$("$mig" file -t local -path "$work/tree" -matchany -returnsha256 -name '^fi' -size 7 -mode rw -mtime '>1d' \
    -content root -md5 "$md5" -sha2 "$sha" 2>&1 | sort)" \
    "$(for c in "content='root'" "md5='$md5'" "mode='rw'" "mtime='>1d'" "name='^fi'" "sha2='$sha'" "size='7'"; do
        echo "$line, sha256:$sha] in search 's1' on checks $c"
    done)" "any check, each with its digest"
out=$("$mig" file -t local -show all -path "$work/tree" -name '^none$' 2>&1)
like "$out" "^0 match found in search 's1'" "nothing"
like "$out" "Statistics: 1 files checked, 0 failed to open, 0 matched, ran in [0-9.]+(ns|µs|ms|s)\\.$" "the statistics"

# ---- help ----
help=$("$mig" file help 2>&1)
examples=$(grep -E '^ *mig file ' <<<"$help")
is "$(wc -l <<<"$examples")" 2 "the help has examples"
while read -r example; do
    # The same words, on this machine and in a small place.
    run=$(sed -e "s|mig file|'$mig' file|" -e 's|-t all|-t local|' -e 's|-path /usr/bin|-path /bin/sh -path /usr/bin|' <<<"$example")
    eval "$run" >"$work/out" 2>"$work/err"
    is "$?:$(cat "$work/err")" "0:" "runs: $example"
done <<<"$examples"
for option in path content name size mode mtime md5 sha1 sha2 sha3 maxdepth maxerrors matchall matchany macroal \
    mismatch matchlimit returnsha256 decompress ctime atime uid gid perm inode xattr cap maxsize threads; do
    grep -qE -- "-$option\\b" <<<"$help" && sed 's/\\-/-/g' "$top_srcdir/plugins/file/mig-file.7" | grep -qE -- "-$option\\b"
    ok $? "-$option is in the help and in the manual page"
done

# ---- a worker that is killed ----
mkdir -p "$work/part/deeper"
echo x >"$work/part/first"
if truncate -s 1T "$work/part/deeper/sparse" 2>/dev/null; then
    "$mig" file -t local -path "$work/part" -content '^x$' -threads 1 >"$work/out" 2>"$work/err" &
    pid=$!
    worker=
    reads_sparse() { # the worker that has come to the file without an end
        local w
        for w in $(pgrep -P "$pid"); do
            [ -n "$(find "/proc/$w/fd" -lname '*/sparse' 2>/dev/null)" ] && worker=$w && return 0
        done
        return 1
    }
    within 60 reads_sparse
    [ -n "$worker" ] && kill -KILL "$worker"
    wait "$pid"
    is "$?" 1 "a killed worker is a failure"
    like "$(cat "$work/out")" "^$work/part/first \\[lastmodified:" "what was found before is printed"
    like "$(cat "$work/err")" "kill|signal|KILL" "and why it ended"
fi
tap_done
