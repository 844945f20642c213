#!/bin/sh
# The rules of style that a tool can judge.  Sizes are notes: they are the
# point to think again, not a fault.
#
# usage: check_style.sh [--sizes]
#
#   --sizes   name every long file and function too

srcdir=${srcdir:-.}
passed=0
failed=0
skipped=0
found=$(mktemp) || exit 1
trap 'rm -f "$found"' EXIT

claim() {
	if [ -s "$found" ]; then
		failed=$((failed + 1))
		echo "not ok $1"
		sed "s,^$srcdir/,,; s/^/    /" "$found" | head -n 20
	else
		passed=$((passed + 1))
		echo "ok $1"
	fi
}

# Names without blanks, all of them.
code=$(find "$srcdir/src" "$srcdir/preload" "$srcdir/reports" "$srcdir/tests" \
	\( -name malformed -prune \) -o -name '*.[ch]' -print -o -name '*.cc' -print | sort)
ours=$(echo "$code" | grep -v '/tests/')
scripts=$(grep -lE '^#!/bin/sh' "$srcdir/setup" "$srcdir/.ci/run" $(find "$srcdir/tests" -type f) 2>/dev/null)

grep -nE '[ 	]$' $code >"$found"
claim "no blanks at the ends of lines"

# Columns with tabs of 8; tables (*.def) have the width that they need.
for file in $code; do
	expand "$file" | awk -v file="$file" 'length($0) > 100 { print file ":" NR ": " length($0) " columns" }'
done >"$found"
claim "at most 100 columns"

# The page of --html makes elements, never markup, and asks no network.
page=$(find "$srcdir/reports/formats/html" -name '*.js' -o -name '*.css' -o -name '*.html')
{
	grep -nE '(inner|outer)HTML|insertAdjacent|document\.write|\beval\(|Function\(|fetch\(|XMLHttp|import\b' $page
	grep -nE 'https?:|//[a-z]' $page | grep -v 'http://www.w3.org/2000/svg'
	grep -nE '[ 	]$' $page
	for file in $page; do
		expand "$file" | awk -v file="$file" 'length($0) > 100 { print file ":" NR ": " length($0) " columns" }'
	done
} >"$found"
claim "the page of --html is plain"

if command -v node >/dev/null; then
	cat "$srcdir"/reports/formats/html/script/*.js >"$found.js"
	node --check "$found.js" >"$found" 2>&1
	rm -f "$found.js"
	claim "the scripts of the page can be read"
else
	skipped=$((skipped + 1))
	echo "skip the scripts of the page can be read (node is not installed)"
fi

grep -nE '^ {4,}[a-z]' $ours >"$found"
claim "tabs indent"

grep -nE '\b(TODO|FIXME|XXX)\b' $code | grep -vE '#[0-9]+' >"$found"
claim "no TODO without an issue"

grep -nE '^typedef struct|^struct [a-z0-9_]+_t\b' $ours >"$found"
claim "structs are not typedef'd"

for header in $(echo "$ours" | grep '\.h$'); do
	grep -q '^#ifndef [A-Z]' "$header" || echo "$header"
done >"$found"
claim "headers have guards"

for header in $(echo "$ours" | grep '\.h$'); do
	head -n 1 "$header" | grep -q '^/\*' || echo "$header"
done >"$found"
claim "headers begin with what they are about"

if command -v shellcheck >/dev/null; then
	# SC1090: parts are sourced by a pattern; SC2046, SC2086: lists of words.
	# SC2034, SC2154: what the parts share; SC2016: what another shell expands.
	shellcheck -S warning -s sh -e SC1090,SC1091,SC2010,SC2046,SC2086,SC2034,SC2154,SC2016 \
		$scripts >"$found" 2>&1
	claim "shellcheck has no warnings"
else
	skipped=$((skipped + 1))
	echo "skip shellcheck has no warnings (shellcheck is not installed)"
fi

# --- Notes ---------------------------------------------------------------------

long_files=$(wc -l $ours | awk '$1 > 500 && $2 != "total" { print "note: " $2 ": " $1 " lines" }')
long_functions=$(for file in $(echo "$ours" | grep '\.c$'); do
	awk -v file="$file" '/^{/ { start = NR } /^}/ && start { if (NR - start > 41) print "note: " file ":" start ": " NR - start - 1 " lines"; start = 0 }' "$file"
done)
echo "note: $(echo "$long_files" | grep -c .) files above 500 lines, $(echo "$long_functions" | grep -c .) functions above 40"
[ "$1" != --sizes ] || printf '%s\n' "$long_files" "$long_functions"

if command -v clang-format >/dev/null; then
	echo "note: $(for file in $ours; do
		clang-format --dry-run -Werror "$file" >/dev/null 2>&1 || echo "$file"
	done | grep -c .) files that clang-format would lay out otherwise"
fi

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
