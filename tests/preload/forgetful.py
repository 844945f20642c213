"""Runs much of what has large switches (a database, parsers, compressors), in two threads at once."""
import ast
import bz2
import datetime
import decimal
import hashlib
import json
import lzma
import pickle
import re
import sqlite3
import struct
import threading
import xml.dom.minidom
import zlib


def database():
    connection = sqlite3.connect(":memory:")
    connection.execute("create table t(a integer primary key, b text, c real)")
    rows = [(f"w{i % 17}", i / 7) for i in range(300)]
    connection.executemany("insert into t(b, c) values(?, ?)", rows)
    yield connection.execute(
        "select b, count(*), sum(c), group_concat(a) from t "
        "where b like 'w1%' group by b order by 3 desc limit 5").fetchall()
    yield connection.execute(
        "with recursive f(x, y) as (select 1, 1 union all select x + 1, y * x from f where x < 10) "
        "select sum(y), max(y) from f").fetchall()


def texts():
    yield xml.dom.minidom.parseString("<a b='1'><!--x--><c>&amp;t</c><d/>é</a>").toxml()
    yield re.sub(r"(?i)(\w+)\s(?=\d)|[^a-z]{2}", lambda m: m.group(0)[::-1],
                 "Hello 12 -- World 34 (a|b)*")
    yield ast.dump(ast.parse("lambda x: x + 1 if x else {**x}"))
    yield json.loads(json.dumps({"a": [1, 2.5, None, True, "\u00e9\n"]}))
    yield "{:>10}|{:,}".format(1, 123456) + "%s %r %x %e %.3g" % (1, "a", 255, 1e10, 3.14159)
    yield datetime.datetime(2020, 2, 29).strftime("%A %d %B %Y %j %U")
    yield str(decimal.Decimal(2).sqrt() * decimal.Decimal("1e-7"))


def packed():
    yield len(pickle.dumps([{i: str(i), (i,): [1.5 * i]} for i in range(99)]))
    yield struct.pack("<ihqd3s", 1, 2, 3, 4.5, b"abc")
    yield zlib.crc32(lzma.decompress(lzma.compress(b"abc" * 5000 + bytes(range(256)) * 20)))
    yield zlib.crc32(bz2.decompress(bz2.compress(b"xyz" * 5000)))
    yield hashlib.sha256(b"abc" * 1000).hexdigest()


results = [None, None]


def run(part):
    results[part] = [*database(), *texts(), *packed()]


threads = [threading.Thread(target=run, args=(part,)) for part in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(results)
