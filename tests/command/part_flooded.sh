# What is told of signals whose order is lost.

if [ ! -e "$(dirname "$built")/preload/libsnarl.so" ] ||
	! $CC -D_GNU_SOURCE -pthread -o "$work/flooded" "$srcdir/tests/command/flooded.c" 2>"$work/err"; then
	skip "flooded" "no preload/libsnarl.so beside $built, or no compiler"
else
	run "flooded: without snarl" 0 "" -- "$work/flooded"
	run "flooded: a loss" 0 "lost: real-time signals that came after later ones" -- \
		"$built" run "$work/flooded"
fi
