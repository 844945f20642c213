/*
 * What a thread waits for, and who has it: found in the memory of the object itself, whose
 * layout is glibc's.
 *
 * One file for each kind of object.  What an object does not hold is not guessed: a read lock
 * does not name its readers, a condition not who will signal it.
 */
#ifndef INSPECT_OBJECTS_WAIT_H
#define INSPECT_OBJECTS_WAIT_H

#include "inspect/base/target.h"

#define WAIT_NOTE_BYTES 400u

/* A lock as its memory tells. */
struct lock_state {
	uint32_t holder; /* thread id in the target's namespace; 0: nobody, or not known */
	uint32_t flags;	 /* of enum lock_flag */
	bool is_held;
};

struct wait {
	bool is_blocked; /* it sleeps in a system call */
	bool is_timed;
	bool is_for_room;      /* in a pipe or socket that is full, else for data */
	bool is_shared;	       /* another process may end it */
	uint32_t first_frame;  /* those before it are inside the function that waits */
	enum object_kind kind; /* OBJECT_KIND_COUNT: none that is known */
	enum hold_mode mode;
	uint64_t object; /* its address, or the number of a descriptor */
	struct lock_state state;
	uint64_t mutex; /* that a waiter of a condition needs back; 0: not known */
	struct lock_state mutex_state;
	const char *name;	    /* of the object, or NULL: by its address */
	const char *script; /* frames of an interpreter, one a line, or NULL */
	char note[WAIT_NOTE_BYTES]; /* more about the holder, or "" */
};

/* What the decoder of a kind of object goes by. */
struct wait_question {
	struct target *target;
	const struct target_thread *thread;
	uint64_t futex;	   /* the word that it waits at */
	uint32_t expected; /* which had this value */
	uint32_t frame;	   /* the function that waits */
};

/* Each fills in the object and its state.  False: the memory is not that of such an object. */
bool wait_for_mutex(const struct wait_question *question, struct wait *wait);
bool wait_for_rwlock(const struct wait_question *question, struct wait *wait);
bool wait_for_condition(const struct wait_question *question, struct wait *wait);
bool wait_for_semaphore(const struct wait_question *question, struct wait *wait);
bool wait_for_barrier(const struct wait_question *question, struct wait *wait);
bool wait_for_once(const struct wait_question *question, struct wait *wait);
bool wait_for_join(const struct wait_question *question, struct wait *wait);
bool wait_for_word(const struct wait_question *question, struct wait *wait);

/* The state of the mutex at @address now; false if that is no mutex. */
bool mutex_read(struct target *target, uint64_t address, struct lock_state *state);

/* Fills in @wait from the system call and stack of @thread. */
void wait_find(struct target *target, const struct target_thread *thread, struct wait *wait);

#endif
