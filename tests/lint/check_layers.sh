#!/bin/sh
# Includes point down only, third-party libraries are met where they may be,
# and what runs in the guest reaches no libc function outside a short list.
#
# Environment: srcdir; libcore.a and libsnarl's parts are looked at if built.

srcdir=${srcdir:-.}
passed=0
failed=0
skipped=0
found=$(mktemp) || exit 1
trap 'rm -f "$found"' EXIT

# claim NAME: holds if nothing was written to $found.
claim() {
	if [ -s "$found" ]; then
		failed=$((failed + 1))
		echo "not ok $1"
		sed 's/^/    /' "$found" | head -n 20
	else
		passed=$((passed + 1))
		echo "ok $1"
	fi
}

# sources FOLDER...: our sources there.
sources() {
	for folder; do find "$srcdir/$folder" -name '*.[chS]' -o -name '*.def'; done
}

# may_include FOLDER LAYER...: quoted includes of FOLDER name these layers alone.
may_include() {
	folder=$1
	shift
	allowed=$(echo "$@" | tr ' ' '|')
	# shellcheck disable=SC2046
	grep -nE '^#[[:space:]]*include "' $(sources "$folder") /dev/null |
		grep -vE "include \"(($allowed)/|[^/\"]*\")" |
		sed "s,^$srcdir/,," >"$found"
	claim "$folder includes only $*"
}

# only_in HEADER PLACES: a pattern of file names that may include it.
only_in() {
	grep -rnE "^#[[:space:]]*include [<\"]([^>\"]*/)?$1" "$srcdir/src" "$srcdir/preload" \
		"$srcdir/reports" "$srcdir/tests/unit" |
		sed "s,^$srcdir/,," | grep -vE "^($2):" >"$found"
	claim "only $(echo "$2" | tr -d '\\') include $1"
}

may_include src/base base
may_include src/elf base elf
may_include src/finding base finding
may_include src/options base options
may_include src/x86 base elf x86
may_include src/detect base finding detect
may_include src/unwind base detect finding preload unwind
may_include src/replay/script base finding replay
may_include preload base elf finding options unwind x86 detect preload
may_include reports base elf finding options x86 reports
may_include src/replay base finding options detect replay reports command
may_include src/command base elf finding options replay x86 detect reports command

only_in uthash.h 'src/base/map\.c'
only_in Zydis/ 'src/x86/decode/[a-z_]*\.[ch]'
only_in libunwind.h 'tests/unit/unwind/(probe|test_unwind)\.[ch]'
only_in jansson.h '(reports/formats/json[a-z_]*\.[ch]|tests/unit/reports/test_json\.c)'
# dwarf.h is constants alone, so anybody may know it.
only_in '(elfutils/|libelf|gelf)' 'reports/[a-z_/]*\.[ch]'

# Atomics have the order in their name.
grep -nE '__atomic_|__sync_|stdatomic' $(sources src preload) |
	sed "s,^$srcdir/,," | grep -v '^src/base/atomic\.h:' >"$found"
claim "atomics only through base/atomic.h"

# Memory comes before clocks: see race/memory.h.  Outside the race engine, who has a
# clock_releaser or clock_joiner got it from there, and nobody goes around them.
grep -nE '\((const )?struct clock_(releaser|joiner)\)|clock_(releaser|joiner) [a-z_]+ = \{' \
	$(sources src preload) | sed "s,^$srcdir/,," | grep -v '^src/detect/race/' >"$found"
grep -nE '(vclock_(snapshot|join|join_living|raise|set)|snapshot_merge_clock)\(.*thread->clock\b' \
	$(sources src preload) | sed "s,^$srcdir/,," | grep -v '^src/detect/base/' >>"$found"
claim "full clocks are passed on and joined by race/memory.h's leave"

# --- What the guest's code calls of libc ---------------------------------------

# String functions without state; the compiler calls the mem... ones by itself.
pure='mem(cpy|move|set|cmp|chr)|str(len|n?cmp|r?chr|c?spn|str|nlen)'

if [ -f src/libcore.a ]; then
	nm --defined-only src/libcore.a | awk 'NF == 3 { print $3 }' | sort -u >"$found.defined"
	nm --undefined-only src/libcore.a | awk 'NF == 2 { print $2 }' | sort -u |
		comm -23 - "$found.defined" |
		grep -vE "^(_GLOBAL_OFFSET_TABLE_|__tls_get_addr|$pure)\$" >"$found"
	rm -f "$found.defined"
	claim "libcore.a calls pure string functions alone"
else
	skipped=$((skipped + 1))
	echo "skip libcore.a calls pure string functions alone (not built)"
fi

# The guest library sees libc at more places; these it must never call.
never='(m|c)alloc|realloc|free|posix_memalign|aligned_alloc|str(n)?dup|v?f?s?n?printf|puts|fputs|f(open|close|write|read)|exit|abort|atexit|__assert_fail|setlocale|qsort|_Unwind_(RaiseException|Backtrace|ForcedUnwind)|(set|put)env'

if [ -f preload/libsnarl.so ]; then
	nm -D --undefined-only preload/libsnarl.so | awk 'NF == 2 { print $2 }' |
		sed 's/@.*//' | grep -xE "$never" >"$found"
	claim "libsnarl.so calls no malloc, stdio, exit"
else
	skipped=$((skipped + 1))
	echo "skip libsnarl.so calls no malloc, stdio, exit (not built)"
fi

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
