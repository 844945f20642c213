# shows: liblzma's worker threads
# needs: xz
# modules: liblzma.so*
$OBSERVE xz -T2 -1 -c --block-size=2MiB "$data" >compressed || exit
cksum <compressed
$OBSERVE xz -T2 -d -c compressed | cksum
