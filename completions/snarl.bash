# Completion for bash.  What there is comes from the command's own help.

_snarl() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
	local snarl=${COMP_WORDS[0]} command=${COMP_WORDS[1]} i

	COMPREPLY=()
	if ((COMP_CWORD == 1)); then
		COMPREPLY=($(compgen -W "--help --version $("$snarl" --help 2>/dev/null |
			sed -n '/^Commands:/,/^$/s/^  \([a-z]*\).*/\1/p')" -- "$word"))
		return
	fi
	# "--color=al" comes as three words.
	if [[ $word == = ]]; then word=; elif [[ $before == = ]]; then before=${COMP_WORDS[COMP_CWORD - 2]}; fi
	# From PROGRAM on its own words are completed.
	if [[ $command == run ]]; then
		for ((i = 2; i < COMP_CWORD; i++)); do
			[[ ${COMP_WORDS[i]} == -* || ${COMP_WORDS[i]} == = || ${COMP_WORDS[i - 1]} == = ]] && continue
			"$snarl" run --help 2>/dev/null | grep -q -e "^  ${COMP_WORDS[i - 1]} [A-Z]" && continue
			type _command_offset >/dev/null 2>&1 && _command_offset $i
			return
		done
	fi
	if [[ $before == --* ]]; then
		COMPREPLY=($(compgen -W "$("$snarl" "$command" --help 2>/dev/null |
			sed -n "s/^  $before=\([a-z|]*\).*/\1/p" | tr '|' ' ')" -- "$word"))
		((${#COMPREPLY[@]})) && return
	fi
	if [[ $word == -* ]]; then
		COMPREPLY=($(compgen -W "$("$snarl" "$command" --help 2>/dev/null |
			sed -n 's/^  \(--[a-z-]*\)\([= ]\{0,1\}\).*/\1/p')" -- "$word"))
		return
	fi
	compopt -o default 2>/dev/null
}
complete -F _snarl snarl
