#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# The scribe module in a real worker: documents of files and of this host's packages.
set -u
# shellcheck source=tests/unit/plugins/lib-module.sh
. "${top_srcdir:?}/tests/unit/plugins/lib-module.sh"
module_start scribe
examples=$(cd "$top_srcdir/plugins/scribe/examples" && pwd -P)

# document TEXT: a file of it, "@" being the work folder.
document()
{
    printf '%s\n' "${1//@/$work}" >"$work/document"
    echo "$work/document"
}
lines() # ARGUMENT…: what was said of tests
{
    ask -show all "$@" | grep -E '^(master|sub|result|	|\{|error)' | paste -sd'|'
}

mkdir -p "$work/etc"
printf '# x\nPermitRootLogin yes\nProtocol 2,1\n' >"$work/etc/sshd_config"
sed "s|value: /etc/ssh|value: $work/etc|" "$examples/sshd.yaml" >"$work/sshd.yaml"
out=$(lines -path "$work/sshd.yaml")
if grep -q 'without libyaml' <<<"$(ask -path "$work/sshd.yaml")"; then
    tap_count=$((tap_count + 1))
    echo "ok $tap_count - YAML # SKIP built without libyaml"
else
    is "$out" "master [true] name:\"root may log in with a password\" id:\"sshd-root-password\" hastrue:true error:\"\"|sub [true] name:\"root may log in with a password\" id:\"sshd-root-password\" identifier:\"$work/etc/sshd_config\"|master [true] name:\"the server offers protocol 1\" id:\"sshd-protocol-1\" hastrue:true error:\"\"|sub [true] name:\"the server offers protocol 1\" id:\"sshd-protocol-1\" identifier:\"$work/etc/sshd_config\"" \
        "the example in YAML"
fi
like "$(lines -path "$examples/openssl.json")" '^master \[(true|false)\] name:"vulnerable to CVE-2022-3602"' "the example in JSON"
is "$(grep -c 'yes\|2,1' <<<"$out")" 0 "no value of a file is told"

# ---- lines ----
long() # LENGTH: a file of a line of so many bytes, which ends with "end"
{
    { head -c $(($1 - 3)) /dev/zero | tr '\0' x; echo end; } >"$work/etc/long"
}
line='{"objects":[{"object":"o","hasline":{"path":"@/etc","file":"^long$","expression":"end$"}}],
    "tests":[{"test":"t","name":"n","object":"o","exactmatch":{"value":"true"}}]}'
long 65536
like "$(lines -path "$(document "$line")")" '^master \[true\].*error:""' "a line of 64 KiB"
long 65537
like "$(lines -path "$work/document")" "^master \\[false\\].*error:\"$work/etc/long has a line that is too long for the expression\"" "one that is longer is no silent miss"
rm "$work/etc/long"

raw='{"objects":[{"object":"o","raw":{"identifiers":[{"identifier":"i","value":"v"}]}}],
    "tests":[{"test":"t","name":"n","object":"o"},{"test":"f","object":"o","exactmatch":{"value":"w"}}]}'
is "$(lines -path "$(document "$raw")" -onlytrue)" 'master [true] name:"n" id:"t" hastrue:true error:""|sub [true] name:"n" id:"t" identifier:"i"' "-onlytrue"
is "$(lines -path "$work/document" -onlytrue -human)" 'result for "n" (t)|	master result: true|	[true] identifier: i' "-human"
like "$(lines -path "$work/document" -onlytrue -json)" '^\{"testid":"t","name":"n",.*"results":\[\{"result":true,"identifier":"i"\}\]\}$' "-json"

like "$(ask)" '\-path option is required$' "no document"
like "$(ask -path "$work/none")" "cannot open $work/none: No such file or directory\$" "no such document"
like "$(ask -path "$(document '{"tests": [')")" 'the document is not JSON at byte ' "half a document"
like "$(ask -path "$(document '{"tests": [{"test":"t","object":"x"}]}')")" \
    "test 't' needs an object; there is none 'x'\$" "a document that is wrong is refused before it is sent"
head -c 1048577 /dev/zero | tr '\0' ' ' >"$work/big"
like "$(ask -path "$work/big")" "$work/big.*1048576" "a document that is too long"

# Packages, as dpkg has them.
if command -v dpkg-query >/dev/null && version=$(dpkg-query -W -f '${Version}' dpkg 2>/dev/null); then
    packages='{"objects":[{"object":"p","package":{"name":"dpkg"}},
        {"object":"m","package":{"name":"dpkg","collectmatch":"^dpkg$|^libc6$","onlynewest":true}},
        {"object":"none","package":{"name":"no-such-package"}},
        {"object":"open","affected":[{"package":{"name":"dpkg","ecosystem":"Debian:12"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"}]}]}]},
        {"object":"fixed","affected":[{"package":{"name":"dpkg"},"ranges":[{"events":[{"introduced":"0"},{"fixed":"VERSION"}]}]}]},
        {"object":"last","affected":[{"package":{"name":"dpkg"},"ranges":[{"events":[{"last_affected":"VERSION"},{"introduced":"0.1"}]}]}]},
        {"object":"before","affected":[{"package":{"name":"dpkg"},"range":"<VERSION"}]},
        {"object":"listed","affected":[{"package":{"name":"dpkg"},"versions":["0","VERSION"]}]},
        {"object":"alpine","affected":[{"package":{"name":"dpkg","ecosystem":"Alpine"},"range":">=0"}]}],
      "tests":[{"test":"same","object":"p","evr":{"operation":"=","value":"VERSION"}},
        {"test":"rc","object":"p","evr":{"operation":">","value":"VERSION~rc1"}},
        {"test":"old","object":"p","evr":{"operation":"<","value":"VERSION"}},{"test":"two","object":"m"},
        {"test":"none","object":"none"},{"test":"open","object":"open"},{"test":"fixed","object":"fixed"},
        {"test":"last","object":"last"},{"test":"before","object":"before"},{"test":"listed","object":"listed"},
        {"test":"alpine","object":"alpine"}]}'
    out=$(lines -path "$(document "${packages//VERSION/$version}")")
    is "$(tr '|' '\n' <<<"$out" | sed -nE 's/^master \[(.*)\] .* id:"(.*)" hastrue.*/\2=\1/p' | paste -sd' ')" \
        "same=true rc=true old=false two=true none=false open=true fixed=false last=true before=false listed=true alpine=false" \
        "packages are compared as dpkg does"
    is "$(tr '|' '\n' <<<"$out" | sed -nE 's/^sub .* id:"two" identifier:"(.*)"/\1/p' | sort | paste -sd' ')" "dpkg libc6" \
        "the newest of each name, once"
    is "$(grep -cF "$version" <<<"$out")" 0 "no version is told"
fi
like "$("$top_builddir/cli/mig" scribe help)" 'mig scribe -t all -path sshd.yaml' "the help has examples"
tap_done
