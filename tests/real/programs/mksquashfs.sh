# shows: threads that read, compress and write blocks, in order
# needs: mksquashfs unsquashfs
mkdir in
split -b 200000 -d "$data" in/part. && rm -f in/part.[1-9]*
$OBSERVE mksquashfs in out.sq -processors 4 -all-time 0 -mkfs-time 0 -no-progress -quiet || exit
$OBSERVE unsquashfs -processors 4 -no-progress -quiet -dest back out.sq >/dev/null || exit
cat back/* | cksum
cat in/* | cksum
