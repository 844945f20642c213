# --perturb: rare schedules are seen, and right programs stay right.

# perturbed SEEDS OPTION...: the first seed, up to SEEDS, with which the findings count.
perturbed() {
	last=$1
	shift
	for seed in $(seq 1 "$last"); do
		timeout 60 "$built" run --perturb="$seed" --fail-on=warning "$work/withdrawn" "$@" \
			>"$work/out" 2>"$work/perturbed.txt"
		[ $? -eq 66 ] && return 0
	done
	return 1
}

unperturbed() {
	! perturbed "$@" && ! grep -q "[1-9] finding" "$work/perturbed.txt"
}

# Does the seed $1 show the same order of threads, whichever of them computes before it begins?
repeats() {
	[ "$(for late in "" a b c; do
		timeout 60 "$built" run --quiet --perturb="$1" "$work/turns" $late
	done | sort -u | wc -l)" -eq 1 ]
}

# repeating SEEDS COUNT: at least so many of the seeds do.
repeating() {
	same=0
	for seed in $(seq 1 "$1"); do
		repeats "$seed" && same=$((same + 1))
	done
	[ "$same" -ge "$2" ]
}

# differing SEEDS: not all seeds show the same order.
differing() {
	[ "$(for seed in $(seq 1 "$1"); do
		timeout 60 "$built" run --quiet --perturb="$seed" "$work/turns"
	done | sort -u | wc -l)" -gt 1 ]
}

if [ ! -e "$(dirname "$built")/preload/libsnarl.so" ]; then
	skip "perturb" "no preload/libsnarl.so beside $built"
elif ! $CC -g -pthread -o "$work/withdrawn" "$srcdir/tests/command/withdrawn.c" 2>"$work/err" ||
	! $CC -g -pthread -o "$work/turns" "$srcdir/tests/command/turns.c" 2>"$work/err"; then
	skip "perturb" "cannot build a program"
else
	if perturbed 30; then
		ok "perturb: a decision that another thread overtakes is seen"
	else
		not_ok "perturb: a decision that another thread overtakes is seen"
	fi
	claim "perturb: it is the one that was looked for" grep -q "check-then-act" "$work/perturbed.txt"
	run "perturb: the report names the seed" 0 "--perturb=7 does so again" -- \
		"$built" run --perturb=7 "$work/withdrawn" once
	claim "perturb: the right twin stays right" unperturbed 3 once
	claim "perturb: a seed shows the same order, whichever thread is slow" repeating 8 3
	claim "perturb: seeds differ" differing 12
	run "perturb: a seed is a number" 125 "perturb" -- "$built" run --perturb=x true
fi
