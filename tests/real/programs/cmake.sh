# shows: cmake's and ninja's trees of processes
# needs: cmake ninja g++
cp "$programs/exceptions_guest.cc" .
cat >CMakeLists.txt <<'END'
cmake_minimum_required(VERSION 3.10)
project(guest CXX)
find_package(Threads)
add_executable(guest exceptions_guest.cc)
target_link_libraries(guest Threads::Threads)
END
$OBSERVE cmake -G Ninja -S . -B out >log || exit
$OBSERVE ninja -C out >>log || exit
out/guest
