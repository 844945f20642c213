# Findings are written while the program runs, and no finding twice.

# shown FILE COUNT PATTERN: so many lines of the file have it.
shown() {
	[ "$(grep -c -e "$3" "$1")" -eq "$2" ] || { cat "$1"; return 1; }
}

# With findings to order.
if $CC -g -pthread -o "$work/live" "$srcdir/tests/command/live.c" 2>"$work/err"; then
	run "live: a certain finding is seen" 0 "" -- env SNARL_FAKE=error "$snarl" run \
		--fail-on=never --log "$work/sure.txt" "$work/live" "$work/sure.txt"
	claim "live: and not told again" shown "$work/sure.txt" 1 "^ *To fix:"
	run "live: what may be taken back is not" 1 "" -- env SNARL_FAKE=error,provisional "$snarl" run \
		--fail-on=never --log "$work/unsure.txt" "$work/live" "$work/unsure.txt" 40
	claim "live: it is told at the end" shown "$work/unsure.txt" 1 "^ *To fix:"
	run "live: another finding may take its place" 0 "" -- env SNARL_FAKE=error,replaced "$snarl" \
		run --fail-on=never --log "$work/gone.txt" "$work/live" "$work/gone.txt"
	claim "live: which is told" shown "$work/gone.txt" 1 "^snarl: no finding of its own any more: error: unlock-unlocked: "
	claim "live: and counted alone" shown "$work/gone.txt" 1 "^snarl: 1 error (1 finding, 1 occurrence)"
	run "live: lines of JSON say so, too" 0 "" -- env SNARL_FAKE=error,replaced "$snarl" run \
		--quiet --fail-on=never --json-lines "$work/gone.jsonl" "$work/live" "$work/gone.jsonl"
	claim "live: by a line" shown "$work/gone.jsonl" 1 '"type":"withdrawn"'
else
	skip "live: findings to order" "cannot build a program"
fi

if [ ! -e "$(dirname "$built")/preload/libsnarl.so" ]; then
	skip "live" "no preload/libsnarl.so beside $built"
elif ! $CC -g -pthread -o "$work/live" "$srcdir/tests/command/live.c" 2>"$work/err"; then
	skip "live" "cannot build a program"
else
	run "live: the program sees its finding in --log" 66 "" -- \
		"$built" run --log "$work/live.txt" "$work/live" "$work/live.txt"
	claim "live: each finding is told once" shown "$work/live.txt" 2 "^ *To fix:"
	claim "live: what has changed stands in an index" \
		shown "$work/live.txt" 1 "^  1. .*unlock-unlocked: .*live.c:early.*\[2 times\]"
	claim "live: the summary counts all" shown "$work/live.txt" 1 \
		"^snarl: 2 errors (2 findings, 3 occurrences) in"
	run "live: lines of JSON come while it runs, too" 66 "" -- "$built" run --quiet \
		--json-lines "$work/live.jsonl" "$work/live" "$work/live.jsonl"
	claim "live: a line for each finding" shown "$work/live.jsonl" 2 '"type":"finding"'
	claim "live: a line for what has changed" shown "$work/live.jsonl" 1 '"count":2,"type":"change"'
	claim "live: the result is the last line" \
		sh -c 'tail -n 1 "$1" | grep "\"error\":2.*\"type\":\"result\""' - "$work/live.jsonl"
	run "live: --live=no leaves all to the end" 66 "" -- "$built" run --live=no \
		--log "$work/late.txt" --timeout=4 "$work/live" "$work/late.txt"
	claim "live: and the program has not seen it" shown "$work/late.txt" 0 "live.c:late"
	printf 'lock *early\nreason a test\n' >"$work/live.supp"
	run "live: what is suppressed is not written" 137 "" -- "$built" run --fail-on=never \
		--suppressions "$work/live.supp" --log "$work/none.txt" --timeout=4 \
		"$work/live" "$work/none.txt"
	claim "live: but counted" grep -q "no findings, 1 suppressed" "$work/none.txt"
fi
