# shows: knotd: read-copy-update, zones loaded anew while they are served
# needs: knotd kdig
cat >conf <<P
server:
    rundir: "$PWD/run"
    listen: 127.0.0.1@15353
    udp-workers: 3
    tcp-workers: 2
    background-workers: 2
database:
    storage: "$PWD/db"
zone:
  - domain: example.test
    file: "$PWD/zone"
    storage: "$PWD"
P
mkdir run db
{
	echo 'example.test. 300 SOA ns.example.test. a.b. 1 60 60 600 60'
	echo 'example.test. 300 NS ns.example.test.'
	echo 'ns.example.test. 300 A 127.0.0.1'
	for i in $(seq 200); do echo "h$i.example.test. 300 A 10.0.0.$i"; done
} >zone
ask() { kdig @127.0.0.1 -p 15353 +short "$@"; }
$OBSERVE knotd -c conf >log 2>&1 &
server=$!
until ask +timeout=1 +retry=0 h1.example.test 2>/dev/null | grep -q 10.0.0.1; do
	kill -0 $server || exit
done
for client in 1 2 3 4; do
	for i in $(seq 25); do
		ask "h$((i * client)).example.test"
		[ $((i % 5)) -gt 0 ] || ask +tcp "h$i.example.test"
	done >"found$client" &
	clients="$clients $!"
done
sed -i 's/ 1 60 60/ 2 60 60/' zone
kill -HUP $server
wait $clients
cat found? | cksum
kill $server
wait $server
echo $?
