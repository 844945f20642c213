# Exit statuses, row by row.

run "the program's own status" 0 "" -- "$snarl" run true
run "the program's own status, not zero" 3 "" -- "$snarl" run sh -c 'exit 3'
run "a signal death is 128 + signal" 137 "" -- "$snarl" run sh -c 'kill -9 $$'
run "a crash is 128 + signal" 139 "" -- "$snarl" run sh -c 'kill -SEGV $$'

SNARL_FAKE=error; export SNARL_FAKE
run "an error counts" 66 "" -- "$snarl" run true
run "an error counts more than a status" 66 "" -- "$snarl" run sh -c 'exit 3'
run "--exit-code" 5 "" -- "$snarl" run --exit-code=5 true
run "--exit-code of SNARL_OPTIONS" 6 "" -- env SNARL_OPTIONS=exit-code=6 "$snarl" run true
run "--exit-code: the command line wins" 7 "" -- \
	env SNARL_OPTIONS=exit-code=6 "$snarl" run --exit-code=7 true
run "--fail-on=never" 3 "" -- "$snarl" run --fail-on=never sh -c 'exit 3'
run "an error in a child counts" 66 "" -- env -u SNARL_FAKE "$snarl" run \
	sh -c 'SNARL_FAKE=error /bin/true; exit 0'
SNARL_FAKE=warning
run "a warning does not count" 0 "" -- "$snarl" run true
run "a warning counts by --fail-on=warning" 66 "" -- "$snarl" run --fail-on=warning true
run "a warning counts by --fail-on=note" 66 "" -- "$snarl" run --fail-on=note true
SNARL_FAKE=note
run "a note does not count" 0 "" -- "$snarl" run --fail-on=warning true
run "a note counts by --fail-on=note" 66 "" -- "$snarl" run --fail-on=note true
SNARL_FAKE=silent
run "nothing observed" 125 "nothing was observed" -- "$snarl" run true
unset SNARL_FAKE

run "not found" 127 "no-such-program: No such file" -- \
	env PATH=/usr/bin:/bin "$snarl" run no-such-program
run "not found by path" 127 "No such file" -- "$snarl" run ./no/such/program
run "the empty name" 127 "No such file" -- "$snarl" run ''
echo 'exit 4' >"$work/plain"
run "not executable" 126 "Permission denied" -- "$snarl" run "$work/plain"
run "a directory" 126 "Permission denied" -- "$snarl" run "$work"
chmod +x "$work/plain"
run "a script without #! goes to the shell" 4 "" -- "$snarl" run "$work/plain"
printf '#! /bin/sh -e\nexit $1\n' >"$work/script"
chmod +x "$work/script"
run "a script" 8 "" -- "$snarl" run "$work/script" 8
run "found on PATH" 9 "" -- env "PATH=$work:$PATH" "$snarl" run script 9
printf '#!/bin/sh\nexit $2\n' >"$work/runner"
printf '#!%s/runner\n' "$work" >"$work/script2"
chmod +x "$work/runner" "$work/script2"
run "a script of a script" 6 "" -- "$snarl" run "$work/script2" 6
printf '#!/no/such/interpreter\n' >"$work/orphan"
chmod +x "$work/orphan"
run "a script whose interpreter is missing" 127 "interpreter /no/such/interpreter" -- \
	"$snarl" run "$work/orphan"
printf '#!%s/loop\n' "$work" >"$work/loop"
chmod +x "$work/loop"
run "a script that is its own interpreter" 126 "symbolic links" -- "$snarl" run "$work/loop"
