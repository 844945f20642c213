# shows: Apache's event module: files smaller than a page are mapped and unmapped
# needs: apache2 curl
modules=/usr/lib/apache2/modules
cat >conf <<P
ServerRoot $PWD
ServerName localhost
PidFile $PWD/pid
Listen 127.0.0.1:18913
LoadModule mpm_event_module $modules/mod_mpm_event.so
LoadModule authz_core_module $modules/mod_authz_core.so
LoadModule filter_module $modules/mod_filter.so
LoadModule deflate_module $modules/mod_deflate.so
ErrorLog $PWD/errors
DocumentRoot $PWD/www
StartServers 1
ServerLimit 1
ThreadsPerChild 8
MaxRequestWorkers 8
<Directory $PWD/www>
Require all granted
</Directory>
SetOutputFilter DEFLATE
P
mkdir www && chmod 755 . www && seq 3000 >www/a && seq 50 >www/b
ask() { curl -s --compressed http://127.0.0.1:18913/a http://127.0.0.1:18913/b; }
$OBSERVE apache2 -X -f "$PWD/conf" >log 2>&1 &
server=$!
until ask >/dev/null; do kill -0 $server || exit; done
for client in 1 2 3 4; do
	for i in $(seq 20); do ask; done | cksum >"sum$client" &
	clients="$clients $!"
done
wait $clients
cat sum?
kill $server
wait $server
echo $?
