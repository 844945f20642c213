# Options: what exists works, what does not is named.

run "--version" 0 "" -- "$snarl" --version
claim "--version names the version" grep -q '^snarl [0-9]' "$work/out"
run "--help" 0 "" -- "$snarl" --help
claim "--help lists the commands" grep -q '^  run ' "$work/out"
run "help run" 0 "" -- "$snarl" help run
claim "help run lists options" grep -q -e '--on-deadlock' "$work/out"
run "run --help" 0 "" -- "$snarl" run --help
run "report --help" 0 "" -- "$snarl" report --help
claim "report --help leaves out the options of run" sh -c '! grep -q -e --timeout "$1"' - "$work/out"
run "help help" 0 "" -- "$snarl" help help
run "no command" 125 "Usage" -- "$snarl"
run "unknown command" 125 "unknown command 'walk' (commands: run, " -- "$snarl" walk
run "help of an unknown command" 125 "unknown command 'walk'" -- "$snarl" help walk
run "unknown option before the command" 125 "unknown option '--quiet'" -- "$snarl" --quiet run true
run "unknown option of run" 125 "unknown option '--pdf'.*--json" -- "$snarl" run --pdf x true
run "unknown option with a value" 125 "unknown option '--pdf=x'" -- "$snarl" run --pdf=x true
run "unknown short option" 125 "unknown option '-x'" -- "$snarl" run -x true
run "unknown option of report" 125 "unknown option '--timeout=3'" -- "$snarl" report --timeout=3 f
run "an internal key is no option" 125 "unknown option '--results=x'" -- "$snarl" run --results=x true
run "a misspelt option" 125 "unknown option '--supressions'; did you mean --suppressions? (allowed: " -- \
	"$snarl" run --supressions x true
run "a misspelt option with a value" 125 "unknown option '--failon=note'; did you mean --fail-on? (" -- \
	"$snarl" report --failon=note f
run "a word of another command is not guessed" 125 "unknown option '--timeot=3' (allowed" -- \
	"$snarl" report --timeot=3 f
run "the list of options is whole" 125 "--stats, .*--help)$" -- "$snarl" run --pdf true
run "a misspelt kind" 125 "'data-race,misue' .*; did you mean misuse?$" -- \
	"$snarl" run --check=data-race,misue true
run "a file name that steers the terminal" 125 "/tmp/?\[31mx: No such file" -- \
	"$snarl" report "$(printf '/tmp/\033[31mx')"
run "a misspelt command" 125 "unknown command 'reprot'; did you mean report? (commands: " -- "$snarl" reprot
run "help of a misspelt command" 125 "unknown command 'meerge'; did you mean merge? (" -- "$snarl" help meerge
run "run without a program" 125 "which program" -- "$snarl" run
run "report without a file" 125 "which file" -- "$snarl" report

for bad in races=some races= on-deadlock=stop exit-code=256 exit-code=-1 exit-code=x \
	fail-on=fatal stack-depth=0 stack-depth=65 stack-depth=4x follow-children=maybe \
	timeout=soon timeout=1.2.3 timeout=. timeout=-1 color=red; do
	key=${bad%%=*} value=${bad#*=}
	run "--$bad is refused" 125 "--$key: unknown value '$value' (allowed: " -- \
		"$snarl" run --$bad true
	run "SNARL_OPTIONS=$bad is refused" 125 "$key: unknown value '$value' (allowed: " -- \
		env "SNARL_OPTIONS=$bad" "$snarl" run true
done
run "the allowed values of --races are named" 125 "(allowed: full, off)" -- "$snarl" run --races=sample true
run "value missing" 125 "--json: value missing" -- "$snarl" run --json
run "a flag takes no value" 125 "--quiet takes no value" -- "$snarl" run --quiet=yes true
run "unknown key of SNARL_OPTIONS" 125 "unknown option 'colour' (allowed: .*color" -- \
	env SNARL_OPTIONS=quiet:colour=never "$snarl" run true
run "key of SNARL_OPTIONS without its value" 125 "stack-depth: value missing" -- \
	env SNARL_OPTIONS=stack-depth "$snarl" run true

run "all options at once" 0 "" -- "$snarl" run --races=off --modules=libz.so* \
	--skip-modules=libx*,liby* --on-deadlock=report --exit-code=9 \
	--fail-on=note --json "$work/a.json" --log "$work/a.log" --save "$work/a.snarl" \
	--stack-depth=64 --follow-children=no --timeout=59.5 --color=never --verbose --stats -- true
run "options of the program are its own" 7 "" -- "$snarl" run sh -c 'exit 7' --bogus

export SNARL_FAKE=settings
run "the command line wins over SNARL_OPTIONS" 0 "stack-depth=3 .*stack-depth=9" -- \
	env SNARL_OPTIONS=stack-depth=3 "$snarl" run --stack-depth=9 true
run "settings for reports stay with the command" 0 "settings: results=[^ ]*$" -- \
	"$snarl" run --quiet --fail-on=note true
mkdir "$work/a b:c%"
run "a results file with spaces and colons" 0 "results=[^ ]*a%20b%3Ac%25/r.snarl$" -- \
	"$snarl" run --save "$work/a b:c%/r.snarl" true
unset SNARL_FAKE
