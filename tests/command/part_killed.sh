# Counters of a process that ends by a signal.

if [ ! -e "$(dirname "$built")/preload/libsnarl.so" ] ||
	! $CC -pthread -o "$work/killed" "$srcdir/tests/command/killed.c" 2>"$work/err"; then
	skip "killed" "no preload/libsnarl.so beside $built, or no compiler"
else
	run "killed: threads are counted" 134 "threads seen: 4" -- \
		"$built" run --stats "$work/killed"
	run "killed: locks are counted" 134 "lock operations: 600" -- \
		"$built" run --stats "$work/killed"
	run "killed: lock orders are counted" 134 "locks seen: 2" -- \
		"$built" run --stats "$work/killed"
fi
