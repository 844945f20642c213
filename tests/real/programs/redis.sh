# shows: io-threads, background threads and a forked save, under load on loopback
# needs: redis-server redis-benchmark redis-cli
port=$((20000 + $$ % 20000))
$OBSERVE redis-server --port $port --bind 127.0.0.1 --save '' --io-threads 2 \
	--io-threads-do-reads yes --appendonly yes --appendfsync everysec --dir "$PWD" >server.log 2>&1 &
server=$!
ask() { redis-cli -p $port "$@"; }

# wait_for COMMAND...: for ten seconds at most.
wait_for() {
	tries=0
	until "$@" || [ $tries -ge 100 ]; do
		tries=$((tries + 1))
		sleep 0.1
	done
}

is_there() { [ "$(ask ping 2>/dev/null)" = PONG ]; }
has_saved() { ! ask info persistence | grep -qE '(in_progress|scheduled):1'; }

wait_for is_there
redis-benchmark -p $port -q -c 20 -n 20000 -t set,get,lpush -P 8 >benchmark.log 2>&1
echo "benchmark $?"
ask bgsave
wait_for has_saved
ask bgrewriteaof
wait_for has_saved
ask set key value
ask flushall async
ask dbsize
ask info persistence | grep -E 'last_bgsave_status|last_bgrewrite_status'
ask shutdown nosave
wait $server
echo "server $?"
