import os
import signal
import subprocess
import sys
import threading

lines, lock = [], threading.Lock()


def start(number):
    for turn in range(6):
        options = {} if turn % 2 else {"preexec_fn": lambda: None}
        text = "%d %d" % (number, turn)
        out = subprocess.run(["cat"], input=text, capture_output=True, text=True, **options)
        with lock:
            lines.append(out.stdout)


threads = [threading.Thread(target=start, args=(n,)) for n in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(sorted(lines))
print(subprocess.run("echo shell $((6 * 7)) | tr a-z A-Z", shell=True, capture_output=True).stdout)
print(subprocess.run(["sh", "-c", "kill -9 $$"]).returncode, subprocess.run(["false"]).returncode)
sleeper = subprocess.Popen(["sleep", "60"])
sleeper.send_signal(signal.SIGTERM)
print(sleeper.wait(), os.system("exit 3") >> 8)
print(os.waitstatus_to_exitcode(os.waitpid(os.posix_spawnp("sh", ["sh", "-c", "exit 7"], os.environ), 0)[1]))
sys.stdout.flush()
child = os.fork()
if child == 0:
    inner = threading.Thread(target=lambda: None)
    inner.start()
    inner.join()
    os._exit(9)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
