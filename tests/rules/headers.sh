#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# Every header compiles alone.
set -u
cd "${top_srcdir:?}" || exit 99
read -ra cflags <<<"$(pkg-config --cflags json-c gpgme libpq libcurl libmicrohttpd libcrypto)"
mapfile -t headers < <(find sdk core scheduler cli -name '*.h' | sort)
echo "1..${#headers[@]}"
n=0
for h in "${headers[@]}"; do
    n=$((n + 1))
    if out=$(${CC:-cc} -std=gnu17 -D_GNU_SOURCE -Wall -Wextra -Werror -fsyntax-only -Isdk/include -Isdk/lib \
        -Icore -Ischeduler -I. "${cflags[@]}" -include "$h" -x c /dev/null 2>&1); then
        echo "ok $n - $h"
    else
        echo "not ok $n - $h"
        while IFS= read -r line; do echo "# $line"; done <<<"$out"
    fi
done
