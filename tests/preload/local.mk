# Hostile guests: see run_guests for what their head comments mean.  A guest
# in C needs nothing but its name here: automake takes tests/preload/NAME.c as
# the source of tests/preload/NAME.

guests_c = \
	tests/preload/channel_results tests/preload/exit_hand_overs \
	tests/preload/hand_overs tests/preload/handler_threads \
	tests/preload/signal_hand_overs \
	tests/preload/backtraces tests/preload/broken_pipe \
	tests/preload/c11_threads tests/preload/cancelled_waits \
	tests/preload/changed_identity tests/preload/closed_descriptors \
	tests/preload/coroutines tests/preload/deep_binding \
	tests/preload/early_constructor tests/preload/errno_kept \
	tests/preload/exec_variants tests/preload/exit_ways \
	tests/preload/exit_with_finding tests/preload/filtered_system_calls \
	tests/preload/fork_handlers_init tests/preload/fork_holding_lock \
	tests/preload/forked_threads tests/preload/forked_while_locking \
	tests/preload/failed_lookups \
	tests/preload/glibc_malloc tests/preload/heap_calls \
	tests/preload/indirect_exceptions tests/preload/inherited_state \
	tests/preload/iterated_modules tests/preload/killed tests/preload/last_thread \
	tests/preload/late_calls tests/preload/reused_numbers \
	tests/preload/reused_places \
	tests/preload/unpassed_arguments tests/preload/unseen_changes \
	tests/preload/lone_thread \
	tests/preload/long_jumps tests/preload/many_locks \
	tests/preload/many_threads tests/preload/mapping_calls \
	tests/preload/mutex_protocols tests/preload/range_calls \
	tests/preload/named_clones tests/preload/named_semaphores tests/preload/no_thread_of_ours \
	tests/preload/opened_accesses \
	tests/preload/glib_threads tests/preload/openmp tests/preload/openmp_races \
	tests/preload/opened_and_closed tests/preload/opened_often tests/preload/own_malloc tests/preload/own_text \
	tests/preload/preloaded_jemalloc tests/preload/preloaded_tcmalloc \
	tests/preload/results_misuse tests/preload/results_mutex \
	tests/preload/results_rwlock tests/preload/results_thread \
	tests/preload/results_waits tests/preload/robust_mutexes \
	tests/preload/shared_contention tests/preload/shared_deadlocks \
	tests/preload/shared_objects tests/preload/signal_contexts \
	tests/preload/signal_handlers \
	tests/preload/signals_blocked tests/preload/silent_reporter \
	tests/preload/silent_shutdown \
	tests/preload/small_stacks tests/preload/spawned_children \
	tests/preload/static_tls tests/preload/symbol_variants \
	tests/preload/system_callbacks tests/preload/system_limits \
	tests/preload/switched_clones tests/preload/switched_clones_unoptimised \
	tests/preload/thread_ends

guests_cc = \
	tests/preload/cancelled_clones tests/preload/cloned_code \
	tests/preload/cxx_locks tests/preload/cxx_waits \
	tests/preload/faulting_clones tests/preload/faulting_clones_unoptimised \
	tests/preload/forced_unwinding tests/preload/thread_local_destructors \
	tests/preload/tbb_tasks tests/preload/thrown_initialisers

tests_preload_cancelled_clones_SOURCES = tests/preload/cancelled_clones.cc
tests_preload_faulting_clones_SOURCES = tests/preload/faulting_clones.cc
tests_preload_faulting_clones_unoptimised_SOURCES = \
	tests/preload/faulting_clones_unoptimised.cc
tests_preload_cloned_code_SOURCES = tests/preload/cloned_code.cc
tests_preload_cxx_locks_SOURCES = tests/preload/cxx_locks.cc
tests_preload_cxx_waits_SOURCES = tests/preload/cxx_waits.cc
tests_preload_forced_unwinding_SOURCES = tests/preload/forced_unwinding.cc
tests_preload_tbb_tasks_SOURCES = tests/preload/tbb_tasks.cc
tests_preload_thread_local_destructors_SOURCES = tests/preload/thread_local_destructors.cc
tests_preload_thrown_initialisers_SOURCES = tests/preload/thrown_initialisers.cc

# Libraries that guests are linked with or open by path, beside the guests.
guest_libraries = \
	tests/preload/libearly.so tests/preload/liblocking.so \
	tests/preload/liblocking_copy.so tests/preload/libplugin.so \
	tests/preload/libstatic_tls.so \
	tests/preload/libthrowing.so

# The name without a folder: a needed library is found beside its guest.
guest_library_flags = -fPIC -shared -Wl,-soname,$(@F) -D_GNU_SOURCE $(AM_CPPFLAGS) $(CPPFLAGS)
link_guest_library = $(AM_V_CCLD)$(MKDIR_P) tests/preload && $(CC) $(guest_library_flags) \
	$(AM_CFLAGS) $(CFLAGS) $(LDFLAGS) -o $@
link_guest_library_cxx = $(AM_V_CXXLD)$(MKDIR_P) tests/preload && $(CXX) $(guest_library_flags) \
	$(AM_CXXFLAGS) $(CXXFLAGS) $(LDFLAGS) -o $@
guest_sources = $(srcdir)/tests/preload

tests/preload/libearly.so: $(guest_sources)/early_library.c
	$(link_guest_library) $(guest_sources)/early_library.c

tests/preload/liblocking.so: $(guest_sources)/locking_library.c
	$(link_guest_library) $(guest_sources)/locking_library.c

tests/preload/liblocking_copy.so: $(guest_sources)/locking_library.c
	$(link_guest_library) $(guest_sources)/locking_library.c

tests/preload/libplugin.so: $(guest_sources)/plugin_library.c
	$(link_guest_library) $(guest_sources)/plugin_library.c

tests/preload/libstatic_tls.so: $(guest_sources)/static_tls_library.c
	$(link_guest_library) $(guest_sources)/static_tls_library.c

tests/preload/libthrowing.so: $(guest_sources)/throwing_library.cc
	$(link_guest_library_cxx) $(guest_sources)/throwing_library.cc

beside_guest = -Wl,-rpath,'$$ORIGIN'
tests_preload_early_constructor_LDADD = tests/preload/libearly.so
tests_preload_early_constructor_LDFLAGS = $(beside_guest)
tests_preload_system_callbacks_LDADD = -lanl
tests_preload_indirect_exceptions_LDADD = tests/preload/libthrowing.so
tests_preload_indirect_exceptions_LDFLAGS = $(beside_guest)

# Libraries that make locks of atomics; a guest without its library says so.
tests_preload_openmp_CFLAGS = $(AM_CFLAGS) $(OPENMP_CFLAGS)
tests_preload_openmp_races_CFLAGS = $(AM_CFLAGS) $(OPENMP_CFLAGS)
tests_preload_glib_threads_CFLAGS = $(AM_CFLAGS) $(GLIB_CFLAGS)
tests_preload_glib_threads_LDADD = $(GLIB_LIBS)
tests_preload_tbb_tasks_LDADD = $(TBB_LIBS)

# Programs of users, who have all of glibc's names and few warnings.
built_from_guests = $(guests_c:=.$(OBJEXT)) $(guests_cc:=.$(OBJEXT))
$(built_from_guests): AM_CPPFLAGS = -I$(srcdir)/src -D_GNU_SOURCE
$(built_from_guests): AM_CFLAGS = -std=gnu11 -Wall -Wextra -pthread

check_PROGRAMS += $(guests_c) $(guests_cc)
check_DATA += $(guest_libraries)
CLEANFILES += $(guest_libraries)
dist_check_SCRIPTS += tests/preload/run_guests tests/preload/run_onlookers tests/preload/run_killed \
	tests/preload/run_forgetful
SUITES += tests/preload/run_guests tests/preload/run_onlookers tests/preload/run_killed \
	tests/preload/run_forgetful
EXTRA_DIST += tests/preload/forgetful.py tests/preload/guest.h tests/preload/heap_user.h \
	tests/preload/opened_library.h \
	tests/preload/early_library.h tests/preload/early_library.c \
	tests/preload/locking_library.h tests/preload/locking_library.c \
	tests/preload/plugin_library.h tests/preload/plugin_library.c \
	tests/preload/static_tls_library.c \
	tests/preload/throwing_library.h tests/preload/throwing_library.cc
