# The command with the guest library beside it: a program that deadlocks.

if [ ! -e "$(dirname "$built")/preload/libsnarl.so" ]; then
	skip "the command with the guest library" "no preload/libsnarl.so beside $built"
elif ! $CC -g -pthread -o "$work/crossed" "$srcdir/tests/command/crossed.c" 2>"$work/err"; then
	skip "the command with the guest library" "cannot build a program"
else
	run "together: a program without threads" 3 "" -- "$built" run sh -c 'exit 3'
	run "together: a deadlock ends the program" 66 "deadlock" -- "$built" run "$work/crossed"
	run "together: --exit-code" 9 "deadlock" -- "$built" run --exit-code=9 "$work/crossed"
	run "together: --on-deadlock=abort" 66 "deadlock" -- \
		"$built" run --on-deadlock=abort "$work/crossed"
	run "together: --on-deadlock=abort, seen as it is" 134 "deadlock" -- \
		"$built" run --on-deadlock=abort --fail-on=never "$work/crossed"
	run "together: --on-deadlock=report goes on hanging" 137 "blocked" -- "$built" run \
		--on-deadlock=report --timeout=1 --fail-on=never "$work/crossed"
	run "together: a child's deadlock counts" 66 "deadlock" -- \
		"$built" run sh -c '"$1"; exit 0' - "$work/crossed"
	run "together: --follow-children=no leaves a child alone" 0 "" -- "$built" run \
		--follow-children=no sh -c 'timeout -s KILL 1 "$1"; exit 0' - "$work/crossed"
	run "together: --save" 66 "" -- \
		"$built" run --quiet --save "$work/together.snarl" "$work/crossed"
	run "together: report of what was saved" 66 "deadlock" -- \
		"$built" report "$work/together.snarl"
	[ -x "$work/static_program" ] &&
		run "together: a static child runs, and is told" 0 "static_program" -- \
			"$built" run sh -c '"$1"' - "$work/static_program"
fi
