#!/bin/sh
# Makes page_parts.c of the page, its style and its scripts.
#
# usage: embed.sh FOLDER >page_parts.c
#
# In page.html, lines with @style, @data and @script alone are where these come.  The page
# names the hashes of style and script: a browser refuses any other.

set -eu
cd "$1"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

hash_of() {
	printf 'sha256-'
	sha256sum | cut -c 1-64 | tr a-f A-F | basenc --base16 -d | base64
}

# write_text NAME: standard input as a text in C.
write_text() {
	echo "const char $1[] = {"
	od -An -v -tu1 | sed 's/  *\([0-9][0-9]*\)/\1,/g'
	echo "0};"
}

cat script/*.js >"$work/script"
# What stands between the tags is hashed, line ends and all.
style=$({ echo; cat page.css; } | hash_of)
script=$({ echo; cat "$work/script"; } | hash_of)
sed "s,@style-hash,$style,; s,@script-hash,$script," page.html >"$work/page"
sed '/^@data$/,$d' "$work/page" | sed '/^@style$/{
	r page.css
	d
}' >"$work/head"
sed '1,/^@data$/d' "$work/page" | sed "/^@script$/{
	r $work/script
	d
}" >"$work/tail"

echo '#include "reports/formats/html/html_parts.h"'
write_text html_page_head <"$work/head"
write_text html_page_tail <"$work/tail"
