# shows: a database server: its own read-write locks and lock-free lists, three clients (not in ORDER: its warnings are
# not all examined)
# needs: mariadbd mysql_install_db mariadb
# timeout: 600
mkdir data
mysql_install_db --no-defaults --datadir="$PWD/data" --user=root --skip-name-resolve \
	--auth-root-authentication-method=normal >install.log 2>&1 || exit
# The path of a socket is short.
socket=$(mktemp -u /tmp/real-XXXXXX.sock)
$OBSERVE mariadbd --no-defaults --user=root --datadir="$PWD/data" --socket="$socket" --skip-networking \
	--innodb-buffer-pool-size=16M --pid-file="$PWD/pid" >server.log 2>&1 &
server=$!
ask() { mariadb --no-defaults -S "$socket" -u root -N "$@"; }
tries=0
until ask -e 'select 1' >/dev/null 2>&1 || [ $tries -ge 1200 ]; do
	tries=$((tries + 1))
	sleep 0.1
done
ask -e 'create database d; create table d.t (a int primary key auto_increment, b int, key (b)) engine=innodb'
for client in 1 2 3; do
	seq $((40 / scale)) | sed "s/.*/insert into t (b) values (&); update t set b = b + 1 where a % 7 = $client;/" |
		ask d 2>>client.log &
	clients="$clients $!"
done
# shellcheck disable=SC2086 # numbers are words
wait $clients
ask -e 'select count(*) from d.t; check table d.t; drop database d'
kill -TERM $server
wait $server
echo "server $?"
