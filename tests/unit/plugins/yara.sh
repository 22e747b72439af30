#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# The yara module in its worker finds what the yara command finds with the same rules, in files and in processes;
# what it refuses, it refuses with the line.
set -u
# shellcheck source=tests/unit/plugins/lib-module.sh
. "${top_srcdir:?}/tests/unit/plugins/lib-module.sh"
module_start yara
files=$work/files
rules=$work/rules.yar
mkdir -p "$files/sub dir/deep" "$files/other"

cat >"$rules" <<'R'
import "math"
private rule helper { strings: $a = "helper" condition: $a }
rule text : first second { strings: $a = "mark of text" nocase condition: $a }
rule hex { strings: $a = { 4d 49 47 ?? 00 [1-4] ff } condition: $a at 0 }
rule regex : third { strings: $a = /user=[a-z]{3,8}[0-9]+/ condition: #a > 1 }
rule small { condition: filesize < 10 }
rule empty { condition: filesize == 0 }
rule uses { condition: helper and not text }
rule noise { condition: filesize > 1000 and math.entropy(0, filesize) > 7.5 }
R
printf 'here is the Mark Of Text, and a helper\n' >"$files/text"
printf 'user=abc1 user=defg22 helper\n' >"$files/sub dir/regex"
printf 'MIG\1\0\2\3\377' >"$files/sub dir/deep/hex"
: >"$files/empty"
head -c 5000 /dev/urandom >"$files/other/noise"
printf 'nothing' >"$files/$(printf 'bad\377name')"
yes 'mark of text' | head -c 3000000 >"$files/other/large"
{ head -c 5000000 /dev/zero; echo 'mark of text'; } >"$files/other/larger" # than what is read at once

# "path rule,rule" lines, the rules sorted; of the command, and of the module.
theirs() # FOLDER
{
    yara -r "$rules" "$1" 2>/dev/null | awk '{ rule = $1; sub(/^[^ ]* /, ""); print $0 "\t" rule }' | sort |
        awk -F'\t' '{ if ($1 != last) { if (NR > 1) print last " [" list "]"; last = $1; list = $2 } else list = list "," $2 }
            END { if (NR > 0) print last " [" list "]" }' | LC_ALL=C sort
}
ours() # ARGUMENT…
{
    ask "$@" | while IFS= read -r line; do
        case $line in
            *\]) printf '%s [%s]\n' "${line% \[*}" "$(tr ',' '\n' <<<"${line##* \[}" | tr -d ']' | sort | paste -sd,)" ;;
            [0-9]*) ;;
            *) printf '%s\n' "$line" ;;
        esac
    done | LC_ALL=C sort
}
bad=$(printf 'bad\377name')
if command -v yara >/dev/null; then
    is "$(ours -rules "$rules" -files "-path $files")" "$(theirs "$files" | sed "s|$files/$bad|\$'$files/bad\\\\xffname'|" | LC_ALL=C sort)" "what the yara command finds"
else
    ok 0 "what the yara command finds # SKIP no yara here"
fi
is "$(ours -rules "$rules" -files "-path '$files/sub dir'")" \
    "$files/sub dir/deep/hex [hex,small]
$files/sub dir/regex [regex,uses]" "quotes keep blanks"
is "$(ours -rules "$rules" -files "-path $files -name ^text$")" "$files/text [text]" "a name"
is "$(ours -rules "$rules" -files "-path \"$files\" -name=\\.none -name '^empty\$' -matchall=false")" "$files/empty [empty,small]" "any of two names"
is "$(ours -rules "$rules" -files "-path $files -name ^text$ -content Mark -matchany")" "$files/text [text]" "a file that two checks find is there once"
is "$(ours -rules "$rules" -files "-path $files -maxdepth 1 -size <2m -size >10 -name t$ -name ^te")" "$files/text [text]" "sizes and depth"
is "$(ours -rules "$rules" -files "-path $files" -threads 1)" "$(ours -rules "$rules" -files "-path $files" -threads 2)" "one thread or two"

# ---- external variables ----
cat >"$work/external.yar" <<'R'
rule place { condition: filename == "regex" and filepath contains "/sub dir/" and extension == "" }
rule whole { condition: number == -3 and number + 4 == 1 }
rule point { condition: fraction > 1.4 and fraction < 1.6 }
rule switch { condition: yes and not no }
rule word { condition: text contains "1.5.2" }
R
printf 'x' >"$files/sub dir/script.tar.gz"
printf 'rule ext { condition: extension == ".gz" and filename == "script.tar.gz" }\n' >"$work/extension.yar"
defines=(number=-3 fraction=1.5 yes=true no=false text=a=1.5.2)
ask_defined() # ARGUMENT…
{
    local arguments=() one
    for one in "${defines[@]}"; do arguments+=(-define "$one"); done
    ours -rules "$work/external.yar" "${arguments[@]}" "$@"
}
is "$(ask_defined -files "-path '$files/sub dir' -name ^regex$")" "$files/sub dir/regex [place,point,switch,whole,word]" "variables"
if command -v yara >/dev/null; then
    arguments=(-d filename=regex -d "filepath=$files/sub dir/regex" -d extension=)
    for one in "${defines[@]}"; do arguments+=(-d "$one"); done
    is "$(yara "${arguments[@]}" "$work/external.yar" "$files/sub dir/regex" | awk '{print $1}' | sort | paste -sd,)" \
        "place,point,switch,whole,word" "… as the yara command takes them"
else
    ok 0 "… as the yara command takes them # SKIP no yara here"
fi
is "$(ours -rules "$work/extension.yar" -files "-path $files")" "$files/sub dir/script.tar.gz [ext]" "the name and the extension of a file"
rm "$files/sub dir/script.tar.gz"

# ---- many files: more than the file module returns unless it is told ----
mkdir "$work/many"
for i in $(seq 1100); do echo "mark of text $i" >"$work/many/$i"; done
is "$(ask -rules "$rules" -files "-path $work/many" | grep -c '\[text\]$')" 1100 "no limit of matches"
is "$(ask -rules "$rules" -files "-path $work/many -matchlimit 7" | grep -c '\[text\]$')" 7 "unless one is asked for"

# ---- processes ----
printf 'rule memory { strings: $a = "mig-%s-%s" condition: $a }\n' "process" "$$" >"$work/process.yar"
if [ "$(id -u)" = 0 ] && command -v perl >/dev/null; then
    perl -e '$| = 1; my $x = join("-", "mig", @ARGV); print "$x\n"; sleep' process $$ >"$work/ready" &
    holder=$!
    trap 'kill "$holder"; rm -rf "$work"' EXIT
    within 20 grep -q mig-process "$work/ready"
    executable=$(readlink "/proc/$holder/exe")
    is "$(ask -rules "$work/process.yar" -pid $holder | head -1)" "$executable pid=$holder [memory]" "a process by its id"
    is "$(ask -rules "$work/process.yar" -name '/perl[0-9.]*$' | grep -c "^$executable pid=$holder \[memory\]$")" 1 "and by its name"
    is "$(ask -rules "$work/process.yar" -name /mig$ -name '/lt-mig$' | grep -c memory)" 0 "what asks is not found"
    kill "$holder"
    wait "$holder" 2>/dev/null
    trap 'rm -rf "$work"' EXIT
    like "$(ask -show all -rules "$work/process.yar" -pid $holder)" "^process $holder: not scanned: it has ended" "a process that is gone"
else
    ok 0 "processes # SKIP reading other processes' memory needs root, and perl"
fi

# ---- refusals ----
refused() # RULES PATTERN NAME
{
    printf '%s' "$1" >"$work/bad.yar"
    like "$(ask -rules "$work/bad.yar" -files "-path $files")" "$2" "$3"
}
refused $'rule a { condition: true }\n\nrule b { condition: nonsense }' "yara rules: line 3(, rule b)?: undefined identifier \"nonsense\"" "a mistake has its line"
refused $'rule a {\n condition: tru\n}\nrule a { condition: }' "yara rules: line 2.* \(the first of [0-9]+ mistakes\)" "the first of several"
refused "include \"$rules\"" "yara rules: line 1: .*include" "including a file"
refused 'import "nonsense" rule a { condition: true }' "yara rules: line 1.*unknown module \"nonsense\"" "a module that is none"
refused 'rule a { condition: owner contains "x" }' "yara rules: line 1.*undefined identifier" "an external variable that nobody defines"
refused "" "no yara rules" "no rules"
like "$(ask -rules "$work/none.yar" -files "-path $files")" "cannot open $work/none.yar: No such file or directory" "no such file of rules"
head -c 1048577 /dev/zero | tr '\0' ' ' >"$work/long.yar"
like "$(ask -rules "$work/long.yar" -files "-path $files")" "$work/long.yar is larger than the 1048576 bytes" "a file of rules that is too long"
for define in x =1 1x=1 'a b=1'; do
    like "$(ask -rules "$rules" -define "$define" -files "-path $files")" "defines: '$define' is not NAME=VALUE" "-define $define"
done
like "$(ask -rules "$rules" -define a=1 -define a=2 -files "-path $files")" "defines: 'a' is defined already" "a variable twice"
like "$(ask -rules "$rules" -define a=-9223372036854775809 -files "-path $files")" "defines: 'a' is beyond 64 bits" "a number that is none"
like "$(ask -rules "$rules" -define filename=x -files "-path $files")" "defines: 'filename' is defined already" "a variable of files"
like "$(ask -rules "$rules")" "nothing to scan: expected filesearch, pids or names" "nothing to scan"
like "$(ask -files "-path /")" "rules" "no file of rules"
like "$(ask -rules "$rules" -files "-path /usr -nam x")" "filesearch: the file module has no argument -nam" "a file argument that is none"
like "$(ask -rules "$rules" -files "/usr")" "filesearch: '/usr' is not an argument of the file module" "a word that is no argument"
like "$(ask -rules "$rules" -files "-path '/usr")" "filesearch: a quote ' is not closed" "an open quote"
like "$(ask -rules "$rules" -files "-path")" "filesearch: -path wants a value" "an argument without a value"
like "$(ask -rules "$rules" -files "-path / -maxdepth x")" "filesearch: -maxdepth wants a number, not 'x'" "a number that is none"
like "$(ask -rules "$rules" -files "-path / -matchall=maybe")" "filesearch: -matchall is true or false, not 'maybe'" "a boolean that is none"
like "$(ask -rules "$rules" -files "-path / -matchany=true")" "filesearch: -matchany takes no value" "a value too many"
like "$(ask -rules "$rules" -files "-path / -name (")" "filesearch: .*'files'.*\(" "a name that is no expression"
like "$(ask -rules "$rules" -files "-name x")" "filesearch: .*path" "no path"
like "$(ask -rules "$rules" -name '(')" "\(" "a process name that is no expression"
like "$(ask -rules "$rules" -pid 0)" "pids must be numbers from 1" "no process"
like "$(ask -rules "$rules" -pid 1 -timeout 3601)" "timeout|3600" "too long a time"

# A string that matches everywhere, and a rule that would take for ever.
printf 'rule loop { condition: for all i in (1..1000000000) : ( for all j in (1..1000000000) : ( uint8(i %% 100) + j > 0 ) ) }\n' >"$work/slow.yar"
like "$(ask -show all -rules "$work/slow.yar" -files "-path $files/text" -timeout 1)" "^$files/text: not scanned to its end: out of time" "a rule that takes for ever"
like "$("$top_builddir/cli/mig" yara help)" "mig yara -t all -rules" "the help has examples"
tap_done
