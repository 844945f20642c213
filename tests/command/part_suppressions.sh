# Suppressions: what they hide does not count; errors in their files come first.

printf 'kind unlock-unlocked\nlock fake_*\nreason known\n' >"$work/hide.supp"
printf 'mutex:nowhere\n' >"$work/other.supp"
printf 'kind races\n\nkind misue\nreason x\n' >"$work/wrong.supp"

export SNARL_FAKE=error
run "--suppressions hides a finding" 0 "no findings, 1 suppressed in true" -- \
	"$snarl" run --suppressions "$work/hide.supp" true
run "what hides nothing is named" 66 "match nothing: .*/other.supp:1$" -- \
	"$snarl" run --suppressions "$work/other.supp" true
run "--suppressions may be given again" 0 "1 suppressed" -- \
	"$snarl" run --suppressions "$work/other.supp" --suppressions="$work/hide.supp" true
run "suppressions of SNARL_OPTIONS and of the command line add up" 0 "1 suppressed" -- \
	env SNARL_OPTIONS="suppressions=$work/hide.supp" \
	"$snarl" run --suppressions "$work/other.supp" true
run "an error in a file of suppressions" 125 "wrong.supp:1: expected a 'reason'" -- \
	"$snarl" run --suppressions "$work/wrong.supp" touch "$work/begun"
printf 'kind data-rac\nreason x\n' >"$work/wrong.supp"
run "a misspelt kind in a suppression" 125 "wrong.supp:1: .* 'data-rac'; did you mean data-race?$" -- \
	"$snarl" run --suppressions "$work/wrong.supp" touch "$work/begun"
printf 'functoin\033[31m f\nreason x\n' >"$work/wrong.supp"
run "a misspelt word that steers the terminal" 125 "found 'functoin?\[31m'$" -- \
	"$snarl" run --suppressions "$work/wrong.supp" touch "$work/begun"
run "suppressions that are not there" 125 "cannot read /no/such/file: No such" -- \
	"$snarl" run --suppressions /no/such/file touch "$work/begun"
run "17 files of suppressions" 125 "(allowed: at most 16 file names)" -- "$snarl" run \
	$(for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17; do echo "--suppressions=x"; done) true
claim "no program was started in vain" test ! -e "$work/begun"
run "--save keeps what is suppressed" 0 "" -- "$snarl" run --quiet \
	--suppressions "$work/hide.supp" --save "$work/hidden.snarl" true
run "report without suppressions" 66 "1 finding" -- "$snarl" report "$work/hidden.snarl"
run "report with suppressions" 0 "1 suppressed" -- "$snarl" report \
	--suppressions "$work/hide.supp" --json "$work/hidden.json" "$work/hidden.snarl"
claim "JSON has what is suppressed, with the reason" sh -c \
	'grep -A9 "\"suppressed\": \[" "$1" >"$1.part" && grep -q "\"reason\": \"known\"" "$1"' \
	- "$work/hidden.json"
run "--gen-suppressions" 66 "^lock fake_lock$" -- \
	"$snarl" report --gen-suppressions "$work/hidden.snarl"
sed -n '/^kind /,/^reason/p' "$work/err" >"$work/made.supp"
run "what it prints hides the finding" 0 "1 suppressed" -- \
	"$snarl" report --suppressions "$work/made.supp" "$work/hidden.snarl"
# What is known of runtimes.
printf 'T1 write PL_fold_locale\nT2 write PL_fold_locale\n' >"$work/runtime.events"
printf 'T1 write my_locale\nT2 write my_locale\n' >"$work/program.events"
run "known findings of runtimes are suppressed" 0 "^snarl: no findings, 1 suppressed in" -- \
	"$built" replay "$work/runtime.events"
run "--default-suppressions=no reports them" 66 "^snarl: 1 error" -- \
	"$built" replay --default-suppressions=no "$work/runtime.events"
run "other findings stay, and no default entry is called unused" 66 "^snarl: 1 error" -- \
	"$built" replay "$work/program.events"
cp "$work/err" "$work/program.txt"
claim "no default entry is called unused" sh -c '! grep "match nothing" "$1"' - "$work/program.txt"
# Kinds of finding: the fake one is misuse, and of severity error.
run "--check of another kind" 0 "no findings in true" -- "$snarl" run --check=races,locks true
run "--check of its group" 66 "1 finding" -- "$snarl" run --check=hangs,misuse true
run "--check of its kind" 66 "1 finding" -- "$snarl" run --check=unlock-unlocked true
run "--no-check of its kind" 0 "no findings in true" -- \
	"$snarl" run --no-check=unlock-unlocked true
run "--no-check wins over --check" 0 "no findings in true" -- \
	"$snarl" run --check=misuse --no-check=unlock-unlocked true
run "--check of nothing" 125 "no kind of finding to look for" -- \
	"$snarl" run --check=misuse --no-check=misuse true
run "report --check" 0 "no findings in true" -- \
	"$snarl" report --check=races "$work/hidden.snarl"
for bad in misues races,,locks races, ,; do
	run "--check=$bad is refused" 125 "--check: unknown value '$bad' (allowed: kinds of" -- \
		"$snarl" run --check=$bad true
done
unset SNARL_FAKE
run "the library knows the kinds" 0 "check=wait-holding-lock,thread-leak" -- \
	env SNARL_FAKE=settings "$snarl" run --check=wait-holding-lock,thread-leak true
