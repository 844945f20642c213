# A headline names its file as it can be opened from the folder that the report is made in,
# though the compiler was called in another one by a relative name.

# headed FOLDER FILE: a report made in FOLDER has headlines of FILE and of no other.
headed() {
	(cd "$1" && timeout 60 "$snarl_here" run --log "$work/places.txt" "$work/placed/source/fingered")
	grep -q "^$2:[0-9]*: error: " "$work/places.txt" || { cat "$work/places.txt"; return 1; }
	! grep ": error: " "$work/places.txt" | grep -v "^$2:[0-9]*: \|^ "
}

mkdir -p "$work/placed/source" "$work/placed/other" &&
	cp "$srcdir/tests/command/fingered.c" "$work/placed/source"
snarl_here=$(realpath "$built")
if [ ! -e "$(dirname "$built")/preload/libsnarl.so" ] ||
	! (cd "$work/placed/source" && $CC -g -pthread -o fingered fingered.c 2>"$work/err"); then
	skip "places" "no preload/libsnarl.so beside $built, or no compiler"
else
	claim "places: in the folder of the source" headed "$work/placed/source" fingered.c
	claim "places: above it" headed "$work/placed" source/fingered.c
	claim "places: beside it" headed "$work/placed/other" "$work/placed/source/fingered.c"
fi
