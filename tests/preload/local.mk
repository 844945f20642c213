# Hostile guests: see run_guests for what their head comments mean.  A guest
# in C needs nothing but its name here: automake takes tests/preload/NAME.c as
# the source of tests/preload/NAME.

guests_c = \
	tests/preload/cancelled_waits tests/preload/closed_descriptors \
	tests/preload/early_constructor tests/preload/errno_kept \
	tests/preload/exec_variants tests/preload/exit_ways \
	tests/preload/exit_with_finding tests/preload/forked_threads \
	tests/preload/glibc_malloc tests/preload/late_calls \
	tests/preload/long_jumps tests/preload/many_threads \
	tests/preload/no_thread_of_ours tests/preload/own_malloc \
	tests/preload/preloaded_jemalloc tests/preload/preloaded_tcmalloc \
	tests/preload/results_misuse tests/preload/results_mutex \
	tests/preload/results_rwlock tests/preload/results_thread \
	tests/preload/results_waits tests/preload/signal_handlers \
	tests/preload/signals_blocked tests/preload/small_stacks \
	tests/preload/spawned_children tests/preload/thread_ends

guests_cc = \
	tests/preload/forced_unwinding tests/preload/thread_local_destructors \
	tests/preload/thrown_initialisers

tests_preload_forced_unwinding_SOURCES = tests/preload/forced_unwinding.cc
tests_preload_thread_local_destructors_SOURCES = tests/preload/thread_local_destructors.cc
tests_preload_thrown_initialisers_SOURCES = tests/preload/thrown_initialisers.cc

# Libraries that guests are linked with or open by path, beside the guests.
guest_libraries = tests/preload/libearly.so

guest_library_flags = -fPIC -shared -D_GNU_SOURCE $(AM_CPPFLAGS) $(CPPFLAGS)

tests/preload/libearly.so: $(srcdir)/tests/preload/early_library.c
	$(AM_V_CCLD)$(MKDIR_P) tests/preload && $(CC) $(guest_library_flags) $(AM_CFLAGS) \
		$(CFLAGS) $(LDFLAGS) -o $@ $(srcdir)/tests/preload/early_library.c

tests_preload_early_constructor_LDADD = tests/preload/libearly.so
tests_preload_early_constructor_LDFLAGS = -Wl,-rpath,'$$ORIGIN'

check_PROGRAMS += $(guests_c) $(guests_cc)
check_DATA += $(guest_libraries)
CLEANFILES += $(guest_libraries)
dist_check_SCRIPTS += tests/preload/run_guests
TESTS += tests/preload/run_guests
EXTRA_DIST += tests/preload/guest.h tests/preload/heap_user.h \
	tests/preload/early_library.h tests/preload/early_library.c
