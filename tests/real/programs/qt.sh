# shows: Qt's locks, semaphores, thread pool and queued calls, in a library of the system
# needs: g++ pkg-config /usr/include/x86_64-linux-gnu/qt5/QtCore/QMutex
# shellcheck disable=SC2046 # options are words
g++ -O2 -g -fPIC "$programs/qt_guest.cc" -o guest $(pkg-config --cflags --libs Qt5Core) || exit
$OBSERVE ./guest
