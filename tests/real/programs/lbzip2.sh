# shows: a compressor that schedules its workers itself, in one address space
# needs: lbzip2
head -c 4000000 "$data" >input
$OBSERVE lbzip2 -n2 -c input >compressed || exit
cksum <compressed
$OBSERVE lbzip2 -n2 -d -c compressed | cksum
