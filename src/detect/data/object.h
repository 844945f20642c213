/*
 * Synchronisation objects by address: the side table of locks.
 *
 * A lock's identity is its address and its generation: destroy, free, munmap
 * or a left stack frame end one life, the next use begins another.  Each
 * address has a small hot entry (struct sync_object, half a cache line) that
 * never moves, and while alive a cold part (struct sync_info).
 *
 * An entry has its place in a plane: the lock's address, cut to the plane's size.  So
 * finding it is one access, and neighbouring locks have neighbouring entries.  Where
 * that place is another's, or pages of the plane would be spent on too few locks, it
 * is found by page and place in the page.  A record for each page tells free and munmap
 * in one look-up whether it has locks.  Finding takes no lock; adding entries and ending
 * lives takes the table's own.
 */
#ifndef DETECT_DATA_OBJECT_H
#define DETECT_DATA_OBJECT_H

#include "base/arena.h"
#include "base/atomic.h"
#include "base/id_table.h"
#include "base/runtime_lock.h"
#include "base/spin_lock.h"
#include "base/types.h"
#include "detect/data/named_ids.h"
#include "detect/data/vclock.h"
#include "finding/finding.h"

/* Facts about an object that its creator or first user tells. */
enum sync_attribute {
	SYNC_RECURSIVE = 1u << 0,
	SYNC_CHECKED = 1u << 1,	      /* refuses what would deadlock (EDEADLK) */
	SYNC_ROBUST = 1u << 2,
	SYNC_PROCESS_SHARED = 1u << 3,
	SYNC_WRITERS_FIRST = 1u << 4, /* rwlock: readers queue behind writers */
	SYNC_NAMED = 1u << 5,	      /* sem_open */
	SYNC_DESTROYED = 1u << 6,     /* its memory says that it was destroyed */
	SYNC_INITIALISED = 1u << 7,   /* its life begins by a call for that; not kept */
	SYNC_OTHERS_RELEASE = 1u << 8 /* a mutex: others than its owner have released it */
};

/* A lock kept during a wait, or held at a signal: waker.h. */
struct waker_note {
	lock_id lock;
	thread_id thread;
	stack_id hold;
	stack_id stack;
	bool is_of_taken; /* the token that is out was taken under this lock */
};

/* An event in an object's life, and when: the plain word of the thread then. */
struct sync_use {
	uint64_t word; /* 0: none */
	thread_id thread;
	stack_id stack;
	enum finding_action action;
};

#define SYNC_USES 8u
#define WAKER_NOTE_MAX 4u
#define SYNC_GIVEN 8u
#define SYNC_PROVISIONAL 8u
#define SYNC_TAKEN_UNDER 4u
#define SYNC_TOKENS 8u

/* What objects other than mutexes have beside struct sync_info. */
struct sync_extra {
	struct sync_use uses[SYNC_USES]; /* the last of each thread, by slot: life.h */

	/* Read-write locks: what readers released since the last writer, which only
	 * writers acquire; the stamps that it covers, by slot; the writer's own. */
	struct vclock_snapshot *readers;
	uint64_t given[SYNC_GIVEN];
	bool is_given_incomplete; /* two slots met in one entry */
	uint64_t write_stamp;	  /* while the object's is STAMP_MIXED */

	/* All that hand over. */
	struct vclock_snapshot *hand_over;
	struct waker_note kept[WAKER_NOTE_MAX];	   /* by those who waited here */
	struct waker_note brought[WAKER_NOTE_MAX]; /* by those who signalled here */

	/* Semaphores. */
	bool is_value_known;
	bool has_one_token; /* at first */
	bool has_been_unlocked; /* posted by the thread that had waited */
	int64_t value;		/* posts less completed waits */
	struct vclock_snapshot *tokens[SYNC_TOKENS]; /* what they bring: sync/semaphore.h */
	uint32_t token_count;
	uint64_t plain_count; /* tokens before these, which bring nothing of their own */
	uint32_t provisional[SYNC_PROVISIONAL]; /* findings that take it for a lock */
	lock_id taken_under[SYNC_TAKEN_UNDER];	/* what its holder held before, the last first */

	/* Barriers. */
	uint32_t barrier_size; /* 0: not known */
	uint32_t barrier_waiting;
	uint32_t barrier_round;
	uint32_t barrier_departing; /* threads between arrival and what follows departure */
	struct vclock_snapshot *structural;
	struct vclock_snapshot *arriving[2]; /* full, hand-over: of this round */
	struct vclock_snapshot *arriving_structural;

	/* Conditions and futexes: wakes.h. */
	uint32_t waiter_count;
	uint32_t wake_count; /* woken waiters that have not gone on yet */

	/* Conditions. */
	thread_id idle_signaller; /* last signalled when nobody waited ... */
	stack_id idle_stack;	  /* ... here */
	struct sync_object *condition_mutex;
	bool has_two_mutexes; /* somebody came with another one while others waited */
	uint32_t sure_count;  /* of those who wait: surely woken ... */
	thread_id sure_waker; /* ... by this thread */
};

#define SYNC_USERS 4u

/* What each pair of acquire and release by another thread reads stands first, close together. */
struct sync_info {
	lock_id id;
	enum object_kind kind;
	uint32_t attributes;

	/* What an acquirer joins.  Mutexes: written by the owner; other kinds: under
	 * 'busy', as all of 'extra'. */
	struct spin_lock busy;
	struct vclock_snapshot *clock;
	uint64_t clock_epoch; /* of locks: the last releaser's, which 'clock' may lack */
	struct sync_extra *extra; /* NULL for mutexes, spin, file and stream locks */
	thread_id users[SYNC_USERS]; /* threads that took it: waker.h */
	struct sync_use init;	     /* the call that initialised it: life.h */
	struct sync_use last;	     /* the last hold that was released */

	uint32_t generation;
	thread_id first_thread; /* who used it first ... */
	stack_id first;		/* ... where ... */
	stack_id created;	/* where its init call was, or 0 */
	uint64_t first_signals; /* ... with these signals blocked, if it is a use ... */
	union {
		uint64_t first_structural; /* ... and this epoch of its structural clock */
		struct sync_info *next_free;
	};
	uint64_t life; /* the number of this life among all, from 1 */
	uintptr_t address;
	class_id class;
	stack_id taken;		/* file locks: where the owner took it */
	thread_id heir;		/* robust: the last that got it by EOWNERDEAD */
	thread_id stack_thread; /* whose stack it lies on, or 0 */
	stack_id handler_stack; /* a handler of it took the lock */
	thread_id handler_thread;
	uint8_t handler_signal;
	bool is_described;    /* the results file has it */
	bool has_origins;     /* the results file has what its description names */
	bool is_kept;	      /* a report names this life: sync_keep() */
	bool is_in_order;     /* it may be in the lock-order graph */
	bool is_block_known;  /* the next has been looked up, which takes system calls */
	bool is_in_own_block; /* it lies in a block of the heap that its maker allocated */
	bool is_not_a_lock;   /* a semaphore posted by a thread that had not waited */
	const char *name;     /* that the program gave it, or NULL */
};

_Static_assert(sizeof(struct sync_info) == 192, "three cache lines, and a block of that size");

struct sync_object {
	uintptr_t address;
	uint64_t stamp; /* content stamp of the last releaser's clock (thread.h) */
	union {
		struct {
			uint32_t generation; /* with SYNC_GENERATION_FLAGS */
			thread_id owner;     /* exclusive holder, else 0 */
		};
		uint64_t life; /* both, as one number */
	};
	struct sync_info *info; /* NULL: no life at present */
};

/* In sync_object.generation: others than the thread that made this lock have used it; a
 * signal handler has taken it; a robust mutex was got by EOWNERDEAD and not made
 * consistent yet. */
#define SYNC_PUBLISHED 0x80000000u
#define SYNC_HANDLER_LOCK 0x40000000u
#define SYNC_ABANDONED 0x20000000u
#define SYNC_GENERATION_FLAGS (SYNC_PUBLISHED | SYNC_HANDLER_LOCK | SYNC_ABANDONED)

/* In sync_object.stamp: the last release has several threads' clocks (readers,
 * posters), so no stamp names it. */
#define STAMP_MIXED UINT64_MAX

/* It was initialised by a call, and not released since: no thread's stamp. */
#define STAMP_INITIALISED (UINT64_MAX - 1)

_Static_assert(sizeof(struct sync_object) == 32, "two hot entries per cache line");

#define SYNC_PAGE_SHIFT 12
#define SYNC_FEW 4u
#define SYNC_BLOCK 128u

/* Bytes of the plane, of which a page is backed once it has an entry. */
#define SYNC_PLANE_BYTES (256ul << 20)
/* So many pages of it are spent on pages with few locks. */
#define SYNC_PLANE_SPARSE 8192u

#define SYNC_LINE_SHIFT 6 /* a page has 64 lines */

/* The entries of one page of guest memory, if not in the plane: a few, then a block
 * indexed by address, then another such page record. */
struct sync_page {
	bool is_in_plane; /* some of its entries are */
	uint64_t lines;	  /* a bit for each in which an entry begins; only in the first record */
	struct sync_object few[SYNC_FEW];
	struct sync_object *block;
	struct sync_page *more;
};

struct sync_page_slot {
	uintptr_t page; /* number plus 1, 0: empty */
	struct sync_page *entries;
};

struct sync_directory {
	uint64_t mask;
	uint64_t count;
	struct sync_page_slot slots[];
};

struct sync_table {
	struct arena arena;
	unsigned char *plane; /* NULL: there was no memory */
	uint64_t plane_mask;
	uint32_t plane_page_count; /* of pages that have entries there */
	struct sync_directory *directory;
	struct id_table infos; /* by lock_id: living objects, and all in the order graph */
	struct sync_info *free_infos;
	struct sync_info *oldest_quarantined; /* object.c: ids that rest a while */
	struct sync_info *newest_quarantined;
	uint32_t quarantined_count;
	struct named_ids named;
	lock_id next_id;
	uint64_t life_count;
	struct runtime_lock lock;
};

bool sync_table_init(struct sync_table *table, page_source pages);

static inline uint64_t sync_hash_page(uintptr_t page)
{
	return (page * 0x9e3779b97f4a7c15ull) >> 20;
}

/* The entries of @address's page, or NULL. */
static inline struct sync_page *sync_page_find(const struct sync_table *table, uintptr_t address)
{
	/* acquire: pairs with the releases in object.c. */
	const struct sync_directory *directory = load_acquire(&table->directory);
	uintptr_t page = (address >> SYNC_PAGE_SHIFT) + 1;
	uint64_t i = sync_hash_page(page) & directory->mask;

	for (;; i = (i + 1) & directory->mask) {
		uintptr_t found = load_acquire(&directory->slots[i].page);

		if (found == page)
			return directory->slots[i].entries;
		if (!found)
			return NULL;
	}
}

/* The lines of @page, which begins at @page_start, in which entries of [@start, @end) may begin:
 * that has bytes in the page. */
static inline uint64_t sync_page_lines(const struct sync_page *page, uintptr_t page_start,
				       uintptr_t start, uintptr_t end)
{
	uintptr_t first = start > page_start ? (start - page_start) >> SYNC_LINE_SHIFT : 0;
	uintptr_t bytes = end - page_start;
	uintptr_t last = bytes >> SYNC_PAGE_SHIFT ? 63 : (bytes - 1) >> SYNC_LINE_SHIFT;

	/* acquire: pairs with add_object(). */
	return page ? load_acquire(&page->lines) & ~0ull << first & ~0ull >> (63 - last) : 0;
}

static inline struct sync_object *sync_block_find(struct sync_object *block, uintptr_t address)
{
	uint32_t start = (uint32_t)(address >> 5) % SYNC_BLOCK;

	for (uint32_t i = 0; i < SYNC_BLOCK; i++) {
		struct sync_object *object = &block[(start + i) % SYNC_BLOCK];
		/* acquire: pairs with add_object(). */
		uintptr_t found = load_acquire(&object->address);

		if (found == address)
			return object;
		if (!found)
			return NULL;
	}
	return NULL;
}

/* Where in the plane the entry of @address would be, if there is a plane. */
static inline struct sync_object *sync_place(const struct sync_table *table, uintptr_t address)
{
	return (struct sync_object *)(void *)(table->plane + (address & table->plane_mask));
}

/* The same as sync_find() for an entry that is not in the plane. */
static inline struct sync_object *sync_find_in_page(const struct sync_table *table,
						    uintptr_t address)
{
	struct sync_page *page = sync_page_find(table, address);

	for (; page; page = load_acquire(&page->more)) {
		struct sync_object *block = load_acquire(&page->block);
		struct sync_object *object = block ? sync_block_find(block, address) : NULL;

		if (object)
			return object;
		for (uint32_t i = 0; i < SYNC_FEW; i++)
			if (load_acquire(&page->few[i].address) == address)
				return &page->few[i];
	}
	return NULL;
}

/* The entry of @address, which may have no life; NULL if it never had one. */
static inline struct sync_object *sync_find(const struct sync_table *table, uintptr_t address)
{
	struct sync_object *object = sync_place(table, address);

	/* acquire: pairs with add_object(). */
	if (LIKELY(load_acquire(&object->address) == address))
		return object;
	return sync_find_in_page(table, address);
}

/* The entry of @address with a life of @kind, begun now if need be.  NULL when
 * memory is exhausted.  A life of another kind ends.  @first is where. */
struct sync_object *sync_find_or_begin(struct sync_table *table, uintptr_t address,
				       enum object_kind kind, uint32_t attributes, stack_id first);

/* Ends @object's life, if any.  The caller has told the lock-order graph. */
void sync_end(struct sync_table *table, struct sync_object *object);

/* The life of @object goes on at @address.  False: somebody holds it, or another life is there. */
bool sync_move(struct sync_table *table, struct sync_object *object, uintptr_t address);

/* Keeps @id from being given out again, if it still belongs to life @life; else false. */
bool sync_keep(struct sync_table *table, lock_id id, uint64_t life);

/* Calls @each for every living object in [start, end). */
void sync_each_in(struct sync_table *table, uintptr_t start, uintptr_t end,
		  void (*each)(void *context, struct sync_object *object), void *context);

/* The same, also for those that have no life at present. */
void sync_each_place_in(struct sync_table *table, uintptr_t start, uintptr_t end,
			void (*each)(void *context, struct sync_object *object), void *context);

/* NULL for ids that have no life, except ids in the lock-order graph. */
static inline struct sync_info *sync_info_by_id(const struct sync_table *table, lock_id id)
{
	return id ? id_table_get(&table->infos, id) : NULL;
}

#endif
