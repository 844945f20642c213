# shows: clang, and LLVM's linker with its pool of threads that is never joined
# needs: clang++ ld.lld
cp "$programs/exceptions_guest.cc" .
$OBSERVE clang++ -std=c++17 -O1 -pthread -fuse-ld=lld exceptions_guest.cc -o guest || exit
./guest
