#!/usr/bin/env python3
"""Each lock of the guest library has its row in preload/process/parts.def.

A lock that nobody cares for at a fork is held in the child for ever if another thread
held it.  All declarations of struct runtime_lock and struct spin_lock are looked up,
and what the rows name is followed to such a declaration.
"""
import os
import re
import sys

SOURCES = ["src", "preload"]
PARTS = "preload/process/parts.def"

# Locks of single objects: many, so that no row can name them.
EXCUSED = {
    "sync_info.busy": "detector_forked() gives back those of objects, channels_forked() those "
                      "of channels",
    "atomic_location.busy": "atomic_table_forked() gives them back",
}

LOCK = re.compile(r"^(\t*)(?:static |extern )*struct (?:runtime|spin)_lock (\w+)\s*[;=]")
VARIABLE = re.compile(r"^(?:extern )?struct (\w+) (\w+)( = [^;]+)?;", re.M)
MEMBER = re.compile(r"^\tstruct (\w+) \*?(\w+);", re.M)
STRUCT = re.compile(r"^struct (\w+) \{(.*?)^\}", re.M | re.S)
ROW_LOCK = re.compile(r"\b(?:TAKEN|RESET)\(([\w.>-]+)\)")


def read_sources(root):
    """Texts of all our C files, by path."""
    texts = {}
    for top in SOURCES:
        for folder, _, files in os.walk(os.path.join(root, top)):
            for name in files:
                if name.endswith((".c", ".h")):
                    path = os.path.join(folder, name)
                    with open(path, encoding="utf-8") as file:
                        texts[os.path.relpath(path, root)] = file.read()
    return texts


def find_locks(texts):
    """Where each lock is declared: 'variable', or 'type.member'."""
    locks = {}
    for path, text in texts.items():
        inside = None
        for line in text.splitlines():
            struct = re.match(r"(?:static )?struct (\w*) ?\{", line)
            if struct:
                inside = struct.group(1) or "?"
            elif line.startswith("}"):
                inside = None
            lock = LOCK.match(line)
            if lock:
                name = f"{inside}.{lock.group(2)}" if inside else lock.group(2)
                locks.setdefault(name, path)
    return locks


def resolve(expression, variables, members):
    """What 'detector.stacks.lock' is called by find_locks(): 'stack_depot.lock'."""
    first, *rest = re.split(r"\.|->", expression)
    kind = variables.get(first)
    for member in rest[:-1]:
        kind = members.get((kind, member))
    return f"{kind}.{rest[-1]}" if rest else first


def main():
    root = os.environ.get("srcdir", ".")
    texts = read_sources(root)
    variables, members = {}, {}
    for text in texts.values():
        variables.update({name: kind for kind, name, _ in VARIABLE.findall(text)})
        for kind, body in STRUCT.findall(text):
            members.update({(kind, name): of for of, name in MEMBER.findall(body)})
    with open(os.path.join(root, PARTS), encoding="utf-8") as file:
        rows = re.sub(r"/\*.*?\*/", "", file.read(), flags=re.S)
    named = {resolve(lock, variables, members) for lock in ROW_LOCK.findall(rows)}
    locks = find_locks(texts)
    failures = [f"{locks[name]}: {name} is in no row of {PARTS}"
                for name in sorted(locks) if name not in named and name not in EXCUSED]
    failures += [f"{PARTS}: there is no lock {name}" for name in sorted(named - set(locks))]
    failures += [f"check_parts.py: excuses {name}, which is no lock"
                 for name in sorted(set(EXCUSED) - set(locks))]
    print(("not ok" if failures else "ok") + " each lock is in a row of parts.def")
    for failure in failures:
        print("    " + failure)
    print(f"{0 if failures else 1} passed, {1 if failures else 0} failed, 0 skipped")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
