# What tools can say of the sources and of the built library.  `make lint` runs
# these alone.

lint_suites = \
	tests/lint/check_exports.sh \
	tests/lint/check_layers.sh \
	tests/lint/check_parts.py \
	tests/lint/check_style.sh \
	tests/lint/check_thunks.py
SUITES += $(lint_suites)
dist_check_SCRIPTS += $(lint_suites)
EXTRA_DIST += .clang-format

lint: all
	@srcdir='$(srcdir)' CC='$(CC)' $(srcdir)/tests/run_all $(lint_suites)

.PHONY: lint
