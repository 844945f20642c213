# What each format writes, against schemas and readers.

SUITES += tests/formats/run_formats tests/formats/run_html
dist_check_SCRIPTS += tests/formats/run_formats tests/formats/run_html
EXTRA_DIST += tests/formats/browser.py tests/formats/hostile.c tests/formats/sarif.schema.json tests/formats/schema.py
