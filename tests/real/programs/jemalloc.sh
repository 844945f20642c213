# shows: another allocator preloaded beside ours, under threads and C++
# needs: libjemalloc.so.2 pigz pbzip2 python3
$OBSERVE env LD_PRELOAD=libjemalloc.so.2 pigz -p2 -c "$data" | cksum
$OBSERVE env LD_PRELOAD=libjemalloc.so.2 pbzip2 -p2 -c -k "$data" | cksum
$OBSERVE env LD_PRELOAD=libjemalloc.so.2 "$PYTHON" "$programs/futures_guest.py"
