# shows: worker threads, slab mover and log threads under loopback connections
# needs: memcached python3
# modules: libevent*
port=$((20000 + $$ % 20000))
$OBSERVE memcached -u nobody -l 127.0.0.1 -p $port -U 0 -t 3 -m 8 >server.log 2>&1 &
server=$!
"$PYTHON" "$programs/memcached_client.py" $port
kill -TERM $server
wait $server
echo "server $?"
