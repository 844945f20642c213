# Fingerprints and baselines: the same fault is the same in every build, another one counts.

# build FOLDER COMPILER...: builds the program in a folder of its own.
build() {
	folder=$work/$1
	shift
	mkdir -p "$folder" && cp "$srcdir/tests/command/fingered.c" "$folder" &&
		(cd "$folder" && "$@" -pthread -o fingered fingered.c)
}

# prints FOLDER [OPTIONS]: the fingerprints of its findings, sorted.
prints() {
	program=$work/$1/fingered
	shift
	timeout 60 "$built" run --quiet --json "$work/fingered.json" "$@" "$program" 2>"$work/err"
	python3 -c 'import json, sys
for line in sorted(finding["fingerprint"] for finding in json.load(open(sys.argv[1]))["findings"]):
	print(line)' "$work/fingered.json"
}

if [ ! -e "$(dirname "$built")/preload/libsnarl.so" ] || ! build here $CC -g -O0 2>"$work/err"; then
	skip "fingerprints" "no preload/libsnarl.so beside $built, or no compiler"
else
	prints here >"$work/prints"
	claim "fingerprints: three findings, each with its own" \
		sh -c '[ $(sort -u "$1" | wc -l) -eq 3 ]' - "$work/prints"
	build there/deeper $CC -g -O2 -DSHIFT
	prints there/deeper >"$work/prints.other"
	claim "fingerprints are the same with -O2, other lines and another folder" \
		cmp "$work/prints" "$work/prints.other"
	if build clang clang -g -O2 2>"$work/err"; then
		prints clang >"$work/prints.other"
		claim "fingerprints are the same with another compiler" \
			cmp "$work/prints" "$work/prints.other"
	else
		skip "fingerprints with another compiler" "no clang"
	fi
	build stripped $CC -O2 -s
	prints stripped >"$work/prints.stripped"
	build shifted $CC -O2 -s -DSHIFT
	prints shifted >"$work/prints.other"
	claim "stripped code: three findings, each with its own fingerprint" \
		sh -c '[ $(sort -u "$1" | wc -l) -eq 3 ]' - "$work/prints.stripped"
	claim "fingerprints of stripped code do not depend on where it lies" \
		cmp "$work/prints.stripped" "$work/prints.other"

	$CC -g -pthread -o "$work/grown" "$srcdir/tests/command/grown.c"
	run "fingerprints: two locks of the heap" 0 "1 finding" -- "$built" run --fail-on=never \
		--save "$work/grown.snarl" "$work/grown"
	run "fingerprints: a lock that nobody initialises is known by its block" 0 \
		"no findings, 1 in the baseline" -- "$built" run --baseline "$work/grown.snarl" \
		"$work/grown" x

	run "--baseline of saved results: nothing is new" 0 "no findings, 3 in the baseline" -- sh -c \
		'"$1" run --quiet --save "$2.snarl" "$3"; "$1" run --baseline "$2.snarl" "$3"' - \
		"$built" "$work/base" "$work/here/fingered"
	build more $CC -g -O2 -DMORE
	run "--baseline: a new fault counts" 66 "1 finding, .* 3 in the baseline" -- \
		"$built" run --baseline "$work/base.snarl" --json "$work/next.json" \
		"$work/more/fingered"
	run "--baseline of JSON: what its own baseline had is known" 0 "4 in the baseline" -- \
		"$built" run --baseline "$work/next.json" "$work/more/fingered"
fi
printf 'race:x\n' >"$work/base.txt"
printf '{"findings": [{}]}' >"$work/base.json"
printf '{\n"findings": [' >"$work/base.half"
run "a baseline that is none" 125 "base.txt" -- "$snarl" run --baseline "$work/base.txt" true
run "a baseline of other JSON" 125 "base.json: expected saved results, or the JSON" -- \
	"$snarl" run --baseline "$work/base.json" true
run "a baseline of damaged JSON" 125 "base.half:2: " -- \
	"$snarl" run --baseline "$work/base.half" true
run "a baseline that is not there" 125 "cannot read /no/such/file" -- \
	"$snarl" run --baseline /no/such/file true
