# shows: the threaded resolver and parallel transfers of curl, on loopback
# needs: curl python3
seq 50000 >numbers
: >server.log
"$PYTHON" -u -m http.server --bind 127.0.0.1 0 >server.log 2>&1 &
server=$!
tries=0
until port=$(sed -n 's/.* port \([0-9]*\) .*/\1/p' server.log) && [ -n "$port" ] || [ $tries -ge 100 ]; do
	tries=$((tries + 1))
	sleep 0.1
done
$OBSERVE curl -s "http://localhost:$port/numbers" | cksum
$OBSERVE curl -s -Z "http://localhost:$port/numbers" -o a "http://127.0.0.1:$port/numbers" -o b 2>progress
echo $?
cksum a b
$OBSERVE curl -s "http://no.such.host.invalid/"
echo $?
kill $server
