"""Two threads that take two locks in both orders: `crossed.py RLock` or `crossed.py Lock`."""
import sys
import threading

first = getattr(threading, sys.argv[1])()
second = getattr(threading, sys.argv[1])()
both_are_there = threading.Barrier(2)


def take(one, other):
    with one:
        both_are_there.wait()
        with other:
            print("unreachable")


threads = [threading.Thread(target=take, args=locks)
           for locks in ((first, second), (second, first))]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
