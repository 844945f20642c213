# Rules without programs: event scripts and traces, see run_replays.

dist_check_SCRIPTS += tests/replay/run_replays
SUITES += tests/replay/run_replays
EXTRA_DIST += tests/replay/ROWS.tsv tests/replay/traces.tsv $(replay_scripts) \
	tests/fuzz/fuzz_replay.c tests/fuzz/fuzz_script.c tests/fuzz/fuzz_std.c \
	tests/fuzz/replay_input.c tests/fuzz/replay_input.h

# Whole folders: a script needs no line here.
replay_scripts = tests/replay/lock_order tests/replay/deadlocks tests/replay/happens_before \
	tests/replay/lost_updates tests/replay/predictions tests/replay/primitives \
	tests/replay/malformed
