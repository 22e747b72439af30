#!/bin/bash
# SPDX-License-Identifier: MPL-2.0
# The plugin ABI's header compiles alone, in every language a plugin may be written in; a plugin as built
# exports one symbol, its note is in its load image, and it has no path of its own to libraries.
cd "${top_builddir:-.}" || exit 1
include=${top_srcdir:-.}/sdk/include
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
count=0

result() { # STATUS NAME
	count=$((count + 1))
	if [ "$1" -eq 0 ]; then echo "ok $count - $2"; else echo "not ok $count - $2"; fi
}

skip() { # NAME REASON
	count=$((count + 1))
	echo "ok $count - $1 # SKIP $2"
}

compiles() { # COMPILER LANGUAGE STANDARD
	local name="plugin.h alone: $1 -std=$3"
	if ! command -v "$1" >/dev/null; then
		skip "$name" "no $1"
		return
	fi
	if ! "$1" -x "$2" -std="$3" -fsyntax-only /dev/null 2>/dev/null; then
		skip "$name" "$1 has no $3"
		return
	fi
	echo '#include <mig/plugin.h>' >"$scratch/alone"
	"$1" -x "$2" -std="$3" -pedantic -Wall -Wextra -Werror -Wno-unused-const-variable -I"$include" \
		-fsyntax-only "$scratch/alone" >&2
	result $? "$name"
}

exports_one() { # PLUGIN
	local file=plugins/$1/.libs/$1.so
	if [ ! -f "$file" ]; then
		skip "$1.so exports mig_plugin alone" "not built as a shared object"
		skip "$1.so has no path to libraries" "not built as a shared object"
		skip "$1.so carries its note" "not built as a shared object"
		return
	fi
	[ "$(nm -D --defined-only "$file" | awk '{print $3}' | grep -v '^_\(_asan\|_ubsan\|_sanitizer\)')" = mig_plugin ]
	result $? "$1.so exports mig_plugin alone"
	! readelf -dW "$file" | grep -qE 'RPATH|RUNPATH'
	result $? "$1.so has no path to libraries"
	readelf -nW "$file" 2>/dev/null | grep -q '^ *MIG '
	result $? "$1.so carries its note"
}

echo 1..16
for compiler in gcc clang; do
	compiles $compiler c c99
	compiles $compiler c c11
	compiles $compiler c c17
	compiles $compiler c c2x
done
compiles g++ c++ c++17
compiles clang++ c++ c++17
exports_one example
exports_one file
