# shows: tar, sort and find: small programs whose start-up counts
# needs: tar sort find
mkdir tree && cp /usr/include/*.h tree/
$OBSERVE tar --sort=name --owner=0 --group=0 --mtime=@0 --mode=644 -cf - tree | cksum
$OBSERVE find tree -name '*.h' -exec $OBSERVE true {} \; -print | sort | cksum
cat tree/*.h | $OBSERVE sort --parallel=4 -S 1M | cksum
