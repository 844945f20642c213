# Unit tests: programs of the Check framework, one per module.  run_units runs
# every test_*.c of the folders here, which mirror the sources', and says of one that is not listed that it is not built.

SUITES += tests/unit/run_units
dist_check_SCRIPTS += tests/unit/run_units

include %D%/reports.mk
include %D%/x86.mk

if HAVE_UNIT_LIBRARIES
check_PROGRAMS += $(core_tests) $(memory_tests) $(unwind_tests) $(REPORT_TESTS) $(x86_tests)
endif

UNIT_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir) -D_GNU_SOURCE
UNWIND_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)
# Tests run on whole stacks, unlike the guest library; what they look up is there.
UNIT_CFLAGS = $(AM_CFLAGS) -Wno-frame-larger-than -Wno-null-dereference $(CHECK_CFLAGS)

# --- What stands on libcore.a alone ------------------------------------------

core_tests = \
	tests/unit/base/test_arena \
	tests/unit/detect/test_handover \
	tests/unit/detect/test_life \
	tests/unit/detect/test_lock_order \
	tests/unit/detect/test_lock_order_bounds \
	tests/unit/detect/test_lock_order_random \
	tests/unit/detect/test_lockset \
	tests/unit/base/test_intern \
	tests/unit/base/test_map \
	tests/unit/base/test_runtime_lock \
	tests/unit/base/test_spin_lock \
	tests/unit/detect/test_object \
	tests/unit/detect/test_object_ids \
	tests/unit/detect/test_object_threads \
	tests/unit/options/test_options \
	tests/unit/command/test_launch \
	tests/unit/detect/test_topology \
	tests/unit/detect/test_race \
	tests/unit/detect/test_race_assumed \
	tests/unit/detect/test_race_held_back \
	tests/unit/detect/test_race_open_reads \
	tests/unit/detect/test_race_origins \
	tests/unit/detect/test_origin_sites \
	tests/unit/detect/test_race_own_read \
	tests/unit/detect/test_race_silent \
	tests/unit/detect/test_race_random \
	tests/unit/detect/test_race_looks \
	tests/unit/detect/test_race_atomic \
	tests/unit/detect/test_race_owner \
	tests/unit/detect/test_race_unheard \
	tests/unit/detect/test_race_asleep \
	tests/unit/detect/test_race_regions \
	tests/unit/detect/test_race_split \
	tests/unit/detect/test_race_releases \
	tests/unit/detect/test_race_threads \
	tests/unit/detect/test_shared_registry \
	tests/unit/detect/test_read_lines \
	tests/unit/detect/test_read_line_orders \
	tests/unit/detect/test_site \
	tests/unit/detect/test_summary \
	tests/unit/detect/test_claim \
	tests/unit/detect/test_claim_orders \
	tests/unit/detect/test_run_orders \
	tests/unit/detect/test_runs \
	tests/unit/detect/test_summary_orders \
	tests/unit/elf/test_eh_frame \
	tests/unit/elf/test_image \
	tests/unit/elf/test_target \
	tests/unit/detect/test_lock \
	tests/unit/detect/test_hang \
	tests/unit/detect/test_thread \
	tests/unit/detect/test_vclock

tests_unit_base_test_arena_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_base_test_arena_CFLAGS = $(UNIT_CFLAGS)
tests_unit_base_test_arena_SOURCES = tests/unit/base/test_arena.c
tests_unit_base_test_arena_LDADD = src/libcore.a $(CHECK_LIBS)

knowledge_sources = tests/unit/detect/knowledge.c tests/unit/detect/knowledge.h

tests_unit_detect_test_handover_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_detect_test_handover_CFLAGS = $(UNIT_CFLAGS)
tests_unit_detect_test_handover_SOURCES = tests/unit/detect/test_handover.c $(knowledge_sources)
tests_unit_detect_test_handover_LDADD = src/libcore.a $(CHECK_LIBS)

ordering_sources = tests/unit/detect/ordering.c tests/unit/detect/ordering.h

tests_unit_detect_test_lock_order_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_detect_test_lock_order_CFLAGS = $(UNIT_CFLAGS)
tests_unit_detect_test_lock_order_SOURCES = tests/unit/detect/test_lock_order.c $(ordering_sources)
tests_unit_detect_test_lock_order_LDADD = src/libcore.a $(CHECK_LIBS)

tests_unit_detect_test_lock_order_bounds_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_detect_test_lock_order_bounds_CFLAGS = $(UNIT_CFLAGS)
tests_unit_detect_test_lock_order_bounds_SOURCES = tests/unit/detect/test_lock_order_bounds.c \
	$(ordering_sources)
tests_unit_detect_test_lock_order_bounds_LDADD = src/libcore.a $(CHECK_LIBS)

tests_unit_detect_test_lock_order_random_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_detect_test_lock_order_random_CFLAGS = $(UNIT_CFLAGS)
tests_unit_detect_test_lock_order_random_SOURCES = tests/unit/detect/test_lock_order_random.c
tests_unit_detect_test_lock_order_random_LDADD = src/libcore.a $(CHECK_LIBS)

tests_unit_base_test_intern_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_base_test_intern_CFLAGS = $(UNIT_CFLAGS)
tests_unit_base_test_intern_SOURCES = tests/unit/base/test_intern.c
tests_unit_base_test_intern_LDADD = src/libcore.a $(CHECK_LIBS) -lpthread

tests_unit_base_test_map_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_base_test_map_CFLAGS = $(UNIT_CFLAGS)
tests_unit_base_test_map_SOURCES = tests/unit/base/test_map.c
tests_unit_base_test_map_LDADD = src/libcore.a $(CHECK_LIBS)

tests_unit_base_test_runtime_lock_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_base_test_runtime_lock_CFLAGS = $(UNIT_CFLAGS)
tests_unit_base_test_runtime_lock_SOURCES = tests/unit/base/test_runtime_lock.c
tests_unit_base_test_runtime_lock_LDADD = src/libcore.a $(CHECK_LIBS) -lpthread
tests_unit_base_test_spin_lock_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_base_test_spin_lock_CFLAGS = $(UNIT_CFLAGS)
tests_unit_base_test_spin_lock_SOURCES = tests/unit/base/test_spin_lock.c
tests_unit_base_test_spin_lock_LDADD = src/libcore.a $(CHECK_LIBS) -lpthread

tests_unit_detect_test_object_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_detect_test_object_CFLAGS = $(UNIT_CFLAGS)
tests_unit_detect_test_object_SOURCES = tests/unit/detect/object_lab.h tests/unit/detect/test_object.c
tests_unit_detect_test_object_LDADD = src/libcore.a $(CHECK_LIBS)

tests_unit_detect_test_object_ids_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_detect_test_object_ids_CFLAGS = $(UNIT_CFLAGS)
tests_unit_detect_test_object_ids_SOURCES = tests/unit/detect/object_lab.h tests/unit/detect/test_object_ids.c
tests_unit_detect_test_object_ids_LDADD = src/libcore.a $(CHECK_LIBS)

tests_unit_detect_test_object_threads_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_detect_test_object_threads_CFLAGS = $(UNIT_CFLAGS)
tests_unit_detect_test_object_threads_SOURCES = tests/unit/detect/test_object_threads.c
tests_unit_detect_test_object_threads_LDADD = src/libcore.a $(CHECK_LIBS) -lpthread

tests_unit_options_test_options_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_options_test_options_CFLAGS = $(UNIT_CFLAGS)
tests_unit_options_test_options_SOURCES = tests/unit/options/test_options.c
tests_unit_options_test_options_LDADD = src/libcore.a $(CHECK_LIBS)

tests_unit_command_test_launch_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_command_test_launch_CFLAGS = $(UNIT_CFLAGS)
tests_unit_command_test_launch_SOURCES = tests/unit/command/test_launch.c src/command/run/launch.c
tests_unit_command_test_launch_LDADD = src/libcore.a $(CHECK_LIBS) -lpthread

tests_unit_detect_test_topology_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_detect_test_topology_CFLAGS = $(UNIT_CFLAGS)
tests_unit_detect_test_topology_SOURCES = tests/unit/detect/test_topology.c
tests_unit_detect_test_topology_LDADD = src/libcore.a $(CHECK_LIBS)

order_sources = tests/unit/detect/store_orders.c tests/unit/detect/store_orders.h
racing_sources = tests/unit/detect/racing.c tests/unit/detect/racing.h \
	tests/unit/detect/owner_lab.h

tests_unit_detect_test_lockset_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_detect_test_lockset_CFLAGS = $(UNIT_CFLAGS)
tests_unit_detect_test_lockset_SOURCES = tests/unit/detect/test_lockset.c $(racing_sources)
tests_unit_detect_test_lockset_LDADD = src/libcore.a $(CHECK_LIBS)

tests_unit_detect_test_race_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_detect_test_race_CFLAGS = $(UNIT_CFLAGS)
tests_unit_detect_test_race_SOURCES = tests/unit/detect/test_race.c $(racing_sources)
tests_unit_detect_test_race_LDADD = src/libcore.a $(CHECK_LIBS)

tests_unit_detect_test_race_assumed_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_detect_test_race_assumed_CFLAGS = $(UNIT_CFLAGS)
tests_unit_detect_test_race_assumed_SOURCES = tests/unit/detect/test_race_assumed.c \
	tests/unit/detect/flags.h $(racing_sources)
tests_unit_detect_test_race_assumed_LDADD = src/libcore.a $(CHECK_LIBS)

tests_unit_detect_test_race_held_back_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_detect_test_race_held_back_CFLAGS = $(UNIT_CFLAGS)
tests_unit_detect_test_race_held_back_SOURCES = tests/unit/detect/test_race_held_back.c \
	tests/unit/detect/flags.h $(racing_sources)
tests_unit_detect_test_race_held_back_LDADD = src/libcore.a $(CHECK_LIBS)

tests_unit_detect_test_race_open_reads_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_detect_test_race_open_reads_CFLAGS = $(UNIT_CFLAGS)
tests_unit_detect_test_race_open_reads_SOURCES = tests/unit/detect/test_race_open_reads.c \
	$(racing_sources)
tests_unit_detect_test_race_open_reads_LDADD = src/libcore.a $(CHECK_LIBS)

tests_unit_detect_test_race_origins_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_detect_test_race_origins_CFLAGS = $(UNIT_CFLAGS)
tests_unit_detect_test_race_origins_SOURCES = tests/unit/detect/test_race_origins.c \
	$(racing_sources)
tests_unit_detect_test_race_origins_LDADD = src/libcore.a $(CHECK_LIBS)

tests_unit_detect_test_origin_sites_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_detect_test_origin_sites_CFLAGS = $(UNIT_CFLAGS)
tests_unit_detect_test_origin_sites_SOURCES = tests/unit/detect/test_origin_sites.c \
	$(racing_sources)
tests_unit_detect_test_origin_sites_LDADD = src/libcore.a $(CHECK_LIBS)

tests_unit_detect_test_race_own_read_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_detect_test_race_own_read_CFLAGS = $(UNIT_CFLAGS)
tests_unit_detect_test_race_own_read_SOURCES = tests/unit/detect/test_race_own_read.c \
	$(racing_sources)
tests_unit_detect_test_race_own_read_LDADD = src/libcore.a $(CHECK_LIBS)

tests_unit_detect_test_race_silent_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_detect_test_race_silent_CFLAGS = $(UNIT_CFLAGS)
tests_unit_detect_test_race_silent_SOURCES = tests/unit/detect/test_race_silent.c \
	$(racing_sources)
tests_unit_detect_test_race_silent_LDADD = src/libcore.a $(CHECK_LIBS)

tests_unit_detect_test_race_random_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_detect_test_race_random_CFLAGS = $(UNIT_CFLAGS)
tests_unit_detect_test_race_random_SOURCES = tests/unit/detect/test_race_random.c $(racing_sources)
tests_unit_detect_test_race_random_LDADD = src/libcore.a $(CHECK_LIBS)

tests_unit_detect_test_race_looks_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_detect_test_race_looks_CFLAGS = $(UNIT_CFLAGS)
tests_unit_detect_test_race_looks_SOURCES = tests/unit/detect/test_race_looks.c \
	$(racing_sources)
tests_unit_detect_test_race_looks_LDADD = src/libcore.a $(CHECK_LIBS)

tests_unit_detect_test_race_atomic_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_detect_test_race_atomic_CFLAGS = $(UNIT_CFLAGS)
tests_unit_detect_test_race_atomic_SOURCES = tests/unit/detect/test_race_atomic.c \
	$(racing_sources)
tests_unit_detect_test_race_atomic_LDADD = src/libcore.a $(CHECK_LIBS)

tests_unit_detect_test_race_owner_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_detect_test_race_owner_CFLAGS = $(UNIT_CFLAGS)
tests_unit_detect_test_race_owner_SOURCES = tests/unit/detect/test_race_owner.c \
	$(racing_sources)
tests_unit_detect_test_race_owner_LDADD = src/libcore.a $(CHECK_LIBS)

tests_unit_detect_test_race_unheard_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_detect_test_race_unheard_CFLAGS = $(UNIT_CFLAGS)
tests_unit_detect_test_race_unheard_SOURCES = tests/unit/detect/test_race_unheard.c \
	$(racing_sources)
tests_unit_detect_test_race_unheard_LDADD = src/libcore.a $(CHECK_LIBS)

tests_unit_detect_test_race_asleep_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_detect_test_race_asleep_CFLAGS = $(UNIT_CFLAGS)
tests_unit_detect_test_race_asleep_SOURCES = tests/unit/detect/test_race_asleep.c \
	$(racing_sources)
tests_unit_detect_test_race_asleep_LDADD = src/libcore.a $(CHECK_LIBS)

tests_unit_detect_test_race_regions_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_detect_test_race_regions_CFLAGS = $(UNIT_CFLAGS)
tests_unit_detect_test_race_regions_SOURCES = tests/unit/detect/test_race_regions.c \
	$(racing_sources)
tests_unit_detect_test_race_regions_LDADD = src/libcore.a $(CHECK_LIBS)
tests_unit_detect_test_race_split_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_detect_test_race_split_CFLAGS = $(UNIT_CFLAGS)
tests_unit_detect_test_race_split_SOURCES = tests/unit/detect/test_race_split.c \
	$(racing_sources)
tests_unit_detect_test_race_split_LDADD = src/libcore.a $(CHECK_LIBS)
tests_unit_detect_test_race_releases_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_detect_test_race_releases_CFLAGS = $(UNIT_CFLAGS)
tests_unit_detect_test_race_releases_SOURCES = tests/unit/detect/test_race_releases.c \
	$(racing_sources)
tests_unit_detect_test_race_releases_LDADD = src/libcore.a $(CHECK_LIBS)

tests_unit_detect_test_read_lines_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_detect_test_read_lines_CFLAGS = $(UNIT_CFLAGS)
tests_unit_detect_test_read_lines_SOURCES = tests/unit/detect/test_read_lines.c $(racing_sources)
tests_unit_detect_test_read_lines_LDADD = src/libcore.a $(CHECK_LIBS)

tests_unit_detect_test_read_line_orders_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_detect_test_read_line_orders_CFLAGS = $(UNIT_CFLAGS)
tests_unit_detect_test_read_line_orders_SOURCES = tests/unit/detect/test_read_line_orders.c $(order_sources)
tests_unit_detect_test_read_line_orders_LDADD = $(CHECK_LIBS)

tests_unit_detect_test_site_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_detect_test_site_CFLAGS = $(UNIT_CFLAGS)
tests_unit_detect_test_site_SOURCES = tests/unit/detect/test_site.c
tests_unit_detect_test_site_LDADD = src/libcore.a $(CHECK_LIBS)

tests_unit_detect_test_summary_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_detect_test_summary_CFLAGS = $(UNIT_CFLAGS)
tests_unit_detect_test_summary_SOURCES = tests/unit/detect/test_summary.c $(racing_sources)
tests_unit_detect_test_summary_LDADD = src/libcore.a $(CHECK_LIBS)

tests_unit_detect_test_claim_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_detect_test_claim_CFLAGS = $(UNIT_CFLAGS)
tests_unit_detect_test_claim_SOURCES = tests/unit/detect/test_claim.c $(racing_sources)
tests_unit_detect_test_claim_LDADD = src/libcore.a $(CHECK_LIBS)
tests_unit_detect_test_claim_orders_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_detect_test_claim_orders_CFLAGS = $(UNIT_CFLAGS)
tests_unit_detect_test_claim_orders_SOURCES = tests/unit/detect/test_claim_orders.c $(order_sources)
tests_unit_detect_test_claim_orders_LDADD = $(CHECK_LIBS)
tests_unit_detect_test_runs_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_detect_test_runs_CFLAGS = $(UNIT_CFLAGS)
tests_unit_detect_test_runs_SOURCES = tests/unit/detect/test_runs.c $(racing_sources)
tests_unit_detect_test_runs_LDADD = src/libcore.a $(CHECK_LIBS)
tests_unit_detect_test_run_orders_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_detect_test_run_orders_CFLAGS = $(UNIT_CFLAGS)
tests_unit_detect_test_run_orders_SOURCES = tests/unit/detect/test_run_orders.c $(order_sources)
tests_unit_detect_test_run_orders_LDADD = src/libcore.a $(CHECK_LIBS)
tests_unit_detect_test_summary_orders_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_detect_test_summary_orders_CFLAGS = $(UNIT_CFLAGS)
tests_unit_detect_test_summary_orders_SOURCES = tests/unit/detect/test_summary_orders.c $(order_sources)
tests_unit_detect_test_summary_orders_LDADD = $(CHECK_LIBS)

tests_unit_detect_test_race_threads_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_detect_test_race_threads_CFLAGS = $(UNIT_CFLAGS)
tests_unit_detect_test_race_threads_SOURCES = tests/unit/detect/test_race_threads.c $(racing_sources)
tests_unit_detect_test_race_threads_LDADD = src/libcore.a $(CHECK_LIBS) -lpthread

tests_unit_detect_test_shared_registry_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_detect_test_shared_registry_CFLAGS = $(UNIT_CFLAGS)
tests_unit_detect_test_shared_registry_SOURCES = tests/unit/detect/test_shared_registry.c
tests_unit_detect_test_shared_registry_LDADD = src/libcore.a $(CHECK_LIBS)

tests_unit_elf_test_eh_frame_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_elf_test_eh_frame_CFLAGS = $(UNIT_CFLAGS)
tests_unit_elf_test_eh_frame_SOURCES = tests/unit/elf/test_eh_frame.c
tests_unit_elf_test_eh_frame_LDADD = src/libcore.a $(CHECK_LIBS)

tests_unit_elf_test_image_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_elf_test_image_CFLAGS = $(UNIT_CFLAGS)
tests_unit_elf_test_image_SOURCES = tests/unit/elf/test_image.c
tests_unit_elf_test_image_LDADD = src/libcore.a $(CHECK_LIBS)

tests_unit_elf_test_target_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_elf_test_target_CFLAGS = $(UNIT_CFLAGS)
tests_unit_elf_test_target_SOURCES = tests/unit/elf/test_target.c
tests_unit_elf_test_target_LDADD = src/libcore.a $(CHECK_LIBS)

tests_unit_detect_test_lock_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_detect_test_lock_CFLAGS = $(UNIT_CFLAGS)
tests_unit_detect_test_lock_SOURCES = tests/unit/detect/test_lock.c $(knowledge_sources)
tests_unit_detect_test_lock_LDADD = src/libcore.a $(CHECK_LIBS)

tests_unit_detect_test_life_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_detect_test_life_CFLAGS = $(UNIT_CFLAGS)
tests_unit_detect_test_life_SOURCES = tests/unit/detect/test_life.c $(knowledge_sources)
tests_unit_detect_test_life_LDADD = src/libcore.a $(CHECK_LIBS)

tests_unit_detect_test_hang_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_detect_test_hang_CFLAGS = $(UNIT_CFLAGS)
tests_unit_detect_test_hang_SOURCES = tests/unit/detect/test_hang.c $(knowledge_sources)
tests_unit_detect_test_hang_LDADD = src/libcore.a $(CHECK_LIBS)

tests_unit_detect_test_thread_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_detect_test_thread_CFLAGS = $(UNIT_CFLAGS)
tests_unit_detect_test_thread_SOURCES = tests/unit/detect/test_thread.c $(knowledge_sources)
tests_unit_detect_test_thread_LDADD = src/libcore.a $(CHECK_LIBS)

tests_unit_detect_test_vclock_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_detect_test_vclock_CFLAGS = $(UNIT_CFLAGS)
tests_unit_detect_test_vclock_SOURCES = tests/unit/detect/test_vclock.c
tests_unit_detect_test_vclock_LDADD = src/libcore.a $(CHECK_LIBS)

# --- The heap and the C library, as the engine sees them ----------------------

memory_tests = tests/unit/preload/test_block_facts tests/unit/preload/test_call_site \
	tests/unit/preload/test_lock_memo tests/unit/preload/test_lock_memo_random \
	tests/unit/preload/test_ranges \
	tests/unit/preload/test_reserved tests/unit/preload/test_sink_room \
	tests/unit/preload/test_token_memo

tests_unit_preload_test_block_facts_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_preload_test_block_facts_CFLAGS = $(UNIT_CFLAGS)
tests_unit_preload_test_block_facts_SOURCES = tests/unit/preload/test_block_facts.c preload/heap/block_facts.c
tests_unit_preload_test_block_facts_LDADD = src/libcore.a $(CHECK_LIBS)

tests_unit_preload_test_call_site_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_preload_test_call_site_CFLAGS = $(UNIT_CFLAGS)
tests_unit_preload_test_call_site_SOURCES = tests/unit/preload/test_call_site.c preload/code/call_site.c
tests_unit_preload_test_call_site_LDADD = src/libcore.a $(CHECK_LIBS)

# The detector of the tests is the guest's.
tests_unit_preload_test_lock_memo_CPPFLAGS = $(UNWIND_CPPFLAGS) -Djudge=guest_detector
tests_unit_preload_test_lock_memo_CFLAGS = $(UNIT_CFLAGS) -fno-omit-frame-pointer -Wno-redundant-decls
memo_sources = tests/unit/preload/memo_lab.c tests/unit/preload/memo_lab.h $(knowledge_sources) \
	preload/sync/lock_memo.c preload/guest/real.c
mutex_memo_sources = $(memo_sources) tests/unit/preload/mutex_memo_lab.h
tests_unit_preload_test_lock_memo_SOURCES = tests/unit/preload/test_lock_memo.c $(mutex_memo_sources)
tests_unit_preload_test_lock_memo_LDADD = src/libcore.a $(CHECK_LIBS)

tests_unit_preload_test_lock_memo_random_CPPFLAGS = $(UNWIND_CPPFLAGS) -Djudge=guest_detector
tests_unit_preload_test_lock_memo_random_CFLAGS = $(UNIT_CFLAGS) -fno-omit-frame-pointer -Wno-redundant-decls
tests_unit_preload_test_lock_memo_random_SOURCES = tests/unit/preload/test_lock_memo_random.c $(mutex_memo_sources)
tests_unit_preload_test_lock_memo_random_LDADD = src/libcore.a $(CHECK_LIBS)

tests_unit_preload_test_token_memo_CPPFLAGS = $(UNWIND_CPPFLAGS) -Djudge=guest_detector
tests_unit_preload_test_token_memo_CFLAGS = $(UNIT_CFLAGS) -fno-omit-frame-pointer -Wno-redundant-decls
tests_unit_preload_test_token_memo_SOURCES = tests/unit/preload/test_token_memo.c $(memo_sources)
tests_unit_preload_test_token_memo_LDADD = src/libcore.a $(CHECK_LIBS)

tests_unit_preload_test_ranges_CPPFLAGS = $(UNWIND_CPPFLAGS)
tests_unit_preload_test_ranges_CFLAGS = $(UNIT_CFLAGS) -fno-omit-frame-pointer
tests_unit_preload_test_ranges_SOURCES = tests/unit/preload/test_ranges.c \
	tests/unit/preload/range_lab.c tests/unit/preload/range_lab.h \
	tests/unit/preload/range_texts.c tests/unit/preload/range_files.c \
	preload/ranges/ranges.c preload/ranges/formatted.c preload/ranges/regular.c \
	preload/ranges/states.c \
	preload/ranges/vectors.c preload/guest/real.c
tests_unit_preload_test_ranges_LDADD = $(CHECK_LIBS)

tests_unit_preload_test_reserved_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_preload_test_reserved_CFLAGS = $(UNIT_CFLAGS)
tests_unit_preload_test_reserved_SOURCES = tests/unit/preload/test_reserved.c preload/heap/reserved.c
tests_unit_preload_test_reserved_LDADD = src/libcore.a $(CHECK_LIBS)

tests_unit_preload_test_sink_room_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_preload_test_sink_room_CFLAGS = $(UNIT_CFLAGS)
tests_unit_preload_test_sink_room_SOURCES = tests/unit/preload/test_sink_room.c \
	preload/results/sink_room.c
tests_unit_preload_test_sink_room_LDADD = src/libcore.a $(CHECK_LIBS)

# --- The unwinder, against libunwind -----------------------------------------

unwind_tests = \
	tests/unit/unwind/test_stack_memo \
	tests/unit/unwind/test_unwind \
	tests/unit/unwind/test_cache \
	tests/unit/unwind/test_expression

tests_unit_unwind_test_cache_CPPFLAGS = $(UNWIND_CPPFLAGS)
tests_unit_unwind_test_cache_CFLAGS = $(UNIT_CFLAGS)
tests_unit_unwind_test_cache_SOURCES = tests/unit/unwind/test_cache.c
tests_unit_unwind_test_cache_LDADD = src/libcore.a $(CHECK_LIBS) -lpthread

tests_unit_unwind_test_expression_CPPFLAGS = $(UNWIND_CPPFLAGS)
tests_unit_unwind_test_expression_CFLAGS = $(UNIT_CFLAGS)
tests_unit_unwind_test_expression_SOURCES = tests/unit/unwind/test_expression.c
tests_unit_unwind_test_expression_LDADD = src/libcore.a $(CHECK_LIBS)

tests_unit_unwind_test_stack_memo_CPPFLAGS = $(UNWIND_CPPFLAGS)
tests_unit_unwind_test_stack_memo_CFLAGS = $(UNIT_CFLAGS)
# With a hole between its code and its last segment, as some programs have.
tests_unit_unwind_test_stack_memo_LDFLAGS = -Wl,--section-start=.far=0x10000000
tests_unit_unwind_test_stack_memo_SOURCES = tests/unit/unwind/test_stack_memo.c
tests_unit_unwind_test_stack_memo_LDADD = src/libcore.a $(CHECK_LIBS)

# Code to unwind through, of the shapes that compilers make: the same guest
# under four names, each with the options that give it its name.
unwind_guests = \
	tests/unit/unwind/libguest_o0.a tests/unit/unwind/libguest_o2.a \
	tests/unit/unwind/libguest_frame_pointer.a tests/unit/unwind/libguest_o3.a
check_LIBRARIES += $(unwind_guests)
if HAVE_AVX2
GUEST_VECTORS = -mavx2
endif
UNWIND_GUEST_CPPFLAGS = -D_GNU_SOURCE

tests_unit_unwind_libguest_o0_a_CPPFLAGS = $(UNWIND_GUEST_CPPFLAGS) -DGUEST_NAME=guest_o0
tests_unit_unwind_libguest_o0_a_SOURCES = tests/unit/unwind/guest.c
tests/unit/unwind/libguest_o0_a-guest.$(OBJEXT): CFLAGS = -g -O0

tests_unit_unwind_libguest_o2_a_CPPFLAGS = $(UNWIND_GUEST_CPPFLAGS) -DGUEST_NAME=guest_o2
tests_unit_unwind_libguest_o2_a_SOURCES = tests/unit/unwind/guest.c
tests/unit/unwind/libguest_o2_a-guest.$(OBJEXT): CFLAGS = -g -O2

tests_unit_unwind_libguest_frame_pointer_a_CPPFLAGS = $(UNWIND_GUEST_CPPFLAGS) \
	-DGUEST_NAME=guest_frame_pointer
tests_unit_unwind_libguest_frame_pointer_a_SOURCES = tests/unit/unwind/guest.c
tests/unit/unwind/libguest_frame_pointer_a-guest.$(OBJEXT): CFLAGS = -g -O2 \
	-fno-omit-frame-pointer

tests_unit_unwind_libguest_o3_a_CPPFLAGS = $(UNWIND_GUEST_CPPFLAGS) -DGUEST_NAME=guest_o3
tests_unit_unwind_libguest_o3_a_SOURCES = tests/unit/unwind/guest.c
tests/unit/unwind/libguest_o3_a-guest.$(OBJEXT): CFLAGS = -g -O3 $(GUEST_VECTORS) \
	-fcf-protection

built_from_unwind_guest = \
	tests/unit/unwind/libguest_o0_a-guest.$(OBJEXT) \
	tests/unit/unwind/libguest_o2_a-guest.$(OBJEXT) \
	tests/unit/unwind/libguest_frame_pointer_a-guest.$(OBJEXT) \
	tests/unit/unwind/libguest_o3_a-guest.$(OBJEXT)
$(built_from_unwind_guest): AM_CFLAGS = -std=gnu11 -Wall -Wextra
tests/unit/unwind/test_unwind-guest_cxx.$(OBJEXT): CXXFLAGS = -g -O2

tests_unit_unwind_test_unwind_CPPFLAGS = $(UNWIND_CPPFLAGS)
tests_unit_unwind_test_unwind_CFLAGS = $(UNIT_CFLAGS) $(UNWIND_CFLAGS)
tests_unit_unwind_test_unwind_SOURCES = \
	tests/unit/unwind/test_unwind.c \
	tests/unit/unwind/guest.h \
	tests/unit/unwind/guest_asm.S \
	tests/unit/unwind/guest_cxx.cc \
	tests/unit/unwind/probe.c tests/unit/unwind/probe.h
tests_unit_unwind_test_unwind_LDADD = $(unwind_guests) src/libcore.a $(CHECK_LIBS) $(UNWIND_LIBS) \
	-lpthread
