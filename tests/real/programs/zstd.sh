# shows: zstd's thread pool
# needs: zstd
# modules: libzstd.so*
$OBSERVE zstd -q -T2 -9 -c "$data" >compressed || exit
cksum <compressed
$OBSERVE zstd -q -d -c compressed | cksum
