import sqlite3
import threading

shared = sqlite3.connect("shared.db", check_same_thread=False, isolation_level=None)
shared.execute("PRAGMA journal_mode=WAL")
shared.execute("PRAGMA synchronous=OFF")
shared.execute("CREATE TABLE t(thread INTEGER, value INTEGER)")
guard = threading.Lock()


def work(number):
    own = sqlite3.connect("shared.db", timeout=60, isolation_level=None)
    for value in range(150):
        own.execute("INSERT INTO t VALUES (?, ?)", (number, value))
        if value % 10 == 0:
            with guard:
                shared.execute("SELECT count(*) FROM t").fetchall()
    own.close()


threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(shared.execute("SELECT thread, count(*), sum(value) FROM t GROUP BY thread").fetchall())
shared.close()

memory = sqlite3.connect(":memory:", check_same_thread=False)
memory.executescript("CREATE TABLE n(i); WITH RECURSIVE c(i) AS"
                     " (SELECT 1 UNION ALL SELECT i+1 FROM c WHERE i<20000) INSERT INTO n SELECT i FROM c")
sums = []
readers = [
    threading.Thread(target=lambda: sums.append(memory.execute("SELECT sum(i) FROM n").fetchone()[0]))
    for _ in range(8)
]
for reader in readers:
    reader.start()
for reader in readers:
    reader.join()
print(sums)
