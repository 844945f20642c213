# Each sample under snarl, against samples/EXPECTED.tsv and against the manual.

SUITES += tests/samples/run_samples tests/samples/run_kept tests/samples/run_manual
dist_check_SCRIPTS += tests/samples/run_samples tests/samples/run_kept tests/samples/run_manual
