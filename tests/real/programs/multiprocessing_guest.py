import multiprocessing
import os


def square(number):
    return number * number


def count(lock, total, queue):
    for _ in range(500):
        with lock:
            total.value += 1
    queue.put(total.value > 0)


def run(context):
    with context.Pool(3) as pool:
        print(sum(pool.map(square, range(2000), 50)))
    lock, total, queue = context.Lock(), context.Value("i", 0), context.Queue()
    workers = [context.Process(target=count, args=(lock, total, queue)) for _ in range(3)]
    for worker in workers:
        worker.start()
    print([queue.get(timeout=30) for _ in workers])
    for worker in workers:
        worker.join()
    print(total.value, [worker.exitcode for worker in workers])
    ours, theirs = context.Pipe()
    dead = context.Process(target=os._exit, args=(5,))
    dead.start()
    dead.join()
    print(dead.exitcode, ours.poll(0))


if __name__ == "__main__":
    for method in ("fork", "spawn", "forkserver"):
        run(multiprocessing.get_context(method))
