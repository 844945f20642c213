# shows: a C++ program with producer, consumers and writer
# needs: pbzip2
# modules: libbz2.so*
$OBSERVE pbzip2 -p2 -c -k "$data" >compressed || exit
cksum <compressed
$OBSERVE pbzip2 -p2 -d -c compressed | cksum
