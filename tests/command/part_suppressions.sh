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
unset SNARL_FAKE
