# shows: a master, two workers, a thread pool for files; loopback requests
# needs: nginx curl
port=$((20000 + $$ % 20000))
mkdir -p www logs tmp
seq 20000 >www/numbers
cat >nginx.conf <<END
daemon off; master_process on; worker_processes 2; pid $PWD/nginx.pid; error_log $PWD/logs/error.log;
user root;
thread_pool files threads=4;
events { worker_connections 64; }
http { access_log off; client_body_temp_path tmp; proxy_temp_path tmp; fastcgi_temp_path tmp;
uwsgi_temp_path tmp; scgi_temp_path tmp;
server { listen 127.0.0.1:$port; root $PWD/www; aio threads=files; } }
END
$OBSERVE nginx -p "$PWD" -c nginx.conf 2>start.log &
server=$!
tries=0
until curl -s -o /dev/null "http://127.0.0.1:$port/" || [ $tries -ge 100 ]; do
	tries=$((tries + 1))
	sleep 0.1
done
for i in 1 2 3 4 5 6 7 8 9 10; do curl -s "http://127.0.0.1:$port/numbers" | cksum; done | uniq -c
curl -s -o /dev/null -w '%{http_code}\n' "http://127.0.0.1:$port/missing"
kill -HUP $server
curl -s --retry 20 --retry-connrefused "http://127.0.0.1:$port/numbers" | cksum
kill -QUIT $server
wait $server
echo "server $?"
