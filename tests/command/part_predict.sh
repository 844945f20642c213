# --check=possible-race: races that a lock, met by chance, has hidden in this run.

# predicted STATUS WORDS WAY OPTION...: met.c, where warnings count.
predicted() {
	want=$1 words=$2 way=$3
	shift 3
	run "possible-race: $way${1:+, $1}" "$want" "$words" -- \
		"$built" run --fail-on=warning "$@" "$work/met" "$way"
}

if [ ! -e "$(dirname "$built")/preload/libsnarl.so" ]; then
	skip "possible-race" "no preload/libsnarl.so beside $built"
elif ! $CC -std=gnu11 -D_GNU_SOURCE -g -pthread -o "$work/met" "$srcdir/tests/command/met.c" \
	2>"$work/err"; then
	skip "possible-race" "cannot build a program"
else
	predicted 66 "warning: possible-race: served .*is updated by" unrelated \
		--check=all,possible-race
	predicted 66 "1 warning" unrelated --check=possible-race
	predicted 0 "no findings" unrelated
	predicted 0 "no findings" unrelated --check=all
	predicted 0 "no findings" unrelated --check=races
	predicted 0 "no findings" shared --check=all,possible-race
	predicted 0 "no findings" queue --check=all,possible-race
	predicted 0 "no findings" flag --check=all,possible-race
	claim "possible-race: it is saved" "$built" run --quiet --check=possible-race \
		--save "$work/met.snarl" "$work/met"
	run "possible-race: saved results show it" 0 "1 warning" -- \
		"$built" report "$work/met.snarl"
	"$built" run --quiet --check=possible-race,races --save "$work/apart.snarl" \
		"$work/met" apart >"$work/out" 2>&1
	"$built" merge -o "$work/both.snarl" "$work/met.snarl" "$work/apart.snarl"
	run "possible-race: it is one finding with the race of another run" 66 "1 error (1 finding" -- \
		"$built" report "$work/both.snarl"
	run "possible-race: a bare preload finds it" 0 "warning: possible-race" -- \
		env SNARL_OPTIONS="check=all,possible-race" \
		LD_PRELOAD="$(dirname "$built")/preload/libsnarl.so" "$work/met"
fi
