# Signals, --timeout and processes that outlive the program.  A FIFO tells that
# the program has started: nothing is awaited by sleeping.

mkfifo "$work/started" "$work/go"

# interrupt NAME SIGNAL STATUS SCRIPT: sends SIGNAL to the command (alone) while
# the program runs SCRIPT.
interrupt() {
	env --default-signal=HUP "$snarl" run --save "$work/int.snarl" sh -c "$4" - "$work/started" 2>"$work/err" &
	command=$!
	read line <"$work/started"
	kill -"$2" $command
	[ -n "$5" ] && kill -"$5" "$line"
	wait $command
	got=$?
	echo "# status $got" >>"$work/err"
	if [ $got -eq "$3" ]; then ok "$1"; else not_ok "$1"; fi
}

interrupt "SIGTERM is passed on" TERM 143 'echo $$ >"$1"; exec sleep 50'
interrupt "SIGHUP is passed on" HUP 129 'echo $$ >"$1"; exec sleep 50'
interrupt "SIGTERM, handled by the program" TERM 5 \
	'trap "exit 5" TERM; echo $$ >"$1"; while :; do sleep 0.1; done'
# Background commands of a script ignore SIGINT: reset it as a terminal has it.
interrupt "SIGQUIT does not end the command" QUIT 143 'echo $$ >"$1"; exec sleep 50' TERM
interrupt "kill -9 of the program" CONT 137 'echo $$ >"$1"; exec sleep 50' KILL
run "the file saved of a killed program" 0 "" -- "$snarl" report "$work/int.snarl"

"$snarl" run --save "$work/killed.snarl" sh -c 'echo $$ >"$1"; read x <"$2"' - \
	"$work/started" "$work/go" 2>"$work/err" &
command=$!
read pid <"$work/started"
kill -9 $command
wait $command 2>/dev/null
run "the file saved by a killed command" 0 "" -- \
	"$snarl" report "$work/killed.snarl"
# tests/preload/run_killed shows that it takes its program along.
claim "the program of a killed command ends" timeout 20 sh -c \
	'while grep -q "^State:[[:space:]]*[RSDTtI]" "/proc/$1/status"; do sleep 0.1; done; :' - "$pid"

run "--timeout" 66 "timeout" -- env SNARL_FAKE=blocked "$snarl" run --timeout=0.3 sleep 50
run "--timeout and --log" 66 "" -- env SNARL_FAKE=blocked "$snarl" run --timeout=0.3 \
	--log "$work/blocked.txt" sleep 50
claim "--log has who is blocked, and the report" sh -c \
	'grep -i blocked "$1" && tail -n 1 "$1" | grep "^snarl: .* in sleep"' - "$work/blocked.txt"
run "--timeout and --exit-code" 9 "" -- "$snarl" run --timeout=0.2 --exit-code=9 sleep 50
run "--timeout and --fail-on=never" 137 "" -- \
	"$snarl" run --timeout=0.2 --fail-on=never sleep 50
run "--timeout of a program that ignores SIGTERM" 66 "" -- \
	"$snarl" run --timeout=0.2 sh -c 'trap "" TERM; while :; do sleep 50; done'
run "--timeout that is not reached" 4 "" -- "$snarl" run --timeout=50 sh -c 'exit 4'
run "--timeout=0 is none" 4 "" -- "$snarl" run --timeout=0 sh -c 'exit 4'
run "--timeout ends followed children too" 66 "" -- "$snarl" run --timeout=0.5 --quiet \
	sh -c 'sh -c "echo \$\$ >\"\$1\"; exec sleep 50" - "$1"; :' - "$work/child_pid"
# Who inherits it may be slow to reap it: a zombie has gone, too.
claim "the child has gone" sh -c \
	'! grep "^State:[[:space:]]*[RSDTtI]" "/proc/$(cat "$1")/status"' - "$work/child_pid"

"$snarl" run --save "$work/outlived.snarl" \
	sh -c '(exec sh -c "echo \$\$ >\"\$1\"; read x <\"\$2\"" - "$1" "$2") & read x <"$1"; exit 3' \
	- "$work/started" "$work/go" >"$work/out" 2>"$work/err"
got=$?
if [ $got -eq 3 ] && grep -q '1 observed process is still running' "$work/err"; then
	ok "a child that outlives the program is said to run"
else
	not_ok "a child that outlives the program is said to run"
fi
claim "a file that is still written to is not cut" sh -c '[ $(stat -c %s "$1") -gt 1000000 ]' - \
	"$work/outlived.snarl"
echo go >"$work/go"
run "the file saved while a child ran on" 0 "" -- "$snarl" report "$work/outlived.snarl"

"$snarl" run --save "$work/forked.snarl" sh -c '(read x <"$1") & exit 3' - "$work/go" 2>"$work/err"
claim "nor is one that a process without a record has mapped" \
	sh -c '[ $(stat -c %s "$1") -gt 1000000 ]' - "$work/forked.snarl"
echo go >"$work/go"

run "an ignored SIGCHLD" 3 "" -- \
	sh -c 'trap "" CHLD; exec "$0" run sh -c "exit 3"' "$snarl"
run "a run in a run" 3 "" -- "$snarl" run "$snarl" run sh -c 'exit 3'
run "what was preloaded before stays" 0 "libsnarl.so:/no/library.so" -- \
	sh -c 'LD_PRELOAD=/no/library.so "$0" run sh -c "echo \$LD_PRELOAD >&2" 2>&1 |
		grep -v "cannot be preloaded" >&2' "$snarl"
