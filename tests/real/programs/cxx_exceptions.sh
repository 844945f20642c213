# shows: thrown and rethrown exceptions, futures, shared locks, in a C++ program
# needs: g++
cp "$programs/exceptions_guest.cc" .
g++ -std=c++17 -O2 -pthread exceptions_guest.cc -o guest || exit
$OBSERVE ./guest
$OBSERVE ./guest uncaught 2>/dev/null
