# shows: another allocator preloaded beside ours, under threads and C++
# needs: libtcmalloc.so.4 pigz pbzip2 python3
$OBSERVE env LD_PRELOAD=libtcmalloc.so.4 pigz -p2 -c "$data" | cksum
$OBSERVE env LD_PRELOAD=libtcmalloc.so.4 pbzip2 -p2 -c -k "$data" | cksum
$OBSERVE env LD_PRELOAD=libtcmalloc.so.4 "$PYTHON" "$programs/futures_guest.py"
