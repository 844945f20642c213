# shows: tar, sort, find and xargs: small programs, where starting is all
# needs: tar sort find
mkdir tree && cp /usr/include/*.h tree/
$OBSERVE tar --sort=name --owner=0 --group=0 --mtime=@0 --mode=644 -cf - tree | cksum
$OBSERVE find tree -name 's*.h' -exec grep -c include {} \; | sort | cksum
find tree -name '*.h' | sort | $OBSERVE xargs -n 4 -P 2 true
cat tree/*.h | $OBSERVE sort --parallel=4 -S 1M | cksum
