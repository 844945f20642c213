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

if [ ! -e "$(dirname "$built")/preload/libsnarl.so" ]; then
	skip "perturb" "no preload/libsnarl.so beside $built"
elif ! $CC -g -pthread -o "$work/withdrawn" "$srcdir/tests/command/withdrawn.c" 2>"$work/err"; then
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
	run "perturb: a seed is a number" 125 "perturb" -- "$built" run --perturb=x true
fi
