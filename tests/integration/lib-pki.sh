#!/usr/bin/env bash
# shellcheck shell=bash
# SPDX-License-Identifier: MPL-2.0
# Certificates for tests of TLS: sourced. pki_make DIR makes there, each as NAME.pem and NAME.key:
#
#   ca, stranger             two authorities
#   server                   for localhost, of ca
#   wrong-name               for elsewhere.example.net, of ca
#   expired                  for localhost, of ca, of a day that is over
#   unknown                  for localhost, of stranger
#   client, client-expired, client-unknown

# pki_authority DIR NAME
pki_authority()
{
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=$2" \
        -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,digitalSignature \
        -keyout "$1/$2.key" -out "$1/$2.pem" 2>/dev/null
}

# pki_leaf DIR AUTHORITY NAME DNS-NAME [ca-OPTION…]
pki_leaf()
{
    local dir=$1 authority=$2 name=$3
    printf '[ca]\ndefault_ca=d\n[d]\ndatabase=%s\nserial=%s\nnew_certs_dir=%s\ndefault_md=sha256\npolicy=p\n
unique_subject=no\nx509_extensions=x\n[p]\ncommonName=supplied\n[x]\nsubjectAltName=DNS:%s\n' \
        "$dir/index" "$dir/serial" "$dir" "$4" >"$dir/conf"
    [ -f "$dir/serial" ] || echo 01 >"$dir/serial"
    : >>"$dir/index"
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$4" -keyout "$dir/$name.key" \
        -out "$dir/$name.csr" 2>/dev/null &&
        openssl ca -batch -notext -config "$dir/conf" -cert "$dir/$authority.pem" -keyfile "$dir/$authority.key" \
            -days 2 "${@:5}" -in "$dir/$name.csr" -out "$dir/$name.pem" 2>/dev/null
}

pki_make()
{
    local past=(-startdate 20200101000000Z -enddate 20200102000000Z)
    mkdir -p "$1" && chmod 755 "$1" && pki_authority "$1" ca && pki_authority "$1" stranger &&
        pki_leaf "$1" ca server localhost && pki_leaf "$1" ca wrong-name elsewhere.example.net &&
        pki_leaf "$1" ca expired localhost "${past[@]}" && pki_leaf "$1" stranger unknown localhost &&
        pki_leaf "$1" ca client agent && pki_leaf "$1" ca client-expired agent "${past[@]}" &&
        pki_leaf "$1" stranger client-unknown agent && chmod 644 "$1"/*
}
