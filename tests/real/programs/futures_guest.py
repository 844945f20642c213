import concurrent.futures
import hashlib
import os
import zlib

BLOCKS = [bytes([n % 251]) * 200000 for n in range(600 // int(os.environ["scale"]))]


def digest(block):
    return hashlib.sha1(zlib.compress(block, 1)).hexdigest()[:4]


with concurrent.futures.ThreadPoolExecutor(4) as pool:
    print(" ".join(pool.map(digest, BLOCKS))[:60])
    futures = [pool.submit(digest, block) for block in BLOCKS]
    done, waiting = concurrent.futures.wait(futures)
    print(len(done), len(waiting))
    nested = pool.submit(lambda: pool.submit(digest, BLOCKS[0]).result())
    print(nested.result())
    failing = pool.submit(int, "no number")
    print(type(failing.exception()).__name__)
