# shows: OpenLDAP's pool of threads
# needs: slapd ldapsearch ldapadd ldapmodify
url=ldap://127.0.0.1:13890
cat >conf <<P
include /etc/ldap/schema/core.schema
pidfile $PWD/pid
threads 4
modulepath /usr/lib/ldap
moduleload back_mdb
database mdb
suffix dc=x
rootdn cn=a,dc=x
rootpw p
directory $PWD/db
index cn eq
P
mkdir db
$OBSERVE slapd -d 0 -h $url -f conf >log 2>&1 &
server=$!
until ldapsearch -x -H $url -b "" -s base >/dev/null 2>&1; do kill -0 $server || exit; done
{
	printf 'dn: dc=x\nobjectClass: dcObject\nobjectClass: organization\no: x\ndc: x\n\n'
	for i in $(seq 60); do
		printf 'dn: cn=p%d,dc=x\nobjectClass: person\ncn: p%d\nsn: s\n\n' "$i" "$i"
	done
} | ldapadd -x -H $url -D cn=a,dc=x -w p >/dev/null || echo "not added"
for client in 1 2 3 4; do
	for i in $(seq 12); do
		ldapsearch -x -LLL -H $url -b dc=x "(cn=p$((i * client)))" cn
		printf 'dn: cn=p%d,dc=x\nchangetype: modify\nreplace: sn\nsn: t\n' "$i" |
			ldapmodify -x -H $url -D cn=a,dc=x -w p >/dev/null
	done >"found$client" &
	clients="$clients $!"
done
wait $clients
cat found? | cksum
kill -INT $server
wait $server
echo $?
