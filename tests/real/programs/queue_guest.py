import hashlib
import queue
import threading

jobs, results = queue.Queue(16), queue.SimpleQueue()
ordered = queue.PriorityQueue()


def consume():
    while (job := jobs.get()) is not None:
        results.put(hashlib.sha256(job).digest()[0])
        ordered.put(job[0])
        jobs.task_done()
    jobs.task_done()


def produce(start):
    for i in range(start, 40000, 3):
        jobs.put((i % 256).to_bytes(1, "little") * 4096)


consumers = [threading.Thread(target=consume) for _ in range(3)]
producers = [threading.Thread(target=produce, args=(n,)) for n in range(3)]
for thread in consumers + producers:
    thread.start()
for thread in producers:
    thread.join()
for _ in consumers:
    jobs.put(None)
jobs.join()
for thread in consumers:
    thread.join()
print(sum(results.get() for _ in range(40000)), sum(ordered.get() for _ in range(40000)))
