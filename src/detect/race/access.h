/*
 * Accesses of memory: the door to the race engine.
 *
 * Called before an access takes place: by the slow path of clones, wrappers of libc
 * functions, event scripts.  The calling thread is @thread; the guard is up; errno,
 * vector registers and the program's locks are not touched.
 */
#ifndef DETECT_RACE_ACCESS_H
#define DETECT_RACE_ACCESS_H

#include "detect/base/detector.h"
#include "detect/data/access.h"

/* A read or write of any size: classifies and records it. */
void access_check(struct detector *detector, struct thread *thread, const struct access *access);

/*
 * A locked instruction or xchg on @access->address: access_synchronise_begin()
 * before it, access_synchronise_end() after it.  The location's own lock is held
 * in between (or not, if it was not to be had: then begin returns NULL), so
 * that order and instruction are one.  At the end, @access has the value that is there
 * then; it may be NULL unless access_synchronise_tells().
 */
enum locked_outcome {
	LOCKED_READ,	 /* a compare and exchange that failed has only read */
	LOCKED_EXCHANGED, /* it has stored because it found what it expected */
	LOCKED_STORED,
};

struct atomic_location;
struct atomic_location *access_synchronise_begin(struct detector *detector, struct thread *thread,
						 const struct access *access);
void access_synchronise_end(struct detector *detector, struct thread *thread,
			    struct atomic_location *location, const struct access *access,
			    enum locked_outcome outcome);

/* Does the end of the instruction under way at @location want to know of its access? */
bool access_synchronise_tells(const struct thread *thread, const struct atomic_location *location);

/* If so: @access has the value that the instruction under way at @location finds; @is_idle: its
 * operand leaves any value that is there. */
void access_synchronised_over(struct atomic_location *location, const struct access *access,
			      bool is_idle);

/* The address of the instruction under way at @location. */
uintptr_t access_synchronised_address(const struct atomic_location *location);

/* Memory [start, end) begins a new life: its shadow is cleared.  If it is freed it ends
 * one instead: the free is recorded like a write, so that all later accesses race with
 * it until the memory is given out again.  What is dropped has its shadow cleared next:
 * the free is compared, and recorded only where something stands in its way. */
void access_memory_begins(struct detector *detector, struct thread *thread, uintptr_t start,
			  size_t size_bytes);
void access_memory_freed(struct detector *detector, struct thread *thread,
			 const struct access *access);
void access_memory_dropped(struct detector *detector, struct thread *thread,
			   const struct access *access);

#endif
