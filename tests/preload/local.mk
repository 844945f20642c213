# Hostile guests: see run_guests for what their head comments mean.  A guest
# in C needs nothing but its name here: automake takes tests/preload/FOLDER/NAME.c as
# the source of tests/preload/FOLDER/NAME.

guests_c = \
	tests/preload/channels/channel_results tests/preload/channels/closed_descriptors \
	tests/preload/channels/large_sets \
	tests/preload/channels/ordered_numbers tests/preload/channels/outside_inputs \
	tests/preload/channels/racing_numbers tests/preload/channels/reused_numbers \
	tests/preload/channels/ring_hand_overs tests/preload/channels/ring_races \
	tests/preload/heap/freed_after_release tests/preload/heap/freed_while_held \
	tests/preload/heap/twin_mappings \
	tests/preload/heap/glibc_malloc tests/preload/heap/heap_calls \
	tests/preload/heap/mapping_calls tests/preload/heap/own_malloc \
	tests/preload/heap/preloaded_jemalloc tests/preload/heap/preloaded_tcmalloc \
	tests/preload/instrument/backtraces tests/preload/instrument/deep_binding \
	tests/preload/instrument/early_constructor tests/preload/instrument/ended_tls \
	tests/preload/instrument/failed_lookups tests/preload/instrument/fixed_tables \
	tests/preload/instrument/generated_code \
	tests/preload/instrument/indirect_exceptions tests/preload/instrument/inline_data \
	tests/preload/instrument/iterated_modules \
	tests/preload/instrument/named_clones tests/preload/instrument/opened_accesses \
	tests/preload/instrument/opened_and_closed tests/preload/instrument/opened_often \
	tests/preload/instrument/opened_locally \
	tests/preload/instrument/own_text tests/preload/instrument/preempted_clones \
	tests/preload/instrument/prefetches tests/preload/instrument/resolved_while_opened \
	tests/preload/instrument/restartable_sequences \
	tests/preload/instrument/static_tls tests/preload/instrument/stepped_accesses \
	tests/preload/instrument/silent_stores \
	tests/preload/instrument/stepped_cells tests/preload/instrument/stepped_epochs \
	tests/preload/instrument/stepped_faults \
	tests/preload/instrument/stepped_idle tests/preload/instrument/stepped_parts \
	tests/preload/instrument/switched_clones \
	tests/preload/instrument/switched_clones_unoptimised \
	tests/preload/instrument/symbol_variants tests/preload/instrument/untabled_code \
	tests/preload/process/changed_identity tests/preload/process/confined_observed \
	tests/preload/process/confined_unobserved tests/preload/process/exec_variants \
	tests/preload/process/exit_amid_exit tests/preload/process/exit_hand_overs tests/preload/process/exit_ways \
	tests/preload/process/exit_with_finding tests/preload/process/filtered_system_calls \
	tests/preload/process/fork_handlers_init tests/preload/process/fork_holding_lock \
	tests/preload/process/forked_threads tests/preload/process/forked_while_counting \
	tests/preload/process/forked_while_locking \
	tests/preload/process/inherited_state tests/preload/process/last_thread \
	tests/preload/process/late_calls tests/preload/process/no_thread_of_ours \
	tests/preload/process/perturbed \
	tests/preload/process/realtime_threads \
	tests/preload/process/silent_shutdown tests/preload/process/spawned_children \
	tests/preload/process/system_callbacks tests/preload/process/system_limits \
	tests/preload/process/timer_races \
	tests/preload/ranges/hidden_state tests/preload/ranges/ordered_state \
	tests/preload/ranges/range_calls \
	tests/preload/results/broken_pipe tests/preload/results/killed \
	tests/preload/results/silent_reporter \
	tests/preload/signals/adopted_amid_signals tests/preload/signals/early_signals \
	tests/preload/signals/alternate_stacks tests/preload/signals/faulting_calls \
	tests/preload/signals/handler_amid_loop \
	tests/preload/signals/handler_posts \
	tests/preload/signals/handler_jumps \
	tests/preload/signals/handler_jumps_unobserved \
	tests/preload/signals/handler_threads tests/preload/signals/signal_contexts \
	tests/preload/signals/queued_at_once \
	tests/preload/signals/queued_in_order tests/preload/signals/sent_faults \
	tests/preload/signals/signal_hand_overs tests/preload/signals/signal_handlers \
	tests/preload/signals/signals_blocked \
	tests/preload/sync/broadcast_rounds \
	tests/preload/sync/c11_threads tests/preload/sync/cancelled_waits \
	tests/preload/sync/coroutines tests/preload/sync/destroyed_twice \
	tests/preload/sync/ended_lives \
	tests/preload/sync/errno_kept tests/preload/sync/futex_waits \
	tests/preload/sync/garbage_after_free \
	tests/preload/sync/glib_threads \
	tests/preload/sync/hand_overs tests/preload/sync/hand_overs_sockets \
	tests/preload/sync/known_calls tests/preload/sync/known_calls_kept \
	tests/preload/sync/known_tokens \
	tests/preload/sync/lone_calls tests/preload/sync/lone_held \
	tests/preload/sync/lone_thread tests/preload/sync/long_jumps \
	tests/preload/sync/main_joined \
	tests/preload/sync/many_locks tests/preload/sync/many_threads \
	tests/preload/sync/misused_objects \
	tests/preload/sync/mutex_protocols tests/preload/sync/named_semaphores \
	tests/preload/sync/openmp tests/preload/sync/openmp_races tests/preload/sync/refused_times \
	tests/preload/sync/refused_waits tests/preload/sync/results_misuse \
	tests/preload/sync/results_mutex tests/preload/sync/results_rwlock \
	tests/preload/sync/results_thread tests/preload/sync/results_waits \
	tests/preload/sync/reused_places tests/preload/sync/robust_mutexes \
	tests/preload/sync/shared_contention tests/preload/sync/shared_deadlocks \
	tests/preload/sync/shared_objects tests/preload/sync/short_lived_semaphores \
	tests/preload/sync/small_stacks \
	tests/preload/sync/thread_ends tests/preload/sync/unpassed_arguments tests/preload/sync/unrelated_processes \
	tests/preload/sync/two_mutexes_at_once tests/preload/sync/two_mutexes_in_turn \
	tests/preload/sync/used_after_free \
	tests/preload/sync/unordered_by_own_lock tests/preload/sync/unseen_changes

guests_cc = \
	tests/preload/instrument/cancelled_clones tests/preload/instrument/cloned_code \
	tests/preload/instrument/faulting_clones \
	tests/preload/instrument/faulting_clones_unoptimised \
	tests/preload/heap/cxx_operators \
	tests/preload/sync/cxx_hand_overs tests/preload/sync/cxx_locks tests/preload/sync/cxx_waits \
	tests/preload/sync/forced_unwinding tests/preload/sync/tbb_tasks \
	tests/preload/sync/thread_local_destructors tests/preload/sync/thrown_initialisers

tests_preload_instrument_cancelled_clones_SOURCES = tests/preload/instrument/cancelled_clones.cc
tests_preload_instrument_faulting_clones_SOURCES = tests/preload/instrument/faulting_clones.cc
tests_preload_instrument_faulting_clones_unoptimised_SOURCES = \
	tests/preload/instrument/faulting_clones_unoptimised.cc
tests_preload_instrument_cloned_code_SOURCES = tests/preload/instrument/cloned_code.cc
tests_preload_sync_cxx_hand_overs_SOURCES = tests/preload/sync/cxx_hand_overs.cc
tests_preload_heap_cxx_operators_SOURCES = tests/preload/heap/cxx_operators.cc
tests_preload_sync_cxx_locks_SOURCES = tests/preload/sync/cxx_locks.cc
tests_preload_sync_cxx_waits_SOURCES = tests/preload/sync/cxx_waits.cc
tests_preload_sync_forced_unwinding_SOURCES = tests/preload/sync/forced_unwinding.cc
tests_preload_sync_tbb_tasks_SOURCES = tests/preload/sync/tbb_tasks.cc
tests_preload_sync_thread_local_destructors_SOURCES = tests/preload/sync/thread_local_destructors.cc
tests_preload_sync_thrown_initialisers_SOURCES = tests/preload/sync/thrown_initialisers.cc

# Libraries that guests are linked with or open by path, beside the guests.
guest_libraries = \
	tests/preload/instrument/libearly.so tests/preload/instrument/libended_tls.so \
	tests/preload/instrument/liblocal.so tests/preload/instrument/liblocking.so \
	tests/preload/instrument/liblocking_copy.so tests/preload/instrument/libplugin.so \
	tests/preload/instrument/libresolving.so tests/preload/instrument/libstatic_tls.so \
	tests/preload/instrument/libthrowing.so tests/preload/instrument/libuv-silent.so
.PHONY: guest-libraries
guest-libraries: $(guest_libraries)

# The name without a folder: a needed library is found beside its guest.
guest_library_flags = -fPIC -shared -Wl,-soname,$(@F) -D_GNU_SOURCE $(AM_CPPFLAGS) $(CPPFLAGS)
link_guest_library = $(AM_V_CCLD)$(MKDIR_P) $(@D) && $(CC) $(guest_library_flags) \
	$(AM_CFLAGS) $(CFLAGS) $(LDFLAGS) -o $@
link_guest_library_cxx = $(AM_V_CXXLD)$(MKDIR_P) $(@D) && $(CXX) $(guest_library_flags) \
	$(AM_CXXFLAGS) $(CXXFLAGS) $(LDFLAGS) -o $@
guest_sources = $(srcdir)/tests/preload

tests/preload/instrument/libearly.so: $(guest_sources)/instrument/early_library.c
	$(link_guest_library) $(guest_sources)/instrument/early_library.c

tests/preload/instrument/liblocal.so: $(guest_sources)/instrument/local_library.cc
	$(link_guest_library_cxx) $(guest_sources)/instrument/local_library.cc

tests/preload/instrument/liblocking.so: $(guest_sources)/instrument/locking_library.c
	$(link_guest_library) $(guest_sources)/instrument/locking_library.c

tests/preload/instrument/liblocking_copy.so: $(guest_sources)/instrument/locking_library.c
	$(link_guest_library) $(guest_sources)/instrument/locking_library.c

tests/preload/instrument/libended_tls.so: $(guest_sources)/instrument/ended_tls_library.c
	$(link_guest_library) $(guest_sources)/instrument/ended_tls_library.c

tests/preload/instrument/libplugin.so: $(guest_sources)/instrument/plugin_library.c
	$(link_guest_library) $(guest_sources)/instrument/plugin_library.c

tests/preload/instrument/libresolving.so: $(guest_sources)/instrument/resolving_library.c
	$(link_guest_library) $(guest_sources)/instrument/resolving_library.c

tests/preload/instrument/libstatic_tls.so: $(guest_sources)/instrument/static_tls_library.c
	$(link_guest_library) $(guest_sources)/instrument/static_tls_library.c

tests/preload/instrument/libthrowing.so: $(guest_sources)/instrument/throwing_library.cc
	$(link_guest_library_cxx) $(guest_sources)/instrument/throwing_library.cc

# By its name it synchronises threads (preload/code/modules_watched.c).
tests/preload/instrument/libuv-silent.so: $(guest_sources)/instrument/silent_library.c
	$(link_guest_library) $(guest_sources)/instrument/silent_library.c

beside_guest = -Wl,-rpath,'$$ORIGIN'
tests_preload_instrument_early_constructor_LDADD = tests/preload/instrument/libearly.so
tests_preload_instrument_early_constructor_LDFLAGS = $(beside_guest)
tests_preload_process_system_callbacks_LDADD = -lanl
tests_preload_instrument_indirect_exceptions_LDADD = tests/preload/instrument/libthrowing.so
tests_preload_instrument_indirect_exceptions_LDFLAGS = $(beside_guest)

# Libraries that make locks of atomics; a guest without its library says so.
# A few bytes of padding before each case, as older compilers leave.
tests_preload_instrument_fixed_tables_CFLAGS = $(AM_CFLAGS) -fno-pie -fno-reorder-blocks \
	-falign-labels=8 -Wno-ignored-optimization-argument
tests_preload_instrument_fixed_tables_LDFLAGS = -no-pie -Wl,-z,noseparate-code
tests_preload_sync_openmp_CFLAGS = $(AM_CFLAGS) $(OPENMP_CFLAGS)
tests_preload_sync_openmp_races_CFLAGS = $(AM_CFLAGS) $(OPENMP_CFLAGS)
tests_preload_sync_glib_threads_CFLAGS = $(AM_CFLAGS) $(GLIB_CFLAGS)
tests_preload_sync_glib_threads_LDADD = $(GLIB_LIBS)
tests_preload_sync_tbb_tasks_LDADD = $(TBB_LIBS)

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
EXTRA_DIST += tests/preload/forgetful.py tests/preload/guest.h tests/preload/sync/hand_over.h \
	tests/preload/channels/ring.h \
	tests/preload/heap/heap_user.h \
	tests/preload/process/confinement.h \
	tests/preload/instrument/opened_library.h \
	tests/preload/instrument/stepped.h \
	tests/preload/instrument/stepped_halves.h \
	tests/preload/instrument/early_library.h tests/preload/instrument/early_library.c \
	tests/preload/instrument/ended_tls_library.c \
	tests/preload/instrument/local_library.cc \
	tests/preload/instrument/locking_library.h tests/preload/instrument/locking_library.c \
	tests/preload/instrument/plugin_library.h tests/preload/instrument/plugin_library.c \
	tests/preload/instrument/resolving_library.h tests/preload/instrument/resolving_library.c \
	tests/preload/instrument/silent_library.c \
	tests/preload/instrument/static_tls_library.c \
	tests/preload/instrument/throwing_library.h tests/preload/instrument/throwing_library.cc
