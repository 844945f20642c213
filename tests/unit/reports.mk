# Unit tests of the results file's format and of the reports made from it.

REPORT_TESTS = \
	tests/unit/finding/test_results \
	tests/unit/reports/test_model \
	tests/unit/reports/test_text \
	tests/unit/reports/test_text_findings \
	tests/unit/reports/test_json \
	tests/unit/reports/test_json_stream \
	tests/unit/reports/test_filter \
	tests/unit/reports/test_holds \
	tests/unit/reports/test_memory \
	tests/unit/reports/test_names \
	tests/unit/reports/test_fortran \
	tests/unit/reports/test_operand \
	tests/unit/reports/test_short_name \
	tests/unit/reports/test_atomics \
	tests/unit/reports/test_symbols

REPORT_TEST_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir) -D_GNU_SOURCE
REPORT_TEST_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS) $(JANSSON_CFLAGS) $(ELFUTILS_CFLAGS)
REPORT_TEST_LIBS = reports/libreports.a src/libplan.a src/libcore.a $(ELFUTILS_LIBS) -lZydis \
	$(JANSSON_LIBS) -liberty $(CHECK_LIBS)
REPORT_TEST_IMAGE = tests/unit/finding/results_image.c tests/unit/finding/results_image.h

tests_unit_finding_test_results_CPPFLAGS = $(REPORT_TEST_CPPFLAGS)
tests_unit_finding_test_results_CFLAGS = $(REPORT_TEST_CFLAGS)
tests_unit_finding_test_results_SOURCES = tests/unit/finding/test_results.c $(REPORT_TEST_IMAGE)
tests_unit_finding_test_results_LDADD = src/libcore.a $(CHECK_LIBS)

tests_unit_reports_test_fortran_CPPFLAGS = $(REPORT_TEST_CPPFLAGS)
tests_unit_reports_test_fortran_CFLAGS = $(REPORT_TEST_CFLAGS)
tests_unit_reports_test_fortran_SOURCES = tests/unit/reports/test_fortran.c
tests_unit_reports_test_fortran_LDADD = $(REPORT_TEST_LIBS)

tests_unit_reports_test_operand_CPPFLAGS = $(REPORT_TEST_CPPFLAGS)
tests_unit_reports_test_operand_CFLAGS = $(REPORT_TEST_CFLAGS)
tests_unit_reports_test_operand_SOURCES = tests/unit/reports/test_operand.c
tests_unit_reports_test_operand_LDADD = $(REPORT_TEST_LIBS)

tests_unit_reports_test_short_name_CPPFLAGS = $(REPORT_TEST_CPPFLAGS)
tests_unit_reports_test_short_name_CFLAGS = $(REPORT_TEST_CFLAGS)
tests_unit_reports_test_short_name_SOURCES = tests/unit/reports/test_short_name.c
tests_unit_reports_test_short_name_LDADD = $(REPORT_TEST_LIBS)

tests_unit_reports_test_model_CPPFLAGS = $(REPORT_TEST_CPPFLAGS)
tests_unit_reports_test_model_CFLAGS = $(REPORT_TEST_CFLAGS)
tests_unit_reports_test_model_SOURCES = tests/unit/reports/test_model.c $(REPORT_TEST_IMAGE)
tests_unit_reports_test_model_LDADD = $(REPORT_TEST_LIBS)

tests_unit_reports_test_text_CPPFLAGS = $(REPORT_TEST_CPPFLAGS)
tests_unit_reports_test_text_CFLAGS = $(REPORT_TEST_CFLAGS)
REPORT_TEST_TEXT = $(REPORT_TEST_IMAGE) tests/unit/reports/report_text.c \
	tests/unit/reports/report_text.h tests/unit/reports/text_fixture.h
tests_unit_reports_test_text_SOURCES = tests/unit/reports/test_text.c $(REPORT_TEST_TEXT)
tests_unit_reports_test_text_LDADD = $(REPORT_TEST_LIBS)

tests_unit_reports_test_text_findings_CPPFLAGS = $(REPORT_TEST_CPPFLAGS)
tests_unit_reports_test_text_findings_CFLAGS = $(REPORT_TEST_CFLAGS)
tests_unit_reports_test_text_findings_SOURCES = tests/unit/reports/test_text_findings.c \
	$(REPORT_TEST_TEXT)
tests_unit_reports_test_text_findings_LDADD = $(REPORT_TEST_LIBS)

tests_unit_reports_test_json_stream_CPPFLAGS = $(REPORT_TEST_CPPFLAGS)
tests_unit_reports_test_json_stream_CFLAGS = $(REPORT_TEST_CFLAGS)
tests_unit_reports_test_json_stream_LDADD = $(REPORT_TEST_LIBS)

tests_unit_reports_test_json_CPPFLAGS = $(REPORT_TEST_CPPFLAGS)
tests_unit_reports_test_json_CFLAGS = $(REPORT_TEST_CFLAGS) -g
tests_unit_reports_test_json_SOURCES = tests/unit/reports/test_json.c $(REPORT_TEST_IMAGE) \
	tests/unit/reports/report_text.c tests/unit/reports/report_text.h
tests_unit_reports_test_json_LDADD = $(REPORT_TEST_LIBS)

tests_unit_reports_test_filter_CPPFLAGS = $(REPORT_TEST_CPPFLAGS)
tests_unit_reports_test_filter_CFLAGS = $(REPORT_TEST_CFLAGS) -g
tests_unit_reports_test_filter_SOURCES = tests/unit/reports/test_filter.c $(REPORT_TEST_IMAGE)
tests_unit_reports_test_filter_LDADD = $(REPORT_TEST_LIBS)

tests_unit_reports_test_holds_CPPFLAGS = $(REPORT_TEST_CPPFLAGS)
tests_unit_reports_test_holds_CFLAGS = $(REPORT_TEST_CFLAGS) -g
tests_unit_reports_test_holds_SOURCES = tests/unit/reports/test_holds.c $(REPORT_TEST_IMAGE) \
	tests/unit/reports/report_text.c tests/unit/reports/report_text.h
tests_unit_reports_test_holds_LDADD = $(REPORT_TEST_LIBS)

tests_unit_reports_test_memory_CPPFLAGS = $(REPORT_TEST_CPPFLAGS)
tests_unit_reports_test_memory_CFLAGS = $(REPORT_TEST_CFLAGS) -g
tests_unit_reports_test_memory_SOURCES = tests/unit/reports/test_memory.c $(REPORT_TEST_IMAGE) \
	tests/unit/reports/report_text.c tests/unit/reports/report_text.h
tests_unit_reports_test_memory_LDADD = $(REPORT_TEST_LIBS)

tests_unit_reports_test_names_CPPFLAGS = $(REPORT_TEST_CPPFLAGS)
tests_unit_reports_test_names_CFLAGS = $(REPORT_TEST_CFLAGS) -g
tests_unit_reports_test_names_SOURCES = tests/unit/reports/test_names.c $(REPORT_TEST_IMAGE) \
	tests/unit/reports/report_text.c tests/unit/reports/report_text.h
tests_unit_reports_test_names_LDADD = $(REPORT_TEST_LIBS)

# Members of std::atomic are inlined, and known by debug information.
tests_unit_reports_test_atomics_CPPFLAGS = $(REPORT_TEST_CPPFLAGS)
tests_unit_reports_test_atomics_CFLAGS = $(REPORT_TEST_CFLAGS) -g
tests/unit/reports/test_atomics-atomics_guest_cxx.$(OBJEXT): CXXFLAGS = -g -O2
tests_unit_reports_test_atomics_SOURCES = tests/unit/reports/test_atomics.c $(REPORT_TEST_IMAGE) \
	tests/unit/reports/report_text.c tests/unit/reports/report_text.h \
	tests/unit/reports/atomics_guest.h tests/unit/reports/atomics_guest_cxx.cc
tests_unit_reports_test_atomics_LDADD = $(REPORT_TEST_LIBS)

# It looks up itself, so it wants debug information whatever CFLAGS say.
tests_unit_reports_test_symbols_CPPFLAGS = $(REPORT_TEST_CPPFLAGS)
tests_unit_reports_test_symbols_CFLAGS = $(REPORT_TEST_CFLAGS) -g
tests_unit_reports_test_symbols_SOURCES = tests/unit/reports/test_symbols.c $(REPORT_TEST_IMAGE)
tests_unit_reports_test_symbols_LDADD = $(REPORT_TEST_LIBS)

EXTRA_DIST += tests/fuzz/fuzz_core.c tests/fuzz/fuzz_filters.c tests/fuzz/fuzz_plan_file.c \
	tests/fuzz/fuzz_results.c
