import socket
import sys
import threading
import time


def connect():
    for _ in range(100):
        try:
            return socket.create_connection(("127.0.0.1", int(sys.argv[1])), 20)
        except OSError:
            time.sleep(0.1)
    sys.exit("the server does not answer")


def talk(number, hits):
    with connect() as connection, connection.makefile("rb") as answers:
        for turn in range(800):
            key = b"key%d" % (turn % 40)
            value = b"x" * (200 + turn)
            connection.sendall(b"set %s 0 0 %d\r\n%s\r\nget %s\r\n" % (key, len(value), value, key))
            assert answers.readline() == b"STORED\r\n"
            header = answers.readline().split()
            answers.read(int(header[3]) + 2)
            assert answers.readline() == b"END\r\n"
            hits[number] += 1


hits = [0] * 4
connect().close()
threads = [threading.Thread(target=talk, args=(n, hits)) for n in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(hits)
