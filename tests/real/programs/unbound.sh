# shows: a name server's threads, each with its own event loop
# needs: unbound python3
port=$((20000 + $$ % 20000))
cat >unbound.conf <<END
server:
  interface: 127.0.0.1
  port: $port
  num-threads: 3
  do-daemonize: no
  chroot: ""
  username: ""
  directory: "$PWD"
  pidfile: "$PWD/unbound.pid"
  use-syslog: no
  local-data: "a.test. A 10.0.0.1"
  module-config: "iterator"
remote-control:
  control-enable: no
END
$OBSERVE unbound -d -c unbound.conf 2>log &
server=$!
"$PYTHON" "$programs/unbound_client.py" "$port"
kill -TERM $server
wait $server
echo "server $?"
