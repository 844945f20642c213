# shows: a linker with TBB in it, made without unwind tables: most of its code is not observed
# needs: g++ mold
cp "$programs/exceptions_guest.cc" .
g++ -std=c++17 -O1 -c exceptions_guest.cc || exit
for how in -static -pie; do
	$OBSERVE g++ $how -pthread -fuse-ld=mold exceptions_guest.o -o guest || exit
	./guest || exit
done
