# shows: pools of threads, a herder for each, epoll and an expiry thread; statistics without locks
# needs: varnishd curl python3
port=$((20000 + $$ % 20000))
mkdir files
echo hello >files/a
$PYTHON -m http.server --bind 127.0.0.1 --directory files $((port + 1)) >files.log 2>&1 &
files=$!
$OBSERVE varnishd -j none -F -n "$PWD/v" -a 127.0.0.1:$port -b 127.0.0.1:$((port + 1)) \
	-s malloc,20M >server.log 2>&1 &
server=$!
is_there() { [ "$(curl -s "http://127.0.0.1:$port/a")" = hello ]; }
tries=0
until is_there || [ $tries -ge 300 ]; do
	tries=$((tries + 1))
	sleep 0.1
done
for client in 1 2 3; do
	curl -s "http://127.0.0.1:$port/a?[1-30]" >"$client.out" &
	clients="$clients $!"
done
# shellcheck disable=SC2086 # numbers are words
wait $clients
cat ./*.out | cksum
kill $files
kill $server
wait $server
echo "server $?"
