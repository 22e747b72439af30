#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# The SDK as an author elsewhere has it: installed into a folder, a new plugin made by mig-plugin, built with make and
# with autoconf, tested, checked, run, and loaded by the agent of a site that allows its digest, and by no other.
set -u
: "${top_srcdir:?run by make check}" "${top_builddir:?}"
# shellcheck source=tests/integration/lib-tap.sh
. "$top_srcdir/tests/integration/lib-tap.sh"
grep -q '^#define MIG_SANITIZERS' "$top_builddir/config.h" &&
    skip_all "the libraries are built with sanitizers: a plugin elsewhere is not"
pkg-config --define-prefix --exists cmocka json-c || skip_all "needs pkgconf, cmocka and json-c"
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
umask 022
unset MAKEFLAGS MFLAGS MAKELEVEL

make -s -C "$top_builddir" install DESTDIR="$work/dest" >"$work/log" 2>&1
ok $? "make install" || { tap_diag "$(tail -n 20 "$work/log")"; exit 1; }
pc=$(find "$work/dest" -name mig-plugin-sdk.pc)
lib=${pc%/pkgconfig/*}
bin=$(dirname "$(find "$work/dest" -name mig-plugin -type f -perm -u+x)")
share=$(dirname "$(dirname "$(find "$work/dest" -name plugin.map)")")
export PATH=$bin:$PATH PKG_CONFIG_PATH=$lib/pkgconfig PKG_CONFIG="pkg-config --define-prefix"
cd "$work" || exit 99

# ---- new ----
new() { mig-plugin new --template "$share/mig/template" "$@" 2>&1; }
is "$(new disks | head -n 5 | sort | tr '\n' ' ')" \
    "disks/.gitignore disks/Makefile disks/disks.c disks/mig-disks.7 disks/test_disks.c " "new writes its files"
is "$(new disks)" "mig-plugin: folder disks: File exists" "new leaves a folder alone that is there"
is "$(new Disks)" "mig-plugin: 'Disks' is no name for a plugin: a lower-case letter and up to 30 lower-case letters, \
digits or '_'" "new refuses what can not be a plugin's name"
is "$(mig-plugin new --template "$work/none" x 2>&1)" \
    "mig-plugin: $work/none (give the template's folder with --template): No such file or directory" "new names a template that is not there"
is "$(grep -rc '@' disks/*.c disks/mig-disks.7 | cut -d: -f2 | sort -u)" 0 "nothing is left to fill in"

# ---- build, test, run ----
out=$(make -s -C disks check CFLAGS='-O2 -g -Wall -Wextra -Werror' 2>&1)
ok $? "make check in the new folder" || tap_diag "$out"
like "$out" '^disks 1\.0\.0, ABI 1\.[0-9]+: ' "check tells name, version and ABI"
like "$out" '^needs  *network, ' "check tells the needs"
like "$out" '^options  *gethostname, getaddresses, lookuphost$' "check tells the options"
like "$out" '^ok: an agent that has its digest loads it$' "check says that it would be loaded"
is "$(mig-plugin run disks/disks.so -gethostname 2>&1 | head -n 1)" "hostname is $(hostname)" "run prints what it found"
like "$(mig-plugin run --json disks/disks.so -lookuphost 127.0.0.1)" \
    '^\{"foundanything":true,"success":true,"elements":\{"lookeduphost":\{"127\.0\.0\.1":\["127\.0\.0\.1"\]\}\},' "run --json prints the result"
is "$(mig-plugin run disks/disks.so -gethostnam 2>&1)" \
    "mig-plugin: disks has no option -gethostnam; did you mean -gethostname?" "run refuses an argument as mig does"
like "$(mig-plugin run disks/disks.so help)" '^Usage: mig disks \[options\]$' "run help prints the module's help"
is "$(mig-plugin run --memory 0 disks/disks.so 2>&1)" \
    "mig-plugin: --memory takes a number from 1 to $((0x7fffffffffffffff))" "run refuses a limit that is none"
is "$(mig-plugin run --fast disks/disks.so 2>&1)" "mig-plugin: run has no option --fast" "run refuses an option that it does not have"
like "$(make -s -C disks digest)" '^disks 1\.0\.0 1\.[0-9]+ [0-9a-f]{64}$' "digest prints the line of plugins.allow"
line=$(make -s -C disks digest)
strip disks/disks.so -o "$work/stripped.so" && mkdir -p stripped && mv stripped.so stripped/disks.so
is "$(mig-plugin digest stripped/disks.so)" "$line" "stripping does not change the digest"

# ---- what check finds ----
check() { mig-plugin check "$@" 2>&1; }
mkdir bad && cp disks/disks.so bad/disks.so && chmod 666 bad/disks.so
like "$(check bad/disks.so)" '^refused: plugin disks refused: .* has mode 0666: others than its owner may write it \(chmod go-w\)$' \
    "check finds a file that others may write"
chmod 644 bad/disks.so && cp bad/disks.so bad/other.so
like "$(check bad/other.so)" "^refused: plugin other refused: the note in .* names it 'disks', 'other' is expected$" "check finds a wrong name"
is "$(check bad/disks.txt)" "mig-plugin: bad/disks.txt: a plugin's file is called NAME.so, the name a lower-case letter \
and up to 30 lower-case letters, digits or '_'" "check wants a plugin's file"
cat >bad.c <<'C'
#include <mig/plugin.h>
MIG_EXPORT int one_more(void);
int one_more(void) { return 0; }
static int run(const struct mig_host *h, const char *p, size_t n) { (void)h; (void)p; (void)n; return 0; }
const struct mig_plugin mig_plugin_symbol = {MIG_PLUGIN_HEAD, 0, "bad", "1", "s", MIG_NO_TABLE, MIG_NO_TABLE, NULL, NULL, run};
C
# shellcheck disable=SC2046 # words
cc -shared -fPIC -o bad/bad.so bad.c $($PKG_CONFIG --cflags mig-plugin-sdk) && chmod 644 bad/bad.so
out=$(check bad/bad.so)
is $? 1 "check ends with 1"
is "$(grep -c '^refused: ' <<<"$out")" 2 "check tells all that is wrong" || tap_diag "$out"
like "$out" '^refused: .*0 plugin notes, expected 1' "check finds that there is no note"
like "$out" "^refused: it exports 'one_more' beside 'mig_plugin'" "check finds what else is exported"
head -c 3000 disks/disks.so >bad/disks.so
like "$(check bad/disks.so)" '^refused: .*it is cut short, copy it again$' "check finds a file that is cut short"
rm bad/disks.so && mkfifo bad/disks.so
like "$(check bad/disks.so)" '^refused: .* is not a regular file$' "check does not wait for a fifo"
mig-plugin >/dev/null 2>&1
is $? 2 "no command is wrong usage"

# ---- autoconf ----
if command -v autoreconf >/dev/null && command -v libtoolize >/dev/null; then
    mkdir auto && cp disks/disks.c auto/
    cat >auto/configure.ac <<'C'
AC_INIT([disks], [1.0.0])
AC_CONFIG_AUX_DIR([build-aux])
AM_INIT_AUTOMAKE([foreign])
AC_PROG_CC
AM_PROG_AR
LT_INIT([disable-static])
MIG_PLUGIN_SDK([1.0])
AC_CONFIG_FILES([Makefile])
AC_OUTPUT
C
    cat >auto/Makefile.am <<'C'
migplugin_LTLIBRARIES = disks.la
disks_la_SOURCES = disks.c
disks_la_CFLAGS = $(MIG_PLUGIN_CFLAGS)
disks_la_LDFLAGS = $(MIG_PLUGIN_LDFLAGS)
disks_la_LIBADD = $(MIG_PLUGIN_LIBS)
check-local: disks.la
	$(MIG_PLUGIN_TOOL) check .libs/disks.so
C
    out=$(cd auto && autoreconf -i -I "$share/aclocal" 2>&1 && ./configure --with-migplugindir="$work/auto/dest" 2>&1 && make -s check install 2>&1)
    ok $? "MIG_PLUGIN_SDK builds, checks and installs with autoconf" || tap_diag "$(tail -n 20 <<<"$out")"
    like "$out" '^ok: an agent that has its digest loads it$' "and an agent would load it"
    ok "$([ -f auto/dest/disks.so ]; echo $?)" "it is where agents look"
    sed -i 's/MIG_PLUGIN_SDK(\[1.0\])/MIG_PLUGIN_SDK([1.999])/' auto/configure.ac
    like "$(cd auto && autoreconf -i -I "$share/aclocal" 2>&1 && ./configure 2>&1)" \
        'ABI 1\.999 is needed, the SDK found has 1\.[0-9]+$' "an SDK that is too old is refused"
fi

# ---- an agent that allows it ----
agent() { # OUTPUT: of the site
    mig-mkagent --site site --libdir "$lib/mig" --plugindir "$work/plugins" -o "$1" >"$work/log" 2>&1 || { tap_diag "$(cat "$work/log")"; return 1; }
}
asked() { echo '{"class":"parameters","parameters":{"gethostname":true}}' | "$1" -m disks; }
if command -v gpg >/dev/null; then
    export GNUPGHOME=$work/gnupg
    mkdir -m 700 gnupg && mkdir -p site/keys
    gpg --batch --quiet --passphrase '' --quick-generate-key 'Alice <alice@example.net>' ed25519 sign never >/dev/null 2>&1
    fingerprint=$(gpg --batch --with-colons --list-keys 2>/dev/null | awk -F: '$1 == "fpr" {print $10; exit}')
    gpg --batch --armor --export >site/keys/alice.asc 2>/dev/null
    gpgconf --kill all >/dev/null 2>&1
    echo "{\"default\": {\"minimumweight\": 1, \"investigators\": {\"alice\": {\"fingerprint\": \"$fingerprint\", \"weight\": 1}}}}" >site/acl.json
    printf '[agent]\nrelay = "amqp://u:p@127.0.0.1:1/mig"\nrundir = "%s/run"\n' "$work" >site/agent.conf
    make -s -C disks install plugindir="$work/plugins"
    agent agent-without
    ok $? "mig-mkagent links an agent from what is installed"
    like "$(asked ./agent-without)" "plugin disks refused: digest ${line##* } of $work/plugins/disks.so is not in this \
program's whitelist, which has no plugin of this name" "an agent whose site does not allow it refuses it"
    mig-plugin digest disks/disks.so >site/plugins.allow && agent agent-with
    like "$(asked ./agent-with)" "\"success\":true,\"elements\":\{\"hostname\":\"$(hostname)\"\}" "an agent whose site allows it runs it"
fi
tap_done
