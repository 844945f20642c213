/*
 * A finding as plain data: what the detector found, before names and words.
 *
 * Threads, locks and stacks are ids; the sink is told of each before the finding.
 * Everything that a person reads (names, lines, scenario, advice) is made from
 * this by reports/, outside the guest.
 */
#ifndef FINDING_FINDING_H
#define FINDING_FINDING_H

#include "base/types.h"

/* SEVERITY_NEVER: of no finding. */
enum severity { SEVERITY_NOTE = 1, SEVERITY_WARNING, SEVERITY_ERROR, SEVERITY_NEVER };

enum finding_kind {
#define KIND(identifier, name, group, severity, headline) FINDING_##identifier,
#include "finding/kinds.def"
#undef KIND
	FINDING_KIND_COUNT
};

enum finding_action {
#define ACTION(identifier, name) ACTION_##identifier,
#include "finding/actions.def"
#undef ACTION
	FINDING_ACTION_COUNT
};

enum object_kind {
#define OBJECT(identifier, name) OBJECT_##identifier,
#include "finding/objects.def"
#undef OBJECT
	OBJECT_KIND_COUNT
};

enum counter {
#define COUNTER(identifier, name, sort, text, meaning) COUNTER_##identifier,
#include "finding/counters.def"
#undef COUNTER
	COUNTER_COUNT
};

/* How a lock was held or wanted, for reports. */
enum hold_mode { HOLD_EXCLUSIVE, HOLD_SHARED };

/* What limits or explains a finding; bits of finding.details. */
enum finding_detail {
	DETAIL_TIMED = 1u << 0,		 /* a wait of the cycle has a time-out */
	DETAIL_HAND_OVER = 1u << 1,	 /* a hand-over ordered it in this run */
	DETAIL_STRUCTURE = 1u << 2,	 /* create, join or barrier order it */
	DETAIL_CLASSES = 1u << 3,	 /* shown by classes of locks, not one instance */
	DETAIL_TRUNCATED = 1u << 4,	 /* the cycle is longer than its events */
	DETAIL_UPGRADE = 1u << 5,	 /* deadlock: read lock upgraded by its holder */
	DETAIL_RELOCK = 1u << 6,	 /* deadlock: one's own lock taken again */
	DETAIL_PROCESS_SHARED = 1u << 7, /* more than one process takes part */
	DETAIL_FREED = 1u << 8,		 /* the lock's memory was freed, not destroyed */
	DETAIL_POSSIBLE = 1u << 9,	 /* may happen; did not in this run */
	DETAIL_ENDED_OWNER = 1u << 10,	 /* deadlock: the holder has ended */
	DETAIL_MAY_BE_ATOMIC = 1u << 11, /* race of plain moves: machine code cannot tell */
	DETAIL_VALUE_SEEN = 1u << 12,	 /* lost-update: the overwritten value was seen */
	DETAIL_SPLIT = 1u << 13,	 /* lost-update: read and write in two critical sections */
	DETAIL_PREDICTED = 1u << 14,	 /* ... no write came between in this run */
	DETAIL_SPIN = 1u << 15,		 /* unmarked-sync: a loop spins on it */
	DETAIL_UNSEEN_ORDER = 1u << 16,	 /* race: code that may have ordered it was not observed */
	DETAIL_HANDLER = 1u << 17,	 /* hang: a signal handler may end it */
	DETAIL_OUTDONE = 1u << 18,	 /* lost-update: after a check, by a value between both */
	DETAIL_REFUSED = 1u << 19,	 /* misuse: the call fails, so the program is told */
	DETAIL_WAITED = 1u << 20,	 /* misuse: a thread waits at the object */
	DETAIL_LIFE = 1u << 21,		 /* race: an object's life begins or ends, and it is used */
	DETAIL_HIDDEN = 1u << 22,	 /* race: of calls that share state of the C library */
	DETAIL_UNPUBLISHED = 1u << 23,	 /* one of the locks was known to its maker alone */
	DETAIL_HELD_BACK = 1u << 24,	 /* race: plain moves seemed to order it */
	DETAIL_MERGED = 1u << 25,	 /* orders of several processes or runs */
	DETAIL_EXAMINED = 1u << 26,	 /* lost-update: the value had decided a branch before */
	DETAIL_DECLARED = 1u << 27,	 /* an order that a file does not allow */
	DETAIL_OLDER_LOWER = 1u << 28,	/* classes: in both threads the lock at the lower address */
	DETAIL_OLDER_HIGHER = 1u << 29,	/* ... or the other one was created first */
	DETAIL_DOUBTFUL = 1u << 30	/* race: the source may not make the read */
};

/* A lock that a thread held at an event, and where it had acquired it. */
struct finding_hold {
	lock_id lock; /* 0: it has ended, and its id is not known */
	enum hold_mode mode;
	stack_id stack;
};

#define FINDING_HOLD_MAX 16
#define FINDING_EVENT_MAX 64

struct finding_event {
	thread_id thread;
	enum finding_action action;
	lock_id lock; /* the object acted on; 0 for a thread: see 'target' */
	thread_id target; /* joined or created thread, else 0 */
	enum hold_mode mode;
	stack_id stack;
	uint64_t address;    /* of the memory accessed, allocated or freed */
	uint64_t size_bytes; /* 0: the event is not about memory */
	uint64_t value;	     /* the value read, or the one that a write replaced */
	bool has_value;
	uint32_t process;	/* that the ids belong to; 0: the finding's */
	bool holds_are_unknown; /* they were not recorded; hold_count is 0 */
	uint32_t hold_count; /* may exceed FINDING_HOLD_MAX: holds has the innermost ones */
	struct finding_hold holds[FINDING_HOLD_MAX];
};

#define FINDING_PAIRS_MAX 4u

/* Findings, by number; zeros after the last. */
struct finding_pairs {
	uint32_t numbers[FINDING_PAIRS_MAX];
};

/*
 * Order of events by kind: a deadlock or cycle lists its threads in the order
 * in which each waits for what the next one holds; per thread first the HOLD
 * (where it took the lock that its predecessor wants), then the WAIT.  For
 * other kinds: what happened, oldest first; the event that made the finding is
 * the last.  Of findings about memory, ALLOCATE (and FREE) of the heap block
 * come first where they are known, then the accesses.
 *
 * A finding is held back if other ones may have ordered its accesses, races of moves that
 * may be atomic ones.  If all of these turn out to be errors, nothing has.
 */
struct finding {
	uint32_t id; /* per process, from 1 */
	uint32_t replaces; /* an earlier finding that this one supersedes, or 0 */
	enum finding_kind kind;
	enum severity severity;
	uint32_t details; /* of enum finding_detail */
	bool is_provisional; /* a later record may retract it */
	struct finding_pairs rests_on; /* it is held back until these turn out plain */
	uint32_t event_count;
	struct finding_event events[FINDING_EVENT_MAX];
};

/* Of @finding, with the events that there are: most findings have few. */
static inline size_t finding_size_bytes(const struct finding *finding)
{
	return offsetof(struct finding, events) +
	       finding->event_count * sizeof(finding->events[0]);
}

const char *finding_kind_name(enum finding_kind kind);
const char *finding_kind_headline(enum finding_kind kind);
enum severity finding_kind_severity(enum finding_kind kind);
/* "races", "locks", "hangs" or "misuse". */
const char *finding_kind_group(enum finding_kind kind);
/* A set of kinds: bit i is kind i. */
#define FINDING_ALL_KINDS ((1ull << FINDING_KIND_COUNT) - 1)
/* The kinds that @name, of @length bytes, is or is the group of; 0: it is neither. */
uint64_t finding_kinds_of(const char *name, size_t length);
/* False if @name is no kind. */
bool finding_kind_from_name(const char *name, enum finding_kind *kind);
const char *finding_action_name(enum finding_action action);
const char *object_kind_name(enum object_kind kind);
const char *severity_name(enum severity severity);
bool severity_from_name(const char *name, enum severity *severity);
const char *counter_name(enum counter counter);
const char *counter_text(enum counter counter);
/* What it means for the user that it is not zero; "" for coverage. */
const char *counter_meaning(enum counter counter);
bool counter_is_loss(enum counter counter);
/* A loss by which findings tell less, but none is missed. */
bool counter_is_detail(enum counter counter);

/* True if its events are threads that wait for each other in a ring. */
bool finding_is_cycle(const struct finding *finding);

#endif
