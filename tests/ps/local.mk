# `snarl ps`: of samples that stand still, and of what it cannot look at.

SUITES += tests/ps/run_ps tests/ps/run_errors
dist_check_SCRIPTS += tests/ps/run_ps tests/ps/run_errors
EXTRA_DIST += tests/ps/EXPECTED.tsv tests/ps/crossed.py tests/ps/python_layout.c

check_PROGRAMS += tests/ps/waits
tests_ps_waits_SOURCES = tests/ps/waits.c
tests_ps_waits_CFLAGS = -g -O0 -pthread
