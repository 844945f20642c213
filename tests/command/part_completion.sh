# Completion: bash is asked what it would offer.

# offers WORDS... -- WANTED...: for the last of WORDS, split as bash does it.
offers() {
	name=$1
	shift
	bash -c '. "$1"; shift
		snarl=$1; shift
		COMP_WORDS=("$snarl"); while [ "$1" != -- ]; do COMP_WORDS+=("$1"); shift; done; shift
		COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _snarl
		[ "$(printf "%s\n" "${COMPREPLY[@]}" | sort | tr "\n" " ")" = "$(printf "%s\n" "$@" | sort | tr "\n" " ")" ] ||
			{ echo "${COMPREPLY[@]}"; exit 1; }' - "$srcdir/completions/snarl.bash" "$snarl" "$@" \
		>"$work/err" 2>&1 && ok "completion: $name" || not_ok "completion: $name"
}

if command -v bash >/dev/null; then
	offers "a command" re -- report replay
	offers "an option" run --js -- --json --json-lines
	offers "an option of that command alone" report --timeo --
	offers "a value" run --color = a -- auto always
	offers "all values" report --color = -- auto always never
	offers "nothing of snarl's behind the program" run --quiet make --js --
	offers "options behind a value of its own" run --json out --qui -- --quiet
else
	skip "completion" "no bash"
fi
