# shows: compression by two threads and a writer, and back
# needs: pigz
# modules: libz.so*
$OBSERVE pigz -p2 -c "$data" >compressed || exit
cksum <compressed
$OBSERVE pigz -d -c compressed | cksum
