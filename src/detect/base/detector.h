/*
 * The detector: one per process, the state that all rules share.  State of the
 * folders above is behind pointers.
 *
 * Rules are called with what happens (mutex_wanted(), condition_signalled(),
 * thread_joined() ...), by the guest library on the spot, or by a replay of an
 * event script.  They classify in place and hand findings to the sink.  Nothing
 * here does input or output, calls libc's allocator or threads, or blocks,
 * except on the locks below.
 *
 * Locks, outermost first: detector.lock (rules' slow paths, the lock-order
 * graph, the thread table), sync_table.lock, then sync_info.busy (one object's clocks) and
 * stack_depot.lock.
 */
#ifndef DETECT_BASE_DETECTOR_H
#define DETECT_BASE_DETECTOR_H

#include "base/arena.h"
#include "base/id_table.h"
#include "base/intern.h"
#include "base/runtime_lock.h"
#include "base/types.h"
#include "detect/base/lockset.h"
#include "detect/base/slot.h"
#include "detect/data/marks.h"
#include "detect/data/object.h"
#include "detect/data/site.h"
#include "detect/data/stack_depot.h"
#include "finding/finding.h"

struct access;
struct detector;
struct memory_block;
struct thread;
struct wait;

/* What the detector needs of its surroundings.  'context' is the detector's. */
struct detector_hooks {
	/* Keeps a finding, whose ids are the detector's.  Called with detector.lock held,
	 * never blocks. */
	void (*emit)(struct detector *detector, const struct finding *finding);
	/* Keeps an edge of the lock-order graph, as two events of a finding; may be NULL. */
	void (*order)(struct detector *detector, const struct finding *edge);
	/* One more occurrence of a finding emitted before. */
	void (*count)(struct detector *detector, uint32_t finding);
	/* Finding @finding does not hold after all. */
	void (*retract)(struct detector *detector, uint32_t finding);
	/* Finding @finding is a note, but for what the source says. */
	void (*lower)(struct detector *detector, uint32_t finding);
	/* Could something outside the threads known wake one of them: a timer, a
	 * thread never seen?  Asked before a hang. */
	bool (*can_be_woken)(struct detector *detector);
	/* Has the program installed a signal handler? */
	bool (*has_handler)(struct detector *detector);
	/* Does @object's own memory say that @thread holds it exclusively, or
	 * does it not tell?  Asked before a deadlock. */
	bool (*may_hold)(struct detector *detector, const struct thread *thread,
			 const struct sync_object *object);
	/* May the descriptor that is read in *@wait give something: now, after a
	 * while, or by another process? */
	bool (*may_have_input)(const struct detector *detector, const struct wait *wait);
	/* Does the kernel say that @thread, which waits as *@wait says, sleeps?
	 * Gives it a while to fall asleep; one that is looking too will sleep if
	 * it finds nothing.  True if there is no telling.  Asked before a deadlock
	 * or hang, without detector.lock. */
	bool (*is_asleep)(struct detector *detector, const struct thread *thread,
			  const struct wait *wait);
	/* Is the kernel's thread still there? */
	bool (*is_alive)(struct detector *detector, const struct thread *thread);
	/* The stack of @access, which @thread is about to make; 0: not known. */
	stack_id (*access_stack)(struct detector *detector, struct thread *thread,
				 const struct access *access);
	/* The value of @size_bytes, a power of two up to 8, at @address, which its thread has
	 * just written to.  May be NULL: then there is no memory. */
	uint64_t (*value_at)(uintptr_t address, size_t size_bytes);
	/* Was the call at @stack made by code whose accesses are observed?  NULL: yes. */
	bool (*is_observed_call)(struct detector *detector, stack_id stack);
	/* The heap block that @address is in, or was in last. */
	bool (*block_of)(struct detector *detector, uintptr_t address,
			 struct memory_block *block);

	/* For describe.h.  All but the first may be NULL. */

	/* Room for a record, with its writer; NULL: there is none. */
	struct record_header *(*begin_record)(struct detector *detector, enum record_type type,
					      uint32_t payload_bytes, struct byte_writer *writer);
	/* Describes the module that @address was in, if it was in one, in a generation of the
	 * code; ~0: now. */
	void (*describe_module)(uintptr_t address, uint32_t code_generation);
	/* The number that records have for a thread, 0: none.  NULL: its own. */
	thread_id (*shown_thread)(const struct detector *detector, thread_id id);
	const char *(*thread_name)(struct detector *detector, const struct thread *thread);
	const char *(*lock_name)(struct detector *detector, const struct sync_info *info);
	/* The key under which other processes know the lock, or 0. */
	uint64_t (*shared_key)(const struct sync_info *info);
};

/* How an object's life ended, for who uses it after; the last ones by address. */
struct ended_life {
	uintptr_t address;
	struct sync_use end;
	bool is_followed; /* else ordered by what is not seen, maybe */
};

#define ENDED_LIVES_KEPT 256u
#define ENDED_KEPT 1024u

/* Occurrences of races that are held back: at most so many for each finding, by number,
 * that they rest on. */
#define HELD_BACK_PAIRS 64u
#define HELD_BACK_MAX 32u

#define DETECTOR_HEAD_BYTES 4096 /* a page */

struct detector {
	uint32_t split_count; /* how many of splits[] there are */

	const struct detector_hooks *hooks;
	struct runtime_lock lock;
	struct arena arena; /* under 'lock' */
	page_source pages;

	struct sync_table objects;
	struct stack_depot stacks;
	struct lock_order *order;	/* by instance */
	struct lock_order *class_order; /* by class: class.h */
	struct id_table threads;	/* struct thread by id */
	struct id_table classes;	/* struct lock_class by id: class.h */
	struct intern_table classes_by_key;
	struct numbered_table locksets;
	struct numbered_table origins; /* lists of them: origin.h */
	struct read_set_table *read_sets; /* read_set.h */
	uint32_t lines_after;		  /* new sets for one word: read_lines.h */
	uint32_t run_least;		  /* granules: range/record_run.h */
	struct atomic_table *atomics;	  /* atomic_location.h */
	struct split_update *splits; /* update.h */
	struct benign *benign; /* benign.c: races that the program means; NULL: none */
	struct race_record *races; /* race_report.c: reported ones, newest first */

	struct chain_set *chain_set; /* all validated chains: chain.h */
	uint64_t chain_set_count;
	uint64_t moment_count; /* acquisitions told to the lock-order graph */
	uint64_t salt;	   /* changes when cached chains must be validated again */
	uint64_t calls_key; /* detector_forget_calls() */
	bool is_refining;  /* chains tell hand-over epochs apart: lock.c */

	struct id_table slots; /* struct slot by number + 1: slot.h */
	uint32_t *free_slots;  /* of ended threads, in the order of their ends */
	uint32_t free_slot_count;
	uint32_t free_slot_capacity;
	uint32_t next_slot;
	uint32_t ended_count; /* of ended[] */

	struct thread_memory *free_memory;

	uint32_t alive_count;	/* threads that have not ended */
	uint32_t blocked_count; /* of them, in waits without a bound: hang.c */
	uint32_t open_hang;	/* the finding of a hang that a signal handler may end, or 0 */
	bool has_been_handled;	/* one has ended */

	struct intern_table findings; /* that were reported: report.c */
	struct intern_table saved_orders; /* told to hooks->order: lock_order/report.c */
	uint32_t saved_order_count;
	uint32_t finding_count;
	uint64_t counters[COUNTER_COUNT];
	uint64_t *shown; /* the same where they outlive a killed process; NULL: nowhere */
	uint64_t inherited[COUNTER_COUNT]; /* what of them a parent counts */
	bool is_memory_observed; /* accesses are, and so is order by atomics */
	bool predicts_races; /* that locks order by chance: clock.h */
	bool has_unseen_order; /* code was not observed that may order threads: verdicts of
				  * races are lowered */

	/* Large, so that the others share a page: a fork copies that. */
	struct marks split_marks;      /* where splits[] are */
	struct marks stale_read_marks; /* stale_read.c: where there are some */
	uint8_t held_back[HELD_BACK_PAIRS];
	struct site_table sites;
	struct thread *ended[ENDED_KEPT]; /* of which the names are kept */
	struct ended_life ended_lives[ENDED_LIVES_KEPT];
};

_Static_assert(offsetof(struct detector, split_marks) <= DETECTOR_HEAD_BYTES, "one page");

static inline struct thread *detector_thread(const struct detector *detector, thread_id id)
{
	return id ? id_table_get(&detector->threads, id) : NULL;
}

static inline struct sync_info *detector_lock(const struct detector *detector, lock_id id)
{
	return sync_info_by_id(&detector->objects, id);
}

/* relaxed: counts are only read for display. */
static inline void detector_add(struct detector *detector, enum counter which, uint64_t count)
{
	uint64_t *shown = load_relaxed(&detector->shown);

	fetch_add_relaxed(&detector->counters[which], count);
	if (shown)
		fetch_add_relaxed(&shown[which], count);
}

#define detector_count(detector, which) detector_add(detector, COUNTER_##which, 1)

/* What threads remember of lock calls (preload/sync/lock_memo.h) may be true no longer: keys that
 * have been seen never come again. */
static inline void detector_forget_calls(struct detector *detector)
{
	/* relaxed: as if the others' calls came a little earlier. */
	fetch_add_relaxed(&detector->calls_key, 0x9e3779b97f4a7c15u);
}

/* Takes the lock of one object's clocks and counts.  False if there is no @info, as its life
 * has ended; false, and counted, if the lock is not to be had. */
static inline bool detector_lock_info(struct detector *detector, struct sync_info *info)
{
	if (!info)
		return false;
	if (LIKELY(spin_lock(&info->busy)))
		return true;
	detector_count(detector, LOST_EDGES);
	return false;
}

static inline void detector_unlock_info(struct sync_info *info)
{
	spin_unlock(&info->busy);
}

#endif
