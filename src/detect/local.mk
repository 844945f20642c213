src_libcore_a_SOURCES += \
	%D%/detector.c %D%/detector.h \
	%D%/data/access.h \
	%D%/data/lock_mode.h \
	%D%/data/object.c %D%/data/object.h \
	%D%/data/shadow_word.h \
	%D%/data/site.c %D%/data/site.h \
	%D%/data/stack_depot.c %D%/data/stack_depot.h \
	%D%/data/marks.c %D%/data/marks.h \
	%D%/data/named_ids.h \
	%D%/data/numbered.c %D%/data/numbered.h \
	%D%/data/vclock.c %D%/data/vclock.h \
	%D%/data/wait.h \
	%D%/data/wakes.h \
	%D%/base/assumed.c %D%/base/assumed.h \
	%D%/base/clock.c %D%/base/clock.h \
	%D%/base/describe.c %D%/base/describe.h \
	%D%/base/detector.h \
	%D%/base/held_locks.c %D%/base/held_locks.h \
	%D%/base/lockset.c %D%/base/lockset.h \
	%D%/base/memory_block.c %D%/base/memory_block.h \
	%D%/base/report.c %D%/base/report.h \
	%D%/base/slot.c %D%/base/slot.h \
	%D%/base/thread.c %D%/base/thread.h %D%/base/thread_accesses.h \
	%D%/shadow/atomic_table.c %D%/shadow/atomic_table.h \
	%D%/shadow/cells.c %D%/shadow/cells.h \
	%D%/shadow/claim.c %D%/shadow/claim.h \
	%D%/shadow/origin.c %D%/shadow/origin.h \
	%D%/shadow/read_lines.c %D%/shadow/read_lines.h \
	%D%/shadow/read_set.c %D%/shadow/read_set.h \
	%D%/shadow/runs.c %D%/shadow/runs.h \
	%D%/shadow/shadow.c %D%/shadow/shadow.h \
	%D%/predicate/predicate.c %D%/predicate/predicate.h \
	%D%/shadow/summary.c %D%/shadow/summary.h \
	%D%/race/access.h \
	%D%/shadow/benign.c %D%/shadow/benign.h \
	%D%/race/pending.c \
	%D%/race/record_fast.c %D%/race/record_fast.h \
	%D%/race/record_part.c %D%/race/record_part.h \
	%D%/range/record_range.c %D%/range/record_range.h \
	%D%/range/record_run.c %D%/range/record_run.h \
	%D%/race/atomics/atomic_location.c %D%/race/atomics/atomic_location.h \
	%D%/race/atomics/atomic_last.c \
	%D%/race/atomics/asleep.c \
	%D%/race/atomics/asleep.h \
	%D%/race/atomics/owner.c \
	%D%/race/atomics/beside.c \
	%D%/race/atomics/promote.c \
	%D%/race/classify.c \
	%D%/race/compare.c \
	%D%/race/late_order.c \
	%D%/race/atomics/ordering.c \
	%D%/race/life.c \
	%D%/race/memory.c %D%/race/memory.h \
	%D%/race/atomics/pending_acquire.c \
	%D%/race/pending_release.c \
	%D%/race/predict.c \
	%D%/race/race.c %D%/race/race.h \
	%D%/race/report.c \
	%D%/race/updates/stale_read.c \
	%D%/race/updates/update.c %D%/race/updates/update.h \
	%D%/race/updates/update_split.c \
	%D%/race/verdict.c %D%/race/verdict.h \
	%D%/race/words.c \
	%D%/lock_order/chain.c %D%/lock_order/chain.h \
	%D%/lock_order/choice.c %D%/lock_order/choice.h \
	%D%/lock_order/class.c %D%/lock_order/class.h \
	%D%/lock_order/cycles.c %D%/lock_order/cycles.h \
	%D%/lock_order/graph.c %D%/lock_order/graph.h \
	%D%/lock_order/lock_order.c %D%/lock_order/lock_order.h \
	%D%/lock_order/records.c %D%/lock_order/records.h \
	%D%/lock_order/report.c %D%/lock_order/report.h \
	%D%/lock_order/topology.c %D%/lock_order/topology.h \
	%D%/lock_order/witness.c %D%/lock_order/witness.h \
	%D%/deadlock/futex.c %D%/deadlock/futex.h \
	%D%/deadlock/gone.c %D%/deadlock/gone.h \
	%D%/deadlock/handler.c %D%/deadlock/handler.h \
	%D%/deadlock/hang.c %D%/deadlock/hang.h \
	%D%/deadlock/misuse.c %D%/deadlock/misuse.h \
	%D%/deadlock/shared_deadlock.c %D%/deadlock/shared_deadlock.h \
	%D%/deadlock/shared_registry.c %D%/deadlock/shared_registry.h \
	%D%/deadlock/wait.c %D%/deadlock/wait.h \
	%D%/deadlock/wait_graph.c %D%/deadlock/wait_graph.h \
	%D%/deadlock/waker.c %D%/deadlock/waker.h \
	%D%/sync/barrier.c %D%/sync/barrier.h \
	%D%/sync/channel.c %D%/sync/channel.h \
	%D%/sync/condition.c %D%/sync/condition.h \
	%D%/life/life.c %D%/life/life.h \
	%D%/life/lock_lives.c %D%/life/lock_lives.h \
	%D%/sync/handover.c %D%/sync/handover.h \
	%D%/sync/lock.c %D%/sync/lock.h \
	%D%/sync/mutex.c %D%/sync/mutex.h \
	%D%/sync/once.c %D%/sync/once.h \
	%D%/sync/rwlock.c %D%/sync/rwlock.h \
	%D%/sync/semaphore.c %D%/sync/semaphore.h \
	%D%/sync/thread.c %D%/sync/thread.h
