# What is told of a program of one thread that has locked by very many stacks.

# described FILE: the text has the hold's call site alone, the JSON all of the first use.
described() {
	grep -q "callers not recorded" "$1.txt" || { cat "$1.txt"; return 1; }
	sed -n '/"first_used"/,$p' "$1.json" | grep -q '"use_first"' || { cat "$1.json"; return 1; }
}

if [ ! -e "$(dirname "$built")/preload/libsnarl.so" ] ||
	! $CC -g -O0 -pthread -o "$work/lonely" "$srcdir/tests/command/lonely.c" 2>"$work/err"; then
	skip "lonely" "no preload/libsnarl.so beside $built, or no compiler"
else
	timeout 60 "$built" run --log "$work/lonely.txt" --json "$work/lonely.json" "$work/lonely"
	claim "lonely: a call site, and all of a first use" described "$work/lonely"
fi
