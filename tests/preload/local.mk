# Hostile guests: see run_guests for what their head comments mean.
# A guest's source has its name; those in C++ and with libraries are listed.

GUEST_LIBS = -ldl -lrt -lpthread
GUEST_FLAGS = -D_GNU_SOURCE -fasynchronous-unwind-tables

tests_preload_c_guests = \
	tests/preload/errno_kept \
	tests/preload/results_misuse \
	tests/preload/results_mutex \
	tests/preload/results_rwlock \
	tests/preload/results_thread \
	tests/preload/results_waits

check_PROGRAMS += $(tests_preload_c_guests)
dist_check_SCRIPTS += tests/preload/run_guests
TESTS += tests/preload/run_guests
EXTRA_DIST += tests/preload/guest.h
