# shows: a message broker and a client with a thread of its library
# needs: mosquitto mosquitto_pub mosquitto_sub
# modules: libmosquitto*
port=$((20000 + $$ % 20000))
printf 'listener %s 127.0.0.1\nallow_anonymous true\n' $port >config
$OBSERVE mosquitto -c config >server.log 2>&1 &
server=$!
tries=0
until mosquitto_pub -p $port -t kept -r -m ready 2>/dev/null || [ $tries -ge 600 ]; do
	tries=$((tries + 1))
	sleep 0.1
done
$OBSERVE mosquitto_sub -p $port -t kept -t numbers -C 21 >heard &
listener=$!
tries=0
until [ -s heard ] || [ $tries -ge 600 ]; do
	tries=$((tries + 1))
	sleep 0.1
done
for number in $(seq 20); do mosquitto_pub -p $port -q 1 -t numbers -m "$number"; done
wait $listener
echo "listener $?"
cksum <heard
kill -TERM $server
wait $server
echo "server $?"
