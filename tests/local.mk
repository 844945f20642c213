# Tests: `make check` runs every suite, two side by side, through tests/run_all,
# which ends with `N passed, N failed, N skipped`.  A suite is a script that
# runs from the top build directory; see run_all for what it prints.
#
# SNARL_SUITES chooses some: make check SNARL_SUITES=tests/unit/run_units

SUITES =

include tests/preload/local.mk
# After the longest, before the many.
SUITES += tests/run_sanitized
include tests/command/local.mk
include tests/formats/local.mk
include tests/replay/local.mk
include tests/unit/local.mk
include tests/races/local.mk
include tests/samples/local.mk
include tests/ps/local.mk
include tests/recipes/local.mk
include tests/lint/local.mk
include tests/bench/local.mk
include tests/real/local.mk

dist_check_SCRIPTS += tests/run_all tests/run_sanitized
# Tests of the tests, by hand only.
EXTRA_DIST += tests/mutants/run_mutants tests/mutants/mutants.tsv

# Without its libraries no unit test is built; other suites can be run by name.
check-needs:
	@if [ -n '$(SNARL_CHECK_NEEDS)' ] && [ -z '$(SNARL_SUITES)' ]; then \
		echo 'make check needs what configure did not find: $(SNARL_CHECK_NEEDS);' >&2; \
		echo 'install that and run configure again' >&2; \
		exit 1; \
	fi

# Before the long way to the end.
$(check_PROGRAMS) $(check_LIBRARIES) $(check_DATA): | check-needs

check-local: check-needs
	@suites='$(SNARL_SUITES)'; srcdir='$(srcdir)' CC='$(CC)' CXX='$(CXX)' $(srcdir)/tests/run_all \
		$${suites:-$(SUITES)}

# All that the suites want built; unlike check itself it may run in parallel.
check-build: check-needs all $(check_PROGRAMS) $(check_LIBRARIES) $(check_DATA)

.PHONY: check-build check-needs

clean-local:
	rm -rf tests/logs tests/sanitized

