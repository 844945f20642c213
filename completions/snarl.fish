# Completion for fish.  What there is comes from the command's own help.

function __snarl_commands
    snarl --help 2>/dev/null | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\).*/\1/p'
end

function __snarl_options
    set -l words (commandline -opc)
    snarl $words[2] --help 2>/dev/null | sed -n 's/^  \(--[a-z-]*\).*/\1/p'
end

function __snarl_values
    set -l words (commandline -opc)
    set -l option (string replace -r '=.*' '' -- (commandline -ct))
    snarl $words[2] --help 2>/dev/null | sed -n "s/^  $option=\([a-z|]*\).*/\1/p" | string split '|' |
        string replace -r '^' "$option="
end

complete -c snarl -n '__fish_is_first_token' -f -a '(__snarl_commands) --help --version'
complete -c snarl -n 'not __fish_is_first_token; and string match -q -- "--*=*" (commandline -ct)' -f -a '(__snarl_values)'
complete -c snarl -n 'not __fish_is_first_token; and string match -q -- "-*" (commandline -ct)' -f -a '(__snarl_options)'
