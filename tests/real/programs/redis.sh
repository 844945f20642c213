# shows: io-threads, background threads and a forked save, under load on loopback
# needs: redis-server redis-benchmark redis-cli
port=$((20000 + $$ % 20000))
$OBSERVE redis-server --port $port --bind 127.0.0.1 --save '' --io-threads 3 \
	--io-threads-do-reads yes --appendonly yes --appendfsync everysec --dir "$PWD" >server.log 2>&1 &
server=$!
ask() { redis-cli -p $port "$@"; }
tries=0
until [ "$(ask ping 2>/dev/null)" = PONG ] || [ $tries -ge 100 ]; do
	tries=$((tries + 1))
	sleep 0.1
done
redis-benchmark -p $port -q -c 50 -n 40000 -t set,get,lpush,incr -P 4 >benchmark.log 2>&1
echo "benchmark $?"
ask get counter:__rand_int__
ask bgsave
ask bgrewriteaof
ask set key value
ask flushall async
ask dbsize
# The save is a forked child's work: end only once that is over.
tries=0
while ask info persistence | grep -q 'in_progress:1' && [ $tries -lt 100 ]; do
	tries=$((tries + 1))
	sleep 0.1
done
ask info persistence | grep -E 'last_bgsave_status|last_bgrewrite_status'
ask shutdown nosave
wait $server
echo "server $?"
