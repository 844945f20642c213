/*
 * The results file: the findings of all processes of a run, as they are found.
 *
 * All processes map one file, shared.  It is append-only: a writer reserves room
 * by adding to 'tail', fills its record and commits it by the commit word; a
 * process killed in between leaves an uncommitted record, which readers skip and
 * count.  A committed record needs no orderly end of its process and no
 * descriptor.
 *
 *   offset 0               struct results_header
 *   RESULTS_SLOTS_OFFSET   RESULTS_SLOT_COUNT x struct results_slot: what each
 *                          thread is blocked on now, for --timeout
 *   RESULTS_REGISTRY_OFFSET waits for process-shared locks, for the other
 *                          processes (detect/deadlock/shared_registry.h)
 *   RESULTS_RECORDS_OFFSET records, each aligned to 8 bytes
 *   header.timeline_offset with --timeline: events with their times (finding/timeline.h)
 *
 * A record is a struct record_header and a payload of numbers (u32, u64) and
 * strings (u32 length, bytes), little-endian, in the order given below.  The
 * first 'live_bytes' of a payload are changed in place after the commit
 * (counts) and are outside the checksum.  A file that is finished has a checksum of it all.
 *
 *   PROCESS  u32 pid, u32 parent process (0: none), u32 how (enum process_start),
 *            string path, u32 argument count, strings
 *   MODULE   u32 id, u64 start, u64 end, u64 bias (address = bias + ELF address),
 *            u32 first code generation, u32 last (~0: still loaded),
 *            string path, string build id (hex).  A replayed script has the
 *            build id MODULE_IS_SCRIPT, and addresses are places in its text
 *   STACK    u32 id, u32 code generation, u32 flags (enum stack_flag),
 *            u32 frame count, u64 frames: return addresses, innermost first
 *   THREAD   u32 id, u32 kernel tid, u32 creator, u32 creation stack,
 *            u32 flags (enum thread_flag), string name.  The last record
 *            of a thread counts
 *   LOCK     u32 id, u32 kind (enum object_kind), u64 address, u32 class,
 *            u32 creation stack, u32 first acquisition's stack,
 *            u32 stack thread (whose stack holds it, or 0), u32 flags, string name;
 *            if LOCK_HAS_KEY: u64 key, the same in all processes that share it;
 *            if LOCK_HAS_BLOCK: u32 stack that allocated the heap block that it lies in
 *   FINDING  live: u64 count.  Then u32 id, u32 replaces, u32 kind, u32 severity,
 *            u32 details, u32 provisional, 4 u32: findings that it rests on, or 0,
 *            u32 event count; per event u32 thread,
 *            u32 action, u32 lock, u32 target, u32 mode, u32 stack, u64 address, u64 size,
 *            u64 value, u32 has value, u32 process (that the ids belong to;
 *            0: this one), u32 hold count (or HOLDS_UNKNOWN), u32 holds present;
 *            per hold u32 lock (0: ended, not known which), u32 mode, u32 stack
 *   ORDER    as FINDING, for `snarl merge`: one edge of the lock-order graph as its two
 *            events, the hold of the first lock and the wait for the second
 *   RETRACT  u32 finding id, u32 reason (0)
 *   COUNTERS live: u64 per row of counters.def
 *   END      u32 how (enum process_end), u32 status
 *   TEXT     string: a message for the report (detection switched off, ...)
 *   UNOBSERVED string path, string why: a child that is not observed
 *   VARIABLE u64 address, u64 size, string name: memory with a name given by a
 *            replayed script, by the program itself, or by us (state of libc)
 *   EXECUTES u32 pid, u32 how (enum executes_how), string path: that process
 *            (this one, or a child) executes a program, which will write a
 *            PROCESS record of its own if it is observed
 *
 *   STATES   what the threads did, as seen from outside: u32 when (enum states_when),
 *            u32 count, per thread u32 kernel tid, u32 system call (or STATE_RUNS), u64 its
 *            first argument, u32 stack, string name, u32 thread (0: by its kernel tid),
 *            u32 lock that it waits for, u32 thread that it joins, u32 mode, u32 is timed,
 *            u32 thread that holds the lock, u32 mutex that a waiter of a condition needs
 *            back, u32 thread that holds it, string more about the lock, string frames
 *            of an interpreter, one a line
 *
 * Ids are per process; a record belongs to the process in its header.  A forked
 * child inherits its parent's modules, stacks, threads and locks, and continues
 * its ids; a record of its own with the same id replaces the inherited one.
 */
#ifndef FINDING_RESULTS_H
#define FINDING_RESULTS_H

#include "base/bytes.h"
#include "base/types.h"
#include "finding/finding.h"

#define RESULTS_MAGIC 0x314c52414e53ull /* "SNARL1" */
#define RESULTS_FORMAT 5
#define RESULTS_VERSION ((uint32_t)RESULTS_FORMAT)
#define RECORD_COMMITTED 0x6b6f7453u

#define RESULTS_SLOTS_OFFSET 4096u
#define RESULTS_SLOT_COUNT 1024u
#define RESULTS_SLOT_BYTES 860u
#define RESULTS_SLOT_HOLDS FINDING_HOLD_MAX
#define RESULTS_LOCK_BYTES 40u /* of a LOCK record without name and key */
#define RESULTS_REGISTRY_OFFSET (RESULTS_SLOTS_OFFSET + RESULTS_SLOT_COUNT * RESULTS_SLOT_BYTES)
#define RESULTS_REGISTRY_BYTES (256u * 1024u)
#define RESULTS_RECORDS_OFFSET (RESULTS_REGISTRY_OFFSET + RESULTS_REGISTRY_BYTES)

/* What is ready from the beginning where the rest is made ready ahead of the records. */
#define RESULTS_FIRST_BYTES (RESULTS_RECORDS_OFFSET + (1ull << 19))

struct results_header {
	uint64_t magic;
	uint32_t version;
	uint32_t process_count;	 /* so far: the next process has this index plus one */
	uint64_t capacity_bytes; /* of the whole file */
	uint64_t tail;		 /* offset of the next record; may pass the capacity */
	uint64_t dropped_count;	 /* records that did not fit */
	uint32_t slot_count;	 /* slots in use */
	uint32_t is_ended;	 /* the command has seen the program's end ... */
	uint32_t exit_status;	 /* ... with this wait status */
	uint32_t is_ended_by_us; /* --on-deadlock ended a process */
	uint64_t ready_bytes;	 /* disk blocks are allocated up to here; 0: for all */
	uint64_t timeline_offset; /* behind the records ... */
	uint64_t timeline_bytes;  /* ... 0: no events are kept */
	uint64_t seal; /* results_seal() of the finished file; 0: it was not finished */
};

struct results_slot {
	uint32_t sequence; /* odd while being changed */
	uint32_t process;
	uint32_t thread;
	uint32_t is_blocked;
	uint32_t lock;	 /* what it waits for, or ... */
	uint32_t target; /* ... the thread that it joins */
	uint32_t mode;
	uint32_t stack;
	uint32_t hold_count; /* may exceed RESULTS_SLOT_HOLDS */
	uint32_t is_timed;
	uint32_t action; /* enum finding_action */
	struct {
		uint32_t lock;
		uint32_t stack;
	} holds[RESULTS_SLOT_HOLDS];
	/* The lock that it waits for, and those held, as in LOCK records: that a thread has
	 * blocked makes no record, as locks come and go. */
	unsigned char locks[1 + RESULTS_SLOT_HOLDS][RESULTS_LOCK_BYTES];
	uint32_t holder;       /* the thread that had the lock when the wait began ... */
	uint32_t holder_stack; /* ... and had taken it here; 0: not known */
};

_Static_assert(sizeof(struct results_slot) == RESULTS_SLOT_BYTES, "slots have a fixed size");
_Static_assert(RESULTS_RECORDS_OFFSET % 4096 == 0, "records begin with a page");

enum record_type {
	RECORD_PROCESS = 1,
	RECORD_MODULE,
	RECORD_STACK,
	RECORD_THREAD,
	RECORD_LOCK,
	RECORD_FINDING,
	RECORD_RETRACT,
	RECORD_COUNTERS,
	RECORD_END,
	RECORD_TEXT,
	RECORD_UNOBSERVED,
	RECORD_EXECUTES,
	RECORD_VARIABLE,
	RECORD_STATES,
	RECORD_ORDER
};

struct record_header {
	uint32_t size_bytes; /* with this header, a multiple of 8 */
	uint16_t type;
	uint16_t live_bytes;
	uint32_t process; /* from 1 */
	uint32_t payload_bytes;
	uint32_t checksum; /* of type to payload_bytes above and the payload */
	uint32_t commit;
};

enum process_start { PROCESS_STARTED, PROCESS_FORKED };
enum process_end { PROCESS_EXITED, PROCESS_EXECS, PROCESS_ENDED_BY_US };
/* Is about to execute; was started by posix_spawn(); the exec call failed. */
enum executes_how { EXECUTES_SOON, EXECUTES_SPAWNED, EXECUTES_FAILED };
enum stack_flag { STACK_INCOMPLETE = 1u, STACK_IN_HANDLER = 2u };
enum thread_flag { THREAD_IS_MAIN = 1u, THREAD_IS_ADOPTED = 2u, THREAD_HAS_ENDED = 4u };
enum lock_flag {
	LOCK_IS_PROCESS_SHARED = 1u,
	LOCK_IS_RECURSIVE = 2u,
	LOCK_IS_ROBUST = 4u,
	LOCK_HAS_KEY = 8u,
	LOCK_HAS_BLOCK = 16u
};

/* Ids of what was seen of an observed process from outside: beyond those of its own records. */
#define OUTSIDE_IDS 0x80000000u
/* A code generation in which all modules that were not unloaded are there. */
#define LAST_GENERATION 0xfffffffeu

/* Before --timeout ended the process; when `snarl ps` looked at it. */
enum states_when { STATES_AT_TIMEOUT, STATES_LOOKED_AT };

/* Of a thread in a STATES record, without the bytes of its strings. */
#define STATE_BYTES (14 * 4 + 8)

/* In place of a system call: the thread is in none. */
#define STATE_RUNS UINT32_MAX

/* In place of a module's build id: a script, whose addresses are line << 12 | column. */
#define MODULE_IS_SCRIPT "script"
#define SCRIPT_LINE_SHIFT 12

/* Checksum of a record whose header (but for checksum and commit) is filled. */
uint32_t record_checksum(const struct record_header *header, const unsigned char *payload);

/* Reserves room for a record in the mapped file at @base.  NULL, and counted in
 * the header, when the file or its ready part is full.  The payload starts after
 * the header.  Lock-free; for any thread of any process. */
struct record_header *record_reserve(void *base, enum record_type type, uint32_t process,
				     uint32_t payload_bytes, uint32_t live_bytes);

/* record_reserve(), with a writer for the payload. */
struct record_header *record_begin(void *base, enum record_type type, uint32_t process,
				   uint32_t payload_bytes, uint32_t live_bytes,
				   struct byte_writer *writer);

/* Makes a filled record visible to readers. */
void record_commit(struct record_header *record);

/* Encodes @finding's payload; its size is at most FINDING_PAYLOAD_MAX. */
void finding_encode(struct byte_writer *writer, const struct finding *finding);
/* False if the payload is not a well-formed finding.  @count is its live part. */
bool finding_decode(struct byte_reader *reader, struct finding *finding, uint64_t *count);

/* A hold count: the locks held were not recorded. */
#define HOLDS_UNKNOWN UINT32_MAX

#define FINDING_HEAD_BYTES (8 + (7 + FINDING_PAIRS_MAX) * 4) /* before its events */
#define FINDING_EVENT_BYTES (10 * 4 + 3 * 8)		     /* without its holds */
#define FINDING_PAYLOAD_MAX                                                                        \
	(FINDING_HEAD_BYTES +                                                                      \
	 FINDING_EVENT_MAX * (FINDING_EVENT_BYTES + FINDING_HOLD_MAX * 3 * 4))

/* Fills an empty file image of @capacity_bytes. */
void results_format(void *base, uint64_t capacity_bytes);

/*
 * Walks the records of the image @base of @size_bytes.
 * Start with *offset = 0.  Returns 1 and a record, 0 at the end, or -1, the offset
 * and the reason in @why if the file is damaged.  Uncommitted records are skipped
 * and counted in *torn.
 */
int results_next(const unsigned char *base, uint64_t size_bytes, uint64_t *offset,
		 const struct record_header **record, uint64_t *torn, const char **why);

/* A pass over the records of an image, for who wants neither offsets nor damage. */
struct record_walk {
	const unsigned char *image;
	uint64_t size_bytes, offset;
	const struct record_header *record;
	struct byte_reader reader; /* of its payload */
};

static inline struct record_walk record_walk_begin(const void *image, uint64_t size_bytes)
{
	return (struct record_walk){.image = image, .size_bytes = size_bytes};
}

/* Goes to the next record; false at the end, or where the image is damaged. */
bool record_walk_next(struct record_walk *walk);

/* The checksum of a whole file to which nobody adds any more, its seal left out: of what no
 * record's checksum covers, too.  Never 0. */
uint64_t results_seal(const void *base, uint64_t size_bytes);

/* True if the image begins like a results file that we can read; else a reason. */
bool results_check(const unsigned char *base, uint64_t size_bytes, const char **why);

#endif
