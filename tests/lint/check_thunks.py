#!/usr/bin/env python3
"""What the thunks reach uses no vector registers and calls nothing of libc.

A check of a memory access interrupts code in the middle of its work with vector
registers.  So the library is compiled without them, and nothing that a thunk
reaches may leave it, unless by access_on_stack(), which keeps them.  From the
top build directory.
"""
import os
import re
import subprocess
import sys

LIBRARY = "preload/libsnarl.so"
THUNKS_CALL = ["access_slow", "access_whole", "access_masked", "access_range", "access_gather",
               "access_lock_begin", "access_lock_end", "access_string",
               # by pointers
               "access_find_by_rules", "guest_intern_whole", "guest_extend"]
KEEP_VECTORS = "access_on_stack"

FUNCTION = re.compile(r"0*([0-9a-f]+) <([^>]+)>:")
BRANCH = re.compile(r"\s(?:call|j[a-z]+)\s+([0-9a-f]+) <([^>+]+)(?:\+0x([0-9a-f]+))?>")
VECTOR = re.compile(r"%[xyz]mm|%mm[0-7]|%st\b")


def identify(address, name):
    """Static functions of several files may have one name."""
    return name if name.endswith("@plt") or name in THUNKS_CALL + [KEEP_VECTORS] else (
        f"{name}:{address:x}")


def disassemble():
    """Functions reached directly from each function, and those with vectors."""
    command = ["objdump", "-d", "--no-show-raw-insn", LIBRARY]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    reaches, with_vectors, function = {}, [], None
    for line in text.splitlines():
        head = FUNCTION.match(line)
        if head:
            function = identify(int(head.group(1), 16), head.group(2))
            reaches[function] = set()
            continue
        branch = BRANCH.search(line)
        if branch and function:
            start = int(branch.group(1), 16) - int(branch.group(3) or "0", 16)
            reaches[function].add(identify(start, branch.group(2)))
        if VECTOR.search(line) and function not in with_vectors:
            with_vectors.append(function)
    return reaches, with_vectors


def find_paths(reaches, is_wanted):
    """Paths from the thunks to the functions that are wanted."""
    came_from = {name: None for name in THUNKS_CALL}
    waiting = list(came_from)
    paths = []
    while waiting:
        function = waiting.pop()
        if function == KEEP_VECTORS:
            continue
        if is_wanted(function):
            path, at = [], function
            while at:
                path.insert(0, at)
                at = came_from[at]
            paths.append(" > ".join(path))
            continue
        for called in sorted(reaches.get(function, ())):
            if called not in came_from:
                came_from[called] = function
                waiting.append(called)
    return paths


def claim(what, counterexamples):
    print(("not ok " if counterexamples else "ok ") + what)
    for example in counterexamples:
        print("    " + example)
    return not counterexamples


def main():
    if not os.path.exists(LIBRARY):
        print("skip thunks (not built)\n0 passed, 0 failed, 1 skipped")
        return 0
    reaches, with_vectors = disassemble()
    missing = [name for name in THUNKS_CALL if name not in reaches]
    held = [claim("the functions that thunks call are there", missing),
            claim("thunks reach no vector registers",
                  find_paths(reaches, lambda name: name in with_vectors)),
            claim("thunks reach nothing of libc",
                  find_paths(reaches, lambda name: name.endswith("@plt")))]
    print(f"{held.count(True)} passed, {held.count(False)} failed, 0 skipped")
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
