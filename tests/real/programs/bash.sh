# shows: subshells, pipelines, traps, here documents, coprocesses
# needs: bash
$OBSERVE bash -c '
for i in $(seq 40); do echo $i | tr 1-9 a-i; done | sort | cksum
coproc tee; echo hello >&"${COPROC[1]}"; read -r line <&"${COPROC[0]}"; echo "$line"
trap "echo trapped" USR1; kill -USR1 $$; diff <(seq 5) <(seq 6); (exit 7); echo $?
ulimit -n 64; exec 3<<<text; cat <&3; sleep 5 & kill $!; wait $!; echo $?; exit 4'
