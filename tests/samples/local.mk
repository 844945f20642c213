# Each sample under snarl, against samples/EXPECTED.tsv.

SUITES += tests/samples/run_samples
dist_check_SCRIPTS += tests/samples/run_samples
