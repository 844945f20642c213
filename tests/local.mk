# Tests: `make check` runs all of them through tests/run_all, which ends with
# `N passed, N failed, N skipped`.
