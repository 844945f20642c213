#!/bin/sh
# Folders include and call downwards only, third-party libraries are met where they
# may be, and what runs in the guest reaches no libc function outside a short list.
#
# Environment: srcdir; objects and libraries are looked at if built.

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

# only_in HEADER PLACES: a pattern of file names that may include it.
only_in() {
	grep -rnE "^#[[:space:]]*include [<\"]([^>\"]*/)?$1" "$srcdir/src" "$srcdir/preload" \
		"$srcdir/reports" "$srcdir/tests/unit" |
		sed "s,^$srcdir/,," | grep -vE "^($2):" >"$found"
	claim "only $(echo "$2" | tr -d '\\') include $1"
}

# --- Folders --------------------------------------------------------------------

# The floor of each folder: it includes and calls what is on lower floors only.
# preload/arch/CPU/FOLDER is the part of preload/FOLDER that is written for a processor.
# src/detect/race/FOLDER is a room of src/detect/race: the race engine calls itself in a circle.
floors='
 0 src/base/arch
 1 src/base
 2 src/elf
 2 src/late
 2 src/finding
 3 src/options
 3 src/unwind
 3 src/detect/data
 3 src/x86/decode
 3 reports/model
 4 src/detect/base
 4 src/x86/survey
 4 src/x86/states
 4 reports/symbols
 5 src/detect/shadow
 5 src/detect/lock_order
 5 src/detect/deadlock
 5 src/x86/liveness
 5 src/x86/paths
 5 reports/types
 5 src/inspect/base
 6 src/detect/predicate
 6 src/x86/flow
 6 reports/blocks
 6 reports/code
 6 reports/source
 6 src/inspect/stack
 6 src/inspect/objects
 7 src/inspect/process
 7 src/inspect/core
 7 src/detect/race
 7 preload/arch/x86_64
 7 reports/words
 7 src/x86/checks
 8 src/inspect/observed
 8 src/inspect/peers
 8 src/inspect/python
 8 src/detect/life
 8 src/detect/range
 8 src/x86/emit
 8 preload/arch
 8 reports/states
 8 reports/view
 9 src/inspect/waits
 9 reports/filter
 9 reports/merge
 9 src/detect/sync
 9 src/x86
10 src/inspect
10 src/x86/verify
10 src/x86/cache
10 src/detect
10 preload/guest
10 src/replay/script
10 reports/formats/text
10 reports/order
11 reports/formats
11 preload/outside
11 preload/code
12 reports/formats/ci
12 reports/formats/json
12 preload/results
12 preload/debugger
13 reports/formats/html
13 reports/formats/trace
14 reports
13 preload/heap
15 src/command/base
14 preload/ranges
14 preload/channels
16 src/replay
15 preload/access
17 src/command/run
16 preload/signals
18 src/command
17 preload/process
17 preload/instrument
18 preload/confinement
19 preload/exec
19 preload/sync
20 preload/annotations
'

# What each wing may use beside itself.
wings='
src/base
src/late         src/base
src/elf          src/base
src/finding      src/base
src/options      src/base src/finding
src/unwind       src/base src/elf
src/detect       src/base src/finding
src/x86          src/base src/elf src/late
src/replay       src/base src/finding src/options src/detect reports src/command
src/inspect      src/base src/elf src/finding src/late reports
src/command      src/base src/elf src/finding src/options src/detect src/x86 src/replay src/inspect reports
preload          src/base src/elf src/finding src/options src/detect src/x86 src/unwind
reports          src/base src/elf src/finding src/late src/options src/x86
'

# Symbols by which a folder calls upwards: pointers that the part above fills in.
hooks='guest_hooks'

parts='s,preload/arch/[^/ ]*/\([a-z]*\)/,preload/\1/,g; s,detect/race/[a-z]*/,detect/race/,g'

# Lines 'FROM TO WHAT' for each include between two folders, and each symbol that an
# object of one needs of an object of another.
list_uses() {
	(cd "$srcdir" && find src preload reports \( -name '*.[chS]' -o -name '*.def' \) \
		-exec grep -HE '^#[[:space:]]*include "[^"]*/' {} +) | sed "$parts" |
		awk -F '[:"]' '{
			from = $1; sub(/\/[^\/]*$/, "", from)
			to = $3; sub(/\/[^\/]*$/, "", to)
			if (to !~ /^(preload|reports)/) to = "src/" to
			if (from != to) print from, to, $1 " includes " $3
		}'
	{
		sources src preload reports | grep '\.[cS]$' |
			sed "s,^$srcdir/,,; s,\.[^.]*\$,,; s,^,source ,; $parts"
		find src preload reports -name '*.o' -exec nm -A -g {} + 2>/dev/null |
			sed "s/:/ /; $parts"
	} | awk -v hooks=" $hooks " '
		$1 == "source" { is_source[$2] = 1; next }
		{
			folder = $1; sub(/\/[^\/]*$/, "", folder)
			stem = $1; sub(/.*[\/-]/, "", stem); sub(/\.o$/, "", stem)
			if (!((folder "/" stem) in is_source)) next # an old object
			if ($2 == "U") needed[$1 " " $3] = folder
			else if ($3 != "U" && $3 != "w") defined[$4] = folder
		}
		END {
			for (use in needed) {
				split(use, parts, " ")
				from = needed[use]
				to = defined[parts[2]]
				# Only the guest library has functions of libc of its own.
				if (!to || from == to || (to ~ /^preload/ && from !~ /^preload/) ||
				    index(hooks, " " parts[2] " "))
					continue
				print from, to, parts[1] " needs " parts[2]
			}
		}'
}

uses=$(mktemp) || exit 1
trap 'rm -f "$found" "$uses"' EXIT
list_uses >"$uses"

{
	sources src preload reports | sed "s,^$srcdir/,,; $parts; s,/[^/]*\$,," | sort -u >"$uses.folders"
	echo "$floors" | awk 'NF { print $2 }' | sort | comm -3 - "$uses.folders" | tr -d '\t'
	rm -f "$uses.folders"
} >"$found"
claim "each folder has a floor"

# upward WHAT: uses of a folder that is not on a lower floor.
upward() {
	{
		echo "$floors" | sed 's/^/floor /'
		cat "$uses"
	} | awk -v what=" $1 " '
		$1 == "floor" { floor[$3] = $2; next }
		index($0, what) && floor[$2] >= floor[$1] {
			use = $0; sub(/^[^ ]* [^ ]* /, "", use)
			print use " (" $1 " on floor " floor[$1] ", " $2 " on " floor[$2] ")"
		}' | sort >"$found"
}

upward includes
claim "folders include lower ones only"
if [ -f preload/libsnarl.so ] && [ -f snarl ]; then
	upward needs
	claim "folders call lower ones only"
else
	skipped=$((skipped + 1))
	echo "skip folders call lower ones only (not built)"
fi

cut -d ' ' -f 1,2 "$uses" | sort -u | tsort 2>"$found" >/dev/null
claim "no folders use each other in a circle"

{
	echo "$wings" | sed 's/^/wing /'
	cat "$uses"
} | awk '
	$1 == "wing" { wing[$2] = " " $0 " "; next }
	{
		from = $1; to = $2
		while (from && !(from in wing)) if (!sub(/\/[^\/]*$/, "", from)) break
		while (to && !(to in wing)) if (!sub(/\/[^\/]*$/, "", to)) break
		if (from != to && !index(wing[from], " " to " ")) {
			sub(/^[^ ]* [^ ]* /, "")
			print $0 " (" from " may not use " to ")"
		}
	}' | sort >"$found"
claim "wings use those alone that they may"

find "$srcdir/src" "$srcdir/preload" "$srcdir/reports" "$srcdir/man" -type f |
	sed "s,^$srcdir/,,; s,/[^/]*\$,," | sort | uniq -c |
	awk '$1 > 20 { print $2 ": " $1 " files" }' >"$found"
claim "a folder has at most 20 files"

# Names in HACKING.md of files; those without a folder may be in any.
grep -oE '`[A-Za-z0-9_/.*]+\.(c|h|S|def|sh|py|md|tsv|mk|events)`' "$srcdir/HACKING.md" |
	tr -d '`' | sort -u | while read -r name; do
	case $name in
	NAME* | */NAME*) ;;
	*/*) [ -n "$(ls "$srcdir"/$name "$srcdir/src"/$name 2>/dev/null)" ] || echo "$name" ;;
	*) [ -n "$(find "$srcdir" -name build -prune -o -name "$name" -print -quit)" ] || echo "$name" ;;
	esac
done >"$found"
claim "HACKING.md names files that are there"

# --- Others -----------------------------------------------------------------------

only_in uthash.h 'src/base/map\.c'
only_in Zydis/ 'src/x86/decode/[a-z_]*\.[ch]'
only_in libunwind.h '(src/inspect/stack/unwind\.c|tests/unit/unwind/(probe|test_unwind)\.[ch])'
only_in jansson.h '(reports/formats/(json|html)/[a-z_]*\.[ch]|reports/filter/baseline\.c|tests/unit/reports/test_(json|json_stream|formats)\.c)'
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
grep -nE '(vclock_(snapshot|join|join_living|raise|set)|snapshot_merge_clock)\(.*clocks\.full' \
	$(sources src preload) | sed "s,^$srcdir/,," | grep -v '^src/detect/base/' >>"$found"
claim "full clocks are passed on and joined by race/memory.h's leave"

# --- What the guest's code calls of libc ---------------------------------------

# The loader's lock-free search, and string functions without state; the compiler
# calls the mem... ones by itself.
pure='mem(cpy|move|set|cmp|chr)|str(len|n?cmp|r?chr|c?spn|str|nlen)'

if [ -f src/libcore.a ]; then
	nm --defined-only src/libcore.a | awk 'NF == 3 { print $3 }' | sort -u >"$found.defined"
	nm --undefined-only src/libcore.a | awk 'NF == 2 { print $2 }' | sort -u |
		comm -23 - "$found.defined" |
		grep -vE "^(_GLOBAL_OFFSET_TABLE_|__tls_get_addr|_dl_find_object|$pure)\$" >"$found"
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

# Each run starts the command; other libraries are opened when they are called (src/late).
if [ -f snarl ]; then
	readelf -dW snarl | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' |
		grep -vE '^(libc\.so|ld-linux)' >"$found"
	claim "the command needs the C library alone"
else
	skipped=$((skipped + 1))
	echo "skip the command needs the C library alone (not built)"
fi

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
