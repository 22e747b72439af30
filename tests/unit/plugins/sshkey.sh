#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# The sshkey module finds the keys that ssh-keygen makes, and gives their fingerprints as it does.
set -u
# shellcheck source=tests/unit/plugins/lib-module.sh
. "${top_srcdir:?}/tests/unit/plugins/lib-module.sh"
module_start sshkey
command -v ssh-keygen >/dev/null || skip_all "no ssh-keygen here"
command -v python3 >/dev/null || skip_all "no python3 here"
keys=$work/keys
mkdir "$keys" "$work/pub" "$work/lists" "$work/bad"
pass=hunter22

make_key() # FILE OPTION…: silently; not every ssh-keygen makes every key
{
    ssh-keygen -q -C 'me@host' -f "$@" 2>/dev/null && mv "$1.pub" "$work/pub/"
}

for type in rsa dsa ecdsa ed25519; do
    make_key "$keys/openssh_$type" -t $type -N ''
    make_key "$keys/openssh_${type}_locked" -t $type -N $pass
    [ $type = ed25519 ] && continue
    for format in PEM PKCS8; do
        make_key "$keys/${format}_$type" -t $type -m $format -N ''
        make_key "$keys/${format}_${type}_locked" -t $type -m $format -N $pass
    done
done
for bits in 384 521; do
    make_key "$keys/openssh_ecdsa$bits" -t ecdsa -b $bits -N ''
    make_key "$keys/pem_ecdsa$bits" -t ecdsa -b $bits -m PEM -N ''
done
for key in "$work"/pub/*.pub; do
    cp "$key" "$work/pub/signed.pub"
    ssh-keygen -q -s "$keys/openssh_rsa" -I id -n me "$work/pub/signed.pub" 2>/dev/null &&
        mv "$work/pub/signed-cert.pub" "$key.cert"
    rm -f "$work/pub/signed.pub"
done
# Security keys need a device to be made; to be told apart they do not.
python3 - "$work/pub" "$(cut -d' ' -f2 "$work/pub/openssh_ecdsa.pub")" <<'P'
import base64, struct, sys
s = lambda b: struct.pack(">I", len(b)) + b
def out(name, blob):
    open("%s/%s.pub" % (sys.argv[1], name.split("@")[0]), "w").write("%s %s\n" % (name, base64.b64encode(blob).decode()))
ec = base64.b64decode(sys.argv[2])
n = "sk-ssh-ed25519@openssh.com"
out(n, s(n.encode()) + s(bytes(range(32))) + s(b"ssh:"))
n = "sk-ecdsa-sha2-nistp256@openssh.com"
out(n, s(n.encode()) + ec[4 + 19:] + s(b"ssh:"))
P

# "BITS SHA256 MD5 (TYPE)" of each key of a file, by ssh-keygen; of a file of lines, one each.
theirs()
{
    paste -d' ' <(ssh-keygen -l -E sha256 -f "$1" | awk '{ print $1, $2 }') \
        <(ssh-keygen -l -E md5 -f "$1" | awk '{ sub("MD5:", "", $2); print $2, $NF }')
}
ours()
{
    ask -path "$1" | sed -nE "s/^.* md5fp=([^ ]+) sha256fp=([^ ]+) alg=([^ ]+) bits=([0-9]+)$/\4 \2 \1 (\3)/p"
}

count=0
for key in "$keys"/openssh_* "$keys"/P*_* "$keys"/pem_*; do
    case $key in */P*_locked) continue ;; esac
    # Without a file of the public key beside it, as here, ssh-keygen reads the key itself.
    is "$(ours "$key")" "$(theirs "$key")" "${key##*/}: the fingerprints of ssh-keygen"
    count=$((count + 1))
done
[ $count -ge 14 ]
ok $? "ssh-keygen made $count private keys"
for key in "$work"/pub/*; do
    is "$(ours "$key")" "$(theirs "$key")" "pub/${key##*/}: the fingerprints of ssh-keygen"
done
for key in "$keys"/P*_locked; do
    like "$(ask -path "$key")" "^$key \[private\] encrypted=true md5fp=unknown sha256fp=unknown" \
        "${key##*/}: an encrypted PEM key"
done
like "$(ask -path "$keys/openssh_rsa_locked")" ' encrypted=true md5fp=([0-9a-f]{2}:){15}' "an encrypted OpenSSH key"
like "$(ask -path "$keys/openssh_rsa")" ' encrypted=false md5fp=([0-9a-f]{2}:){15}' "an OpenSSH key that is not"
if openssl genpkey -algorithm ed25519 -out "$work/ed.pem" 2>/dev/null; then
    { printf 'ssh-ed25519 '; { printf '\0\0\0\013ssh-ed25519\0\0\0\040'; openssl pkey -in "$work/ed.pem" -pubout -outform DER |
        tail -c 32; } | base64 -w0; } >"$work/ed.pub"
    is "$(ours "$work/ed.pem")" "$(theirs "$work/ed.pub")" "Ed25519 in PKCS#8"
fi
{ echo "some words before it"; cat "$keys/PEM_rsa"; echo; cat "$keys/openssh_ed25519"; } >"$work/both.pem"
is "$(ours "$work/both.pem")" "$(theirs "$keys/PEM_rsa"; theirs "$keys/openssh_ed25519")" "two keys behind other text"
ssh-keygen -e -f "$work/pub/openssh_rsa.pub" >"$work/rfc4716.pub"
is "$(ours "$work/rfc4716.pub")" "$(theirs "$work/pub/openssh_rsa.pub")" "a public key of RFC 4716"

{
    echo '# mine'
    sed 's/^/from="10.0.0.0\/8,*.lan",command="echo \\"a b\\" ssh-rsa",no-pty /' "$work/pub/openssh_rsa.pub"
    sed 's/^/cert-authority /' "$work/pub/openssh_ed25519.pub"
    cat "$work/pub/openssh_ecdsa.pub"
} >"$work/lists/authorized_keys"
is "$(ours "$work/lists/authorized_keys")" "$(theirs "$work/lists/authorized_keys")" "authorized_keys with options"
is "$(ask -path "$work/lists" | grep -c '\[authorizedkeys\]')" 3 "each line of it"
{
    sed 's/^/host,10.0.0.1 /' "$work/pub/openssh_rsa.pub"
    sed 's/^/[host]:2222 /' "$work/pub/openssh_ecdsa.pub"
} >"$work/lists/known_hosts"
ssh-keygen -q -H -f "$work/lists/known_hosts" >/dev/null 2>&1
rm -f "$work/lists/known_hosts.old"
grep -q '^|1|' "$work/lists/known_hosts"
ok $? "ssh-keygen hashed known_hosts"
is "$(ours "$work/lists/known_hosts")" "$(theirs "$work/lists/known_hosts")" "known_hosts, hashed"
sed 's/^/@cert-authority *.lan /' "$work/pub/openssh_ed25519.pub" >"$work/lists/known_hosts"
is "$(ours "$work/lists/known_hosts")" "$(theirs "$work/pub/openssh_ed25519.pub")" "known_hosts with a marker"
is "$(ask -path "$work/lists" | grep -c '\[knownhosts\]')" 1 "its type"
like "$(ask -path "$work/pub/openssh_rsa.pub")" '\[public\] md5fp' "the type of a public key"
all=$(ask -path "$work")
like "$all" "$keys/openssh_rsa \[private\]" "all below a path"
is "$(grep -c 'me@host\|b3BlbnNzaC\|AAAA' <<<"$all")" 0 "no comment and no key is told"

printf 'ssh-rsa AAAAB3NzaC1yc2EAAAADAQAB\nnonsense\n' >"$work/bad/authorized_keys"
{ echo '-----BEGIN RSA PRIVATE KEY-----'; echo 'AAAA'; echo '-----END RSA PRIVATE KEY-----'; } >"$work/bad/key"
{ echo '-----BEGIN OPENSSH PRIVATE KEY-----'; echo 'b3BlbnNzaC1rZXktdjEA'; } >"$work/bad/open"
is "$(ask -show all -path "$work/bad" | grep -v '^[0-9]' | sort)" \
    "$(for f in authorized_keys key open; do echo "$work/bad/$f contained unparsable data"; done)" "unparsable data"
mkdir -p "$work/deep/2/3"
cp "$work/pub/openssh_rsa.pub" "$work/deep/2/3/key.pub"
is "$(ask -path "$work/deep" -maxdepth 2 | grep -c '\[public\]')" 0 "maxdepth ends the walk"
is "$(ask -path "$work/deep" -maxdepth 3 | grep -c '\[public\]')" 1 "maxdepth reaches the key"
like "$(ask -maxdepth 1001)" 'maxdepth' "maxdepth over 1000 is refused"
like "$("$top_builddir/cli/mig" sshkey help)" 'mig sshkey -t all' "the help has examples"
tap_done
