# What each format writes, against schemas and readers.

SUITES += tests/formats/run_formats
dist_check_SCRIPTS += tests/formats/run_formats
EXTRA_DIST += tests/formats/hostile.c tests/formats/sarif.schema.json tests/formats/schema.py
