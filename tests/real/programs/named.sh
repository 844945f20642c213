# shows: BIND: libuv, its own read-write locks and reference counts
# needs: named dig
cat >conf <<P
options {
	directory "$PWD"; pid-file "$PWD/pid"; session-keyfile "$PWD/key";
	listen-on port 15354 { 127.0.0.1; }; listen-on-v6 { none; };
	recursion no; dnssec-validation no;
};
controls { };
zone "example.test" { type primary; file "zone"; };
P
{
	echo 'example.test. 300 SOA ns.example.test. a.b. 1 60 60 600 60'
	echo 'example.test. 300 NS ns.example.test.'
	echo 'ns.example.test. 300 A 127.0.0.1'
	for i in $(seq 200); do echo "h$i.example.test. 300 A 10.0.0.$i"; done
} >zone
ask() { dig @127.0.0.1 -p 15354 +short "$@"; }
$OBSERVE named -n 3 -g -c conf >log 2>&1 &
server=$!
until ask +timeout=1 +tries=1 h1.example.test 2>/dev/null | grep -q 10.0.0.1; do
	kill -0 $server || exit
done
for client in 1 2 3 4; do
	for i in $(seq 15); do
		ask "h$((i * client)).example.test"
		[ $((i % 5)) -gt 0 ] || ask +tcp "h$i.example.test"
	done >"found$client" &
	clients="$clients $!"
done
wait $clients
cat found? | cksum
kill $server
wait $server
echo $?
