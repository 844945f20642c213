/*
 * Atomics whose names carry their order.
 *
 * Only this file uses the compiler's builtins.  A release and its acquire name
 * each other where they stand; a relaxed access says why that is enough.
 */
#ifndef BASE_ATOMIC_H
#define BASE_ATOMIC_H

#define load_relaxed(p) __atomic_load_n((p), __ATOMIC_RELAXED)
#define load_acquire(p) __atomic_load_n((p), __ATOMIC_ACQUIRE)
#define store_relaxed(p, v) __atomic_store_n((p), (v), __ATOMIC_RELAXED)
#define store_release(p, v) __atomic_store_n((p), (v), __ATOMIC_RELEASE)
#define fetch_add_relaxed(p, v) __atomic_fetch_add((p), (v), __ATOMIC_RELAXED)
#define fetch_add_acq_rel(p, v) __atomic_fetch_add((p), (v), __ATOMIC_ACQ_REL)
#define fetch_or_acq_rel(p, v) __atomic_fetch_or((p), (v), __ATOMIC_ACQ_REL)
#define exchange_acquire(p, v) __atomic_exchange_n((p), (v), __ATOMIC_ACQUIRE)
#define exchange_acq_rel(p, v) __atomic_exchange_n((p), (v), __ATOMIC_ACQ_REL)

/* True: *p was *expected and is now @v.  False: *expected is set to *p. */
#define compare_exchange_acq_rel(p, expected, v)                                                   \
	__atomic_compare_exchange_n((p), (expected), (v), false, __ATOMIC_ACQ_REL,                 \
				    __ATOMIC_ACQUIRE)

/* Orders everything before it with everything after it. */
#define fence_full() __atomic_thread_fence(__ATOMIC_SEQ_CST)

/* Orders the reads before it with everything after it. */
#define fence_acquire() __atomic_thread_fence(__ATOMIC_ACQUIRE)

/* Orders everything before it with the writes after it. */
#define fence_release() __atomic_thread_fence(__ATOMIC_RELEASE)

/* Orders accesses for the compiler, not for the processor: between a thread and
 * its own signal handlers. */
#define fence_signal() __atomic_signal_fence(__ATOMIC_SEQ_CST)

#endif
