# Outputs: written where asked for; refused before the program starts.

export SNARL_FAKE=error
run "the text report is on standard error" 66 . -- "$snarl" run true
claim "standard output is the program's" sh -c '[ ! -s "$1" ]' - "$work/out"
run "--quiet says nothing" 66 "" -- "$snarl" run --quiet true
claim "nothing was said" sh -c '[ ! -s "$1" ]' - "$work/err"
run "--log" 66 "" -- "$snarl" run --log "$work/report.%p.txt" true
claim "--log is written, and names the pid" sh -c '[ -s "$1"/report.[0-9]*.txt ]' - "$work"
run "--json" 66 "" -- "$snarl" run --quiet --json "$work/report.json" true
claim "--json is JSON" python3 -m json.tool "$work/report.json"
run "--json with %p" 66 "" -- "$snarl" run --quiet --json "$work/report.%p.json" true
claim "--json names the pid" sh -c 'python3 -m json.tool "$1"/report.[0-9]*.json' - "$work"
run "--json to standard output" 66 "" -- "$snarl" run --quiet --json - true
claim "--json - is JSON" python3 -m json.tool "$work/out"
run "--save" 66 "" -- "$snarl" run --save "$work/saved.snarl" sh -c 'exit 3'
run "report of what was saved" 66 . -- "$snarl" report "$work/saved.snarl"
run "report --fail-on=never" 0 . -- "$snarl" report --fail-on=never "$work/saved.snarl"
run "report --exit-code" 4 . -- "$snarl" report --exit-code=4 "$work/saved.snarl"
run "report --json" 66 "" -- "$snarl" report --quiet --json - "$work/saved.snarl"
claim "report --json - is JSON" python3 -m json.tool "$work/out"
claim "a saved file is cut to its size" sh -c '[ $(stat -c %s "$1") -lt 2000000 ]' - "$work/saved.snarl"
cp "$work/saved.snarl" "$work/before.snarl"
run "--save replaces a file" 0 "" -- env SNARL_FAKE= "$snarl" run --save "$work/saved.snarl" true
run "the new file is another run's" 0 "" -- "$snarl" report "$work/saved.snarl"
ln -s before.snarl "$work/link.snarl"
run "--save through a symbolic link" 66 "" -- "$snarl" run --save "$work/link.snarl" true
claim "the link is still one" test -L "$work/link.snarl"
head -c -40 "$work/before.snarl" >"$work/half.snarl"
run "report of a truncated file" 125 "half.snarl" -- "$snarl" report "$work/half.snarl"
cp "$work/before.snarl" "$work/flipped.snarl"
printf x | dd of="$work/flipped.snarl" bs=1 seek=9000 conv=notrunc 2>/dev/null
run "report of a file that was changed between its records" 125 \
	"flipped.snarl: damaged at offset [0-9]*: the checksum" -- \
	"$snarl" report "$work/flipped.snarl"
run "merge makes files with a checksum, too" 66 "" -- \
	"$snarl" merge -o "$work/flipped.snarl" "$work/before.snarl"
printf x | dd of="$work/flipped.snarl" bs=1 seek=9000 conv=notrunc 2>/dev/null
run "report of merged results that were changed" 125 "the checksum" -- \
	"$snarl" report "$work/flipped.snarl"
run "report of another kind of file" 125 "main.c" -- "$snarl" report "$work/main.c"
run "report of no file" 125 "no.snarl" -- "$snarl" report "$work/no.snarl"
run "report of an empty file" 125 "null" -- "$snarl" report /dev/null
unset SNARL_FAKE
if [ "$(stat -f -c %T /dev/shm)" = tmpfs ]; then
	shared=$(mktemp -d /dev/shm/snarl.XXXXXX)
	run "--save to a file in memory" 0 "" -- "$snarl" run --save "$shared/file" \
		stat -c %b "$shared/file"
	claim "which takes no more than its records need" \
		sh -c '[ "$(cat "$1")" -lt 8192 ]' - "$work/out"
	rm -r "$shared"
fi

for option in json json-lines sarif junit github dot html timeline log save; do
	run "--$option in a directory that is not there" 125 "cannot write.*/no/such/file" -- \
		"$snarl" run --$option /no/such/file touch "$work/started"
	run "--$option to a directory" 125 "cannot write.*directory" -- \
		"$snarl" run --$option "$work" touch "$work/started"
done
run "report --json in a directory that is not there" 125 "cannot write" -- \
	"$snarl" report --json /no/such/file "$work/before.snarl"
run "--save to a device" 125 "cannot write the results file /dev/full" -- \
	"$snarl" run --save /dev/full touch "$work/started"
run "a temporary directory that is not there" 125 "cannot write the results file" -- \
	env TMPDIR=/no/such "$snarl" run touch "$work/started"
run "a limit on file sizes" 125 "File too large" -- \
	sh -c 'ulimit -f 100; exec "$0" run touch "$1"' "$snarl" "$work/started"
claim "no program was started in vain" test ! -e "$work/started"
run "a limit on file sizes that leaves room" 0 "" -- \
	sh -c 'ulimit -f 8000; exec "$0" run true' "$snarl"
run "--json to a full device" 125 "/dev/full" -- "$snarl" run --json /dev/full true
run "--log to a full device" 125 "/dev/full" -- "$snarl" run --log /dev/full --stats true
if [ "$(id -u)" -eq 0 ] && mkdir "$work/small" &&
	mount -t tmpfs -o size=1m none "$work/small" 2>/dev/null; then
	run "a full disk, --save" 125 "small/r.snarl: No space left" -- \
		"$snarl" run --save "$work/small/r.snarl" touch "$work/started"
	claim "nothing is left on a full disk" test ! -e "$work/small/r.snarl"
	run "a full disk, temporary file" 125 "No space left" -- \
		env TMPDIR="$work/small" "$snarl" run touch "$work/started"
	head -c 2000000 /dev/zero >"$work/small/filler" 2>/dev/null
	run "a full disk, --json" 125 "small/r.json" -- \
		"$snarl" run --json "$work/small/r.json" true
	umount "$work/small"
else
	skip "a full disk" "no permission to mount a small file system"
fi
if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null; then
	chmod 755 "$work" && chmod 1777 "$TMPDIR"
	run "a program that gives up privileges is still observed" 66 "" -- env SNARL_FAKE= \
		"$snarl" run setpriv --reuid=65534 --clear-groups env SNARL_FAKE=error true
else
	skip "a program that gives up privileges" "not root, or no setpriv"
fi
