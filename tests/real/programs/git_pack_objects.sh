# shows: delta search by threads of different speed
# needs: git
# modules: libz.so*
export HOME="$PWD" GIT_CONFIG_NOSYSTEM=1
git init -q repository
cp /usr/include/*.h /usr/include/linux/*.h repository/
git -C repository add -A
git -C repository -c user.name=real -c user.email=real@localhost commit -q -m headers
# With several threads the pack itself differs from run to run.
$OBSERVE git -C repository pack-objects -q --revs --all --stdout --threads=2 --window=40 \
	</dev/null >pack || exit
git index-pack pack.pack 2>/dev/null
$OBSERVE git -C repository rev-list --all --objects | wc -l
$OBSERVE git init -q copy
(cd copy && $OBSERVE git unpack-objects -q <../pack; $OBSERVE git fsck --full --connectivity-only 2>&1 | grep -c .)
(cd copy && git count-objects)
