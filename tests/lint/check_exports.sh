#!/bin/sh
# What libsnarl.so shows to the program: the rows of its tables and the
# wrappers that are written out, and nothing else.
#
# Environment: srcdir, CC; the library is looked at where it was built.

srcdir=${srcdir:-.}
library=${SNARL_LIBRARY:-preload/libsnarl.so}
if [ ! -f "$library" ]; then
	echo "$library is not built"
	exit 77
fi
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

# The names that the sources export: functions by the attribute, with macros
# expanded, second names and what is assembly by a directive of the assembler.
find "$srcdir/preload" -name '*.[cS]' | while read -r source; do
	${CC:-cc} -std=gnu11 -I. -I"$srcdir/src" -I"$srcdir" -E -P "$source" 2>>"$work/errors"
done | tr '\n' ' ' | sed 's/__attribute__((visibility("default")))/\nEXPORTED /g; s/\.globl /\nALIAS /g' |
	sed -nE -e 's/^EXPORTED ([^({;]*[^A-Za-z0-9_(])([A-Za-z_0-9]+) ?\(.*/\2/p' \
		-e 's/^ALIAS "? ?"?([A-Za-z_0-9]+).*/\1/p' |
	sort -u >"$work/global"
if [ -s "$work/errors" ]; then
	cat "$work/errors"
	echo "0 passed, 1 failed, 0 skipped"
	exit 1
fi
# What assembly hides is global for our own parts alone.
find "$srcdir/preload" -name '*.S' -exec cat {} + | sed -n 's/^[[:space:]]*\.hidden[[:space:]]*//p' |
	tr -d ' ' | tr ',' '\n' | sort -u | comm -23 "$work/global" - >"$work/written"

nm -D --defined-only "$library" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' |
	sort -u >"$work/shown"

passed=0
failed=0
compare() {
	if [ -s "$work/difference" ]; then
		failed=$((failed + 1))
		echo "not ok $1"
		sed 's/^/    /' "$work/difference"
	else
		passed=$((passed + 1))
		echo "ok $1"
	fi
}
comm -13 "$work/written" "$work/shown" >"$work/difference"
compare "every symbol shown is a wrapper"
comm -23 "$work/written" "$work/shown" >"$work/difference"
compare "every wrapper is shown"

# G6: thread-local storage of ours comes out of every thread's stack.
tls_bytes=$(readelf -lW "$library" | awk '$1 == "TLS" { print $6 }')
: >"$work/difference"
[ $((${tls_bytes:-0})) -le 256 ] || echo "$((tls_bytes)) bytes" >"$work/difference"
compare "at most 256 bytes of thread-local storage"

readelf -dW "$library" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | grep -vE '^(libc\.so|ld-linux)' \
	>"$work/difference"
compare "needs no library but libc and libgcc_s"

# What proves clones right is the command's (`snarl plan --verify`).
functions() {
	nm --defined-only "$1" | awk '$2 == "T" || $2 == "t" { print $3 }' | sort -u
}
functions src/libverify.a | grep '^\(verify\|symbolic\)_' >"$work/verifies"
functions "$library" | comm -12 "$work/verifies" - >"$work/difference"
[ -s "$work/verifies" ] || echo "src/libverify.a has none" >"$work/difference"
compare "has no verification of clones"

echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]
