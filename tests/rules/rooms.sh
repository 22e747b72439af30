#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# A room includes only lower rooms, and plugins include only the SDK: read off the #include lines.
set -u
cd "${top_srcdir:?}" || exit 99

room_of() { # FILE -> room
    case $1 in
        sdk/tool/*) echo tool ;;
        sdk/*) echo sdk ;;
        plugins/*) echo plugins ;;
        core/*/*) d=${1#core/}; echo "${d%%/*}" ;;
        scheduler/*/*) d=${1#scheduler/}; echo "${d%%/*}" ;;
        cli/*) echo cli ;;
    esac
}
# room -> rooms it may include
declare -A may=(
    [sdk]="sdk" [plugins]="sdk" [base]="base" [document]="base document" [trust]="sdk base document trust"
    [plugin]="sdk base document trust plugin" [transport]="base document trust transport"
    [tool]="sdk base document trust plugin tool"
    [agent]="sdk base document trust plugin transport agent"
    [store]="base document trust transport store" [lanes]="base document trust transport store lanes"
    [api]="base document trust transport store api" [admin]="base document trust transport store admin"
    [cli]="sdk base document trust plugin transport cli"
)
mapfile -t files < <(find sdk core plugins scheduler cli -name '*.[ch]' | sort)
echo "1..${#files[@]}"
n=0
for f in "${files[@]}"; do
    n=$((n + 1))
    room=$(room_of "$f")
    bad=
    while IFS= read -r inc; do
        case $inc in
            config.h) continue ;;
            mig/*) target=sdk ;;
            */*) target=${inc%%/*} ;;
            *) [ -e "$(dirname "$f")/$inc" ] || [ -e "sdk/lib/$inc" ] || bad="$bad $inc"; continue ;;
        esac
        case $target in
            sys | linux | openssl | netinet | arpa | net | rabbitmq-c | json-c | cap-ng | libxml | sanitizer) continue ;;
        esac
        [[ " ${may[$room]:-} " == *" $target "* ]] || bad="$bad $inc"
    done < <(sed -n 's/^ *# *include *"\([^"]*\)".*/\1/p; s/^ *# *include *<\(mig\/[^>]*\)>.*/\1/p' "$f")
    if [ -z "$bad" ]; then
        echo "ok $n - $f"
    else
        echo "not ok $n - $f ($room) includes$bad"
    fi
done
