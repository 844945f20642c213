#!/bin/sh
# Every option, with the words it takes, is in the help and in the manual of
# each command that has it, and nothing else is; every command and every kind
# of finding is in snarl(1); both name the same things that are looked for.
#
# Environment: SNARL (the command, ./snarl), srcdir, CC.

srcdir=${srcdir:-$(cd "$(dirname "$0")/../.." && pwd)}
snarl=${SNARL:-./snarl}
passed=0
failed=0

# holds CLAIM COMMAND...
holds() {
	claim=$1
	shift
	if "$@" >/dev/null 2>&1; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "not ok - $claim"
	fi
}

# rows MACRO PARAMETERS WANTED FILE: the wanted parameters of each row.
rows() {
	printf '#define %s(%s) ROW %s\n#include "%s"\n' "$1" "$2" "$3" "$4" |
		${CC:-gcc} -I "$srcdir/src" -E -P -x c - | sed -n 's/^ *ROW //p' | tr -d '"'
}

work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT

# The manual as plain text, in words: mdoc's requests are left out.
plain_manual() {
	sed -e 's/\\-/-/g' -e 's/ Ns //g' -e 's/ | /|/g' -e 's/= Cm /=/' -e 's/=Cm /=/' \
		-e 's/=Ar /=/' -e 's/ Ar / /g' -e 's/Fl -/--/g' "$1"
}

rows OPTION 'i,k,kind,a,d,w,m,h' 'k;kind;a;w' options/options.def >"$work/options"
for command in run report merge order replay plan ps; do
	upper=$(echo "$command" | tr a-z A-Z)
	page=$srcdir/man/snarl-$command.1
	plain_manual "$page" >"$work/manual"
	"$snarl" $command --help >"$work/help" 2>/dev/null || : >"$work/help"
	grep -o -e '^  --[a-z-]*' "$work/help" | sed 's/ *--//' >"$work/in_help"
	sed -n 's/^\.It --\([a-z-]*\).*/\1/p' "$work/manual" >"$work/in_manual"
	echo help >"$work/expected"
	while IFS=';' read -r key kind allowed where; do
		case $where in
		*INTERNAL* | *FOR_TESTS*) continue ;;
		*IN_$upper*) echo "$key" >>"$work/expected" ;;
		*) continue ;;
		esac
		[ "$kind" = CHOICE ] || continue
		for word in $(echo "$allowed" | tr '|' ' '); do
			holds "snarl-$command(1): --$key=$word" \
				grep -q -e "^.It --$key=.*$word" "$work/manual"
		done
	done <"$work/options"
	sort "$work/expected" -o "$work/expected"
	sort "$work/in_help" -o "$work/in_help"
	sort "$work/in_manual" -o "$work/in_manual"
	holds "man/snarl-$command.1 has exactly the options of $command" \
		diff "$work/expected" "$work/in_manual"
	# A command that is not there yet has no help.
	if rows COMMAND 'n,f,w,o,s' n command/base/commands.def | grep -qx " *$command *"; then
		holds "snarl $command --help has exactly the options of $command" \
			diff "$work/expected" "$work/in_help"
	fi
done

for command in $(rows COMMAND 'n,f,w,o,s' n command/base/commands.def); do
	holds "snarl(1) has the command $command" \
		grep -q -e "^.It Cm $command\$" -e "^.It Cm $command " "$srcdir/man/snarl.1"
	holds "snarl --help has the command $command" sh -c '"$0" --help | grep -q "^  $1 "' \
		"$snarl" "$command"
done
sed 's/\\-/-/g' "$srcdir/man/snarl-findings.7" >"$work/findings.txt"
for kind in $(rows KIND 'i,n,g,s,h' n finding/kinds.def); do
	holds "snarl(1) has the kind $kind" grep -q -e "^\.It.* $kind\b" "$srcdir/man/snarl.1"
	holds "$kind is in snarl-findings(7)" grep -q "^.It Sy $kind Pq" "$work/findings.txt"
done

# In the order of the rows.
words_of() {
	rows "$1" 'i,n' n "finding/$2" | tr '\n' ',' | sed 's/ *, */, /g; s/, $//'
}
sed -n 's/ ,/,/g; s/"//g; /^\.Po/,/^\.Pc/s/^\.Li //p; s/^\.Pc.*/./p' "$srcdir/man/snarl-json.5" |
	tr '\n' ' ' >"$work/words"
holds "snarl-json(5) has all actions" grep -qF "$(words_of ACTION actions.def)" "$work/words"
holds "snarl-json(5) has all kinds of objects" \
	grep -qF "$(words_of OBJECT objects.def)" "$work/words"

# says PAGE COMMAND...: the help of COMMAND has the list of things in PAGE's title.
says() {
	list=$(sed -nE 's/^\.Nd .*(races, .* locks).*/\1/p' "$srcdir/man/$1")
	shift
	[ -n "$list" ] && "$@" --help | tr '\n' ' ' | grep -q "$list"
}
holds "snarl --help finds what snarl(1) finds" says snarl.1 "$snarl"
holds "snarl run --help reports what snarl-run(1) reports" says snarl-run.1 "$snarl" run

echo "$passed passed, $failed failed, 0 skipped"
[ $failed -eq 0 ] && [ $passed -gt 20 ]
