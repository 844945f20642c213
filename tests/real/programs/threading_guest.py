import sys
import threading

sys.setswitchinterval(0.0005)
lock, relock, condition = threading.Lock(), threading.RLock(), threading.Condition()
event, slots, barrier = threading.Event(), threading.BoundedSemaphore(2), threading.Barrier(4)
local = threading.local()
total, turn = 0, 0


def work(number):
    global total, turn
    local.sum = 0
    event.wait()
    for i in range(20000):
        with slots, relock, relock, lock:
            total += i
        local.sum += i
    barrier.wait()
    with condition:
        condition.wait_for(lambda: turn == number)
        turn += 1
        condition.notify_all()
    assert local.sum == 20000 * 19999 // 2


threads = [threading.Thread(target=work, args=(n,), daemon=n == 3) for n in range(4)]
for thread in threads:
    thread.start()
event.set()
for thread in threads:
    thread.join()
for _ in range(200):
    short = threading.Thread(target=lambda: None)
    short.start()
    short.join(10)
timer = threading.Timer(0.01, event.clear)
timer.start()
timer.join()
print(total, turn, event.is_set(), threading.active_count())
