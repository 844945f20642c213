# shows: four threads that share listeners, a queue of accepted connections, timers and servers
# needs: haproxy curl
port=$((20000 + $$ % 20000))
cat >haproxy.cfg <<END
global
	nbthread 4
	maxconn 200
	stats socket $PWD/admin.sock mode 600 level admin
defaults
	mode http
	timeout connect 5s
	timeout client 5s
	timeout server 5s
frontend front
	bind 127.0.0.1:$port
	default_backend back
backend back
	server one 127.0.0.1:$((port + 1)) check inter 50ms
frontend answers
	bind 127.0.0.1:$((port + 1))
	http-request return status 200 content-type text/plain string "answered"
END
$OBSERVE haproxy -db -f haproxy.cfg >server.log 2>&1 &
server=$!
is_there() { [ "$(curl -s "http://127.0.0.1:$port/")" = answered ]; }
tries=0
until is_there || [ $tries -ge 300 ]; do
	tries=$((tries + 1))
	sleep 0.1
done
for client in 1 2 3 4; do
	curl -s "http://127.0.0.1:$port/[1-100]" >"$client.out" &
	clients="$clients $!"
done
# shellcheck disable=SC2086 # numbers are words
wait $clients
cat ./*.out | cksum
kill -USR1 $server
wait $server
echo "server $?"
