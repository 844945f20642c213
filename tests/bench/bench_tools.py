"""The tools that are compared, and how a command is run under one of them.

Shared by run_bench (single operations) and whole_programs.  Every comparison
runs the tools in turn, A B A B, because other programs share the machine; a
ratio is taken within a turn and the median of the turns is shown.
"""

import collections
import fnmatch
import os
import resource
import signal
import statistics
import subprocess
import sys
import time

# Ends the wait for a tool that takes too long, and says so in the table.
TIMED_OUT = "timeout"

# What snarl, ThreadSanitizer and (told so) Valgrind exit with on a finding.
FINDINGS_STATUS = 66

# The cache of plans that the user has is not ours.
os.environ["XDG_CACHE_HOME"] = os.environ.get("SNARL_TEST_CACHE", "/dev/null")

LEGEND = (
    "x: median ratio to native in the same turn; ±: spread of native; "
    "!: the tool reported findings."
)
LEGEND_OF_TIMES = "minimum, median, x: ratio of minima to native; !: the tool reported findings."

# Seconds of a run.  Other programs on the machine disturb those of the processor less.
Times = collections.namedtuple("Times", "cpu wall")


class Tool:
    """One column: how the program is run, and how much of the work it gets."""

    def __init__(self, name, prefix=(), flavour=None, slowness=1, turns=None):
        self.name = name
        self.prefix = list(prefix)
        # Which build of lock_bench; None is the ordinary one.
        self.flavour = flavour
        # The operations are divided by this.
        self.slowness = slowness
        # In how many turns it takes part at most; None is all of them.
        self.turns = turns
        self.missing = None
        self.is_snarl = name.startswith(("snarl", "preload"))


def snarl_tools(build_dir):
    """snarl in the build tree, and the bare library that SNARL_PRELOAD names.

    A program that is ended for a deadlock has not done its work, and its time
    would flatter: all are told to go on.
    """
    command = os.path.join(build_dir, "snarl")
    run_whole = [command, "run", "--on-deadlock=report"]
    tools = [
        Tool("snarl", run_whole + ["--"]),
        Tool("snarl-off", run_whole + ["--races=off", "--"]),
    ]
    if not os.access(command, os.X_OK):
        for tool in tools:
            tool.missing = "no command %s" % command
    library = os.environ.get("SNARL_PRELOAD")
    if library:
        preload = "LD_PRELOAD=" + os.path.abspath(library)
        given = os.environ.get("SNARL_OPTIONS", "").split()
        options = "SNARL_OPTIONS=" + " ".join(given + ["on-deadlock=report"])
        tools.append(Tool("preload", ["env", preload, options]))
        tools.append(Tool("preload-off", ["env", preload, options + " races=off"]))
        if not os.path.exists(library):
            for tool in tools[2:]:
                tool.missing = "no library %s" % library
    return tools


def valgrind_tools():
    command = ["valgrind", "-q", "--error-exitcode=%d" % FINDINGS_STATUS]
    tools = [
        Tool("helgrind", command + ["--tool=helgrind"], slowness=500, turns=1),
        Tool("drd", command + ["--tool=drd"], slowness=500, turns=1),
    ]
    if not find_program("valgrind"):
        for tool in tools:
            tool.missing = "no valgrind"
    return tools


def find_program(name):
    for folder in os.environ.get("PATH", "/usr/bin:/bin").split(":"):
        path = os.path.join(folder, name)
        if os.access(path, os.X_OK) and os.path.isfile(path):
            return path
    return None


def choose(known, wanted):
    """Those of @known, by glob, or all; the program ends on an unknown name."""
    if not wanted:
        return list(known)
    chosen = []
    for pattern in wanted.split(","):
        found = [name for name in known if fnmatch.fnmatch(name, pattern)]
        if not found:
            sys.exit("unknown name '%s'; known are: %s" % (pattern, " ".join(known)))
        chosen += [name for name in found if name not in chosen]
    return [name for name in known if name in chosen]


class Outcome:
    """How one run ended: output, status, wall-clock and processor seconds."""

    def __init__(self, status, output, errors, wall, cpu):
        self.status = status
        self.output = output
        self.errors = errors
        self.wall = wall
        self.cpu = cpu

    def has_findings(self):
        return self.status == FINDINGS_STATUS

    def failure(self):
        """Why the run does not count, or None.  Findings do not spoil a time."""
        if self.status in (0, FINDINGS_STATUS):
            return None
        if self.status == TIMED_OUT:
            return TIMED_OUT
        lines = [line for line in self.errors.splitlines() if line.strip()]
        return "status %s: %s" % (self.status, lines[-1][:100] if lines else "no message")


def children_seconds():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def exit_on_termination():
    """SIGTERM then unwinds as an interrupt does, and ends what was started."""
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))


def end_group(process):
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def run(command, timeout, stdin=None, cwd=None, keep_output=True):
    """Runs @command in a process group of its own, all of which a timeout ends."""
    cpu_before = children_seconds()
    start = time.monotonic()
    try:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            stdin=stdin or subprocess.DEVNULL,
            stdout=subprocess.PIPE if keep_output else subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        return Outcome(127, "", str(error), 0, 0)
    try:
        output, errors = process.communicate(timeout=timeout)
        status = process.returncode
    except subprocess.TimeoutExpired:
        end_group(process)
        output, errors = process.communicate()
        status = TIMED_OUT
    finally:
        # An interrupted comparison leaves nothing running.
        if process.poll() is None:
            end_group(process)
    wall = time.monotonic() - start
    return Outcome(
        status,
        (output or b"").decode(errors="replace"),
        (errors or b"").decode(errors="replace"),
        wall,
        children_seconds() - cpu_before,
    )


class Series:
    """The values of one tool over the turns, with native's of the same turn."""

    def __init__(self):
        self.values = []
        self.natives = []
        self.failure = None
        self.has_findings = False

    def add(self, value, native):
        self.values.append(value)
        self.natives.append(native)

    def median(self):
        return statistics.median(self.values) if self.values else None

    def ratio(self):
        pairs = [(v, n) for v, n in zip(self.values, self.natives) if n]
        return statistics.median(v / n for v, n in pairs) if pairs else None

    def least_ratio(self):
        return min(self.values) / min(self.natives) if self.values else None

    def clock(self, name):
        """The series of 'cpu' or 'wall', where values are Times."""
        one = Series()
        one.failure, one.has_findings = self.failure, self.has_findings
        one.values = [getattr(value, name) for value in self.values]
        one.natives = [getattr(native, name) for native in self.natives]
        return one

    def added(self):
        pairs = [(v, n) for v, n in zip(self.values, self.natives) if n]
        return statistics.median(v - n for v, n in pairs) if pairs else None


def take_turns(tools, turn_count, measure):
    """Runs @measure(tool) -> (value, outcome failure, findings) A B A B.

    The first tool is native.  A tool that fails is left out from then on; the
    slow ones, which need no precision, take part in their first turns only.
    """
    series = {tool.name: Series() for tool in tools}
    for turn in range(turn_count):
        native = None
        for tool in tools:
            one = series[tool.name]
            if tool.missing or one.failure or (tool.turns and turn >= tool.turns):
                continue
            value, one.failure, has_findings = measure(tool)
            one.has_findings |= has_findings
            if one.failure:
                continue
            if native is None:
                native = value
            one.add(value, native)
        if series[tools[0].name].failure:
            break
    return series


def show_missing(tools):
    for tool in tools:
        if tool.missing:
            print("%s: not available (%s)" % (tool.name, tool.missing))


def show_failures(title, tools, series):
    for tool in tools:
        failure = series[tool.name].failure
        if failure and failure != TIMED_OUT:
            print("  %s under %s: %s" % (title, tool.name, failure))


def cell(tool, one, form="%.1f"):
    """What stands in the table for one tool: value and ratio, or why neither."""
    if tool.missing:
        return "n/a"
    if one.failure:
        return TIMED_OUT if one.failure == TIMED_OUT else "failed"
    if not one.values:
        return "-"
    mark = "!" if one.has_findings else ""
    if tool.name == "native":
        spread = (max(one.values) - min(one.values)) / 2 / one.median()
        return (form + " ±%.0f%%%s") % (one.median(), spread * 100, mark)
    return (form + " %.2fx%s") % (one.median(), one.ratio(), mark)


def cell_of_times(tool, one, form="%.2f"):
    """Minimum, median, and ratio to native of the minima; or why none of them."""
    if not one.values or one.failure:
        return cell(tool, one)
    text = (form + " " + form) % (min(one.values), one.median())
    ratio = "" if tool.name == "native" else " %.2fx" % one.least_ratio()
    return text + ratio + ("!" if one.has_findings else "")


def judge(tools, series, meets):
    """'met' or 'missed' over the columns that are snarl's, by @meets(series)."""
    judged = [t for t in tools if t.is_snarl and series[t.name].values]
    failed = [t.name for t in tools if t.is_snarl and series[t.name].failure]
    missed = [t.name for t in judged if not meets(series[t.name])] + failed
    if missed:
        return "missed: " + " ".join(missed)
    return "met" if judged else "not measured"


class Table:
    """Rows are printed as soon as they are known: a run takes minutes."""

    def __init__(self, headings, widths, left_from=1000):
        self.widths = widths
        # From this column on, and in the first, there are words.
        self.left_from = left_from
        self.row(headings)
        self.row(["-" * width for width in widths])

    def row(self, cells):
        line = "  ".join(
            text.ljust(width) if i == 0 or i >= self.left_from else text.rjust(width)
            for i, (text, width) in enumerate(zip(cells, self.widths))
        )
        print(line.rstrip(), flush=True)
