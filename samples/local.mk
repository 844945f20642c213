# Faulty programs and their fixed twins: what `./setup demo` shows and the
# tests run.  A sample in C needs nothing but its name here: automake takes
# samples/NAME.c as the source of samples/NAME.

faulty_samples_c = \
	samples/deadlock_cond_wait samples/deadlock_crossed_locks \
	samples/deadlock_join samples/deadlock_once \
	samples/deadlock_philosophers samples/deadlock_recursive_read \
	samples/deadlock_relock samples/deadlock_signal_handler \
	samples/deadlock_two_processes samples/deadlock_upgrade \
	samples/hang_channel samples/hang_error_path samples/hang_lost_wakeup \
	samples/hang_nested_monitor samples/hang_pool samples/hang_semaphore \
	samples/hazard_fork_lock samples/hazard_join_holding \
	samples/hazard_refused_relock samples/hazard_signal_lock \
	samples/hazard_thread_leak samples/misuse_after_destroy \
	samples/misuse_destroy_locked samples/misuse_double_unlock \
	samples/misuse_exit_holding samples/misuse_robust \
	samples/misuse_wait_unlocked samples/misuse_wrong_thread \
	samples/order_bank_transfer samples/order_philosophers \
	samples/order_two_locks samples/race_flag samples/race_free \
	samples/race_lazy_init samples/race_publish samples/race_ring \
	samples/race_seqlock samples/race_stack samples/race_unlocked_check \
	samples/update_bit_fields samples/update_counter \
	samples/update_inventory samples/update_login_count \
	samples/update_overdraft samples/update_read_lock \
	samples/update_reference_count samples/update_withdrawal \
	samples/update_wrong_lock

clean_samples_c = \
	samples/clean_after_destroy samples/clean_bank_transfer \
	samples/clean_bit_fields samples/clean_channel \
	samples/clean_cond_wait samples/clean_counter \
	samples/clean_crossed_locks samples/clean_destroy_locked \
	samples/clean_double_unlock samples/clean_error_path \
	samples/clean_exit_holding samples/clean_flag samples/clean_fork_lock \
	samples/clean_free samples/clean_inventory samples/clean_join \
	samples/clean_join_holding samples/clean_lazy_init \
	samples/clean_login_count samples/clean_lost_wakeup \
	samples/clean_nested_monitor samples/clean_once \
	samples/clean_overdraft samples/clean_philosophers samples/clean_pool \
	samples/clean_publish samples/clean_read_lock \
	samples/clean_recursive_read samples/clean_reference_count \
	samples/clean_refused_relock samples/clean_relock samples/clean_ring \
	samples/clean_robust samples/clean_semaphore samples/clean_seqlock \
	samples/clean_signal_handler samples/clean_signal_lock \
	samples/clean_stack samples/clean_thread_leak samples/clean_two_locks \
	samples/clean_two_processes samples/clean_unlocked_check \
	samples/clean_upgrade samples/clean_wait_unlocked \
	samples/clean_withdrawal samples/clean_wrong_lock \
	samples/clean_wrong_thread

samples_cc = \
	samples/clean_two_mutexes samples/clean_vector \
	samples/order_two_mutexes samples/race_vector

samples_order_two_mutexes_SOURCES = samples/order_two_mutexes.cc
samples_clean_two_mutexes_SOURCES = samples/clean_two_mutexes.cc
samples_race_vector_SOURCES = samples/race_vector.cc
samples_clean_vector_SOURCES = samples/clean_vector.cc

samples_c = $(faulty_samples_c) $(clean_samples_c)
noinst_PROGRAMS += $(samples_c) $(samples_cc)

# Users' programs, not ours: neither our warnings nor the builder's options.
# Line numbers and frames are what EXPECTED.tsv says at -O1 -g, with every
# call a real one.
SAMPLE_CFLAGS = -O1 -g -pthread -fno-optimize-sibling-calls -Wall -Wextra
built_from_c = $(samples_c) $(samples_c:=.$(OBJEXT))
built_from_cc = $(samples_cc) $(samples_cc:=.$(OBJEXT))
$(built_from_c): AM_CFLAGS = -std=gnu11
$(built_from_c): CFLAGS = $(SAMPLE_CFLAGS)
$(built_from_cc): AM_CXXFLAGS = -std=c++20
$(built_from_cc): CXXFLAGS = $(SAMPLE_CFLAGS)

# The sources are documentation too.
exampledir = $(docdir)/samples
dist_example_DATA = $(samples_c:=.c) $(samples_cc:=.cc)
EXTRA_DIST += samples/EXPECTED.tsv
