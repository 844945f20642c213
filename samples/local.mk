# Faulty programs and their fixed twins: what `./setup demo` shows and the
# tests run.  A sample in C needs nothing but its name here: automake takes
# samples/FOLDER/NAME.c as the source of samples/FOLDER/NAME.

samples_c = \
	samples/deadlock/clean_cond_wait samples/deadlock/clean_crossed_locks \
	samples/deadlock/clean_join samples/deadlock/clean_once samples/deadlock/clean_philosophers \
	samples/deadlock/clean_recursive_read samples/deadlock/clean_relock \
	samples/deadlock/clean_signal_handler samples/deadlock/clean_two_processes \
	samples/deadlock/clean_upgrade samples/deadlock/cond_wait samples/deadlock/crossed_locks \
	samples/deadlock/join samples/deadlock/once samples/deadlock/philosophers \
	samples/deadlock/recursive_read samples/deadlock/relock samples/deadlock/signal_handler \
	samples/deadlock/two_processes samples/deadlock/upgrade \
	samples/hang/channel samples/hang/clean_channel samples/hang/clean_error_path \
	samples/hang/clean_lost_wakeup samples/hang/clean_nested_monitor samples/hang/clean_pool \
	samples/hang/clean_semaphore samples/hang/error_path samples/hang/lost_wakeup \
	samples/hang/nested_monitor samples/hang/pool samples/hang/semaphore \
	samples/hang/stop_request samples/hang/clean_stop_request \
	samples/hang/open_end samples/hang/clean_open_end \
	samples/hazard/clean_fork_lock samples/hazard/clean_join_holding \
	samples/hazard/clean_refused_relock samples/hazard/clean_signal_lock \
	samples/hazard/clean_thread_leak samples/hazard/fork_lock samples/hazard/join_holding \
	samples/hazard/refused_relock samples/hazard/signal_lock samples/hazard/thread_leak \
	samples/misuse/after_destroy samples/misuse/clean_after_destroy \
	samples/misuse/clean_destroy_locked samples/misuse/clean_double_unlock \
	samples/misuse/clean_exit_holding samples/misuse/clean_init_twice \
	samples/misuse/clean_robust samples/misuse/clean_two_mutexes \
	samples/misuse/clean_wait_once samples/misuse/clean_wait_unlocked \
	samples/misuse/clean_wrong_thread \
	samples/misuse/destroy_locked samples/misuse/double_unlock samples/misuse/exit_holding \
	samples/misuse/init_twice samples/misuse/robust samples/misuse/two_mutexes \
	samples/misuse/wait_once samples/misuse/wait_unlocked samples/misuse/wrong_thread \
	samples/order/bank_transfer samples/order/clean_bank_transfer samples/order/clean_new_member \
	samples/order/clean_two_locks samples/order/new_member samples/order/philosophers \
	samples/order/two_locks \
	samples/race/clean_closed_log samples/race/clean_flag samples/race/clean_free \
	samples/race/clean_late_signal \
	samples/race/clean_lazy_init samples/race/clean_local_time \
	samples/race/clean_publish samples/race/clean_ready \
	samples/race/clean_ring samples/race/clean_seqlock \
	samples/race/clean_stack samples/race/clean_unlocked_check samples/race/closed_log \
	samples/race/flag samples/race/ready \
	samples/race/free samples/race/late_signal \
	samples/race/lazy_init samples/race/local_time samples/race/publish samples/race/ring \
	samples/race/seqlock samples/race/stack samples/race/unlocked_check \
	samples/update/bit_fields samples/update/clean_bit_fields samples/update/clean_counter \
	samples/update/clean_inventory samples/update/clean_login_count \
	samples/update/clean_overdraft samples/update/clean_read_lock \
	samples/update/clean_reference_count samples/update/clean_withdrawal \
	samples/update/clean_wrong_lock samples/update/counter samples/update/inventory \
	samples/update/login_count samples/update/overdraft samples/update/read_lock \
	samples/update/reference_count samples/update/withdrawal samples/update/wrong_lock

samples_cc = \
	samples/hang/forgotten_promise samples/hang/clean_forgotten_promise \
	samples/order/clean_two_mutexes samples/order/two_mutexes \
	samples/race/clean_vector samples/race/vector

samples_hang_forgotten_promise_SOURCES = samples/hang/forgotten_promise.cc
samples_hang_clean_forgotten_promise_SOURCES = samples/hang/clean_forgotten_promise.cc
samples_order_two_mutexes_SOURCES = samples/order/two_mutexes.cc
samples_order_clean_two_mutexes_SOURCES = samples/order/clean_two_mutexes.cc
samples_race_vector_SOURCES = samples/race/vector.cc
samples_race_clean_vector_SOURCES = samples/race/clean_vector.cc

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
exampledir = $(docdir)
nobase_dist_example_DATA = $(samples_c:=.c) $(samples_cc:=.cc)
EXTRA_DIST += samples/EXPECTED.tsv
