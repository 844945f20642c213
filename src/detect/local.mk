src_libcore_a_SOURCES += \
	%D%/detector.c %D%/detector.h \
	%D%/base/lockset.c %D%/base/lockset.h \
	%D%/base/memory_block.h \
	%D%/base/object.c %D%/base/object.h \
	%D%/base/report.c %D%/base/report.h \
	%D%/base/site.c %D%/base/site.h \
	%D%/base/slot.c %D%/base/slot.h \
	%D%/base/stack_depot.c %D%/base/stack_depot.h \
	%D%/base/vclock.c %D%/base/vclock.h \
	%D%/shadow/cells.c %D%/shadow/cells.h \
	%D%/shadow/origin.c %D%/shadow/origin.h \
	%D%/shadow/race_words.c \
	%D%/shadow/read_set.c %D%/shadow/read_set.h \
	%D%/shadow/shadow.c %D%/shadow/shadow.h \
	%D%/race/access.h \
	%D%/race/access_fast.c %D%/race/access_fast.h \
	%D%/race/atomic_location.c %D%/race/atomic_location.h \
	%D%/race/race.c %D%/race/race.h \
	%D%/race/race_judge.c \
	%D%/race/race_lives.c \
	%D%/race/race_report.c \
	%D%/race/race_update.c \
	%D%/race/update.c %D%/race/update.h \
	%D%/race/update_split.c \
	%D%/lock_order/chain.c %D%/lock_order/chain.h \
	%D%/lock_order/class.c %D%/lock_order/class.h \
	%D%/lock_order/lock_order.c %D%/lock_order/lock_order.h \
	%D%/lock_order/order_choice.c %D%/lock_order/order_choice.h \
	%D%/lock_order/order_component.c %D%/lock_order/order_component.h \
	%D%/lock_order/order_cycles.c %D%/lock_order/order_cycles.h \
	%D%/lock_order/order_graph.c %D%/lock_order/order_graph.h \
	%D%/lock_order/order_long.c %D%/lock_order/order_long.h \
	%D%/lock_order/order_records.c %D%/lock_order/order_records.h \
	%D%/lock_order/order_report.c %D%/lock_order/order_report.h \
	%D%/lock_order/order_split.c %D%/lock_order/order_split.h \
	%D%/lock_order/order_topology.c %D%/lock_order/order_topology.h \
	%D%/lock_order/order_witness.c %D%/lock_order/order_witness.h \
	%D%/deadlock/handler.c %D%/deadlock/handler.h \
	%D%/deadlock/hang.c %D%/deadlock/hang.h \
	%D%/deadlock/misuse.c %D%/deadlock/misuse.h \
	%D%/deadlock/shared_deadlock.c %D%/deadlock/shared_deadlock.h \
	%D%/deadlock/shared_registry.c %D%/deadlock/shared_registry.h \
	%D%/deadlock/wait_graph.c %D%/deadlock/wait_graph.h \
	%D%/deadlock/waker.c %D%/deadlock/waker.h \
	%D%/sync/barrier.c %D%/sync/barrier.h \
	%D%/sync/channel.c %D%/sync/channel.h \
	%D%/sync/condition.c %D%/sync/condition.h \
	%D%/sync/handover.c %D%/sync/handover.h \
	%D%/sync/lock.c %D%/sync/lock.h \
	%D%/sync/mutex.c %D%/sync/mutex.h \
	%D%/sync/once.c %D%/sync/once.h \
	%D%/sync/rwlock.c %D%/sync/rwlock.h \
	%D%/sync/semaphore.c %D%/sync/semaphore.h \
	%D%/sync/thread.c %D%/sync/thread.h
