# What each format writes, against schemas and readers.

SUITES += tests/formats/run_formats tests/formats/run_html tests/formats/run_timeline
dist_check_SCRIPTS += tests/formats/run_formats tests/formats/run_html tests/formats/run_timeline
EXTRA_DIST += tests/formats/browser.py tests/formats/hostile.c tests/formats/timeline.c tests/formats/sarif.schema.json tests/formats/schema.py

# Writes results of any size.
check_PROGRAMS += tests/formats/make_results
tests_formats_make_results_CPPFLAGS = $(REPORT_TEST_CPPFLAGS)
tests_formats_make_results_SOURCES = tests/formats/make_results.c
tests_formats_make_results_LDADD = reports/libreports.a src/libplan.a src/libcore.a \
	$(ELFUTILS_LIBS) -lZydis $(JANSSON_LIBS) -liberty
