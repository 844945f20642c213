/*
 * Replaying a script: simulated threads, and the real detector.
 *
 * Each thread of the script is an actor, each object a primitive that behaves as
 * libc's does: an actor that wants a lock which another one holds blocks, and its
 * further events are delayed until it gets the lock.  The detector gets the same
 * calls as from the guest library, in the same order.
 *
 * A stack has one frame: the event's place in the script (replay_place()).
 */
#ifndef REPLAY_REPLAY_H
#define REPLAY_REPLAY_H

#include "base/map.h"
#include "detect/sync/channel.h"
#include "detect/sync/condition.h"
#include "detect/base/detector.h"
#include "detect/deadlock/futex.h"
#include "finding/results.h"
#include "replay/script/script.h"

enum actor_state {
	ACTOR_UNBORN, /* an event of the script creates it */
	ACTOR_RUNNING,
	ACTOR_BLOCKED,
	ACTOR_ENDED,
	ACTOR_LOST /* not in the forked child */
};

enum waits_for {
	WAITS_FOR_LOCK,
	WAITS_FOR_SIGNAL,
	WAITS_FOR_MUTEX, /* at the end of a condition wait */
	WAITS_FOR_TOKEN,
	WAITS_FOR_OTHERS, /* at a barrier */
	WAITS_FOR_BODY,	  /* of a once call */
	WAITS_FOR_INPUT,
	WAITS_FOR_WAKE, /* at a futex word */
	WAITS_FOR_THREAD
};

struct primitive;

struct actor {
	uint32_t number; /* of its name */
	enum actor_state state;
	struct thread *thread; /* NULL before it is created and once it is joined */
	bool is_implicit;      /* created before the first event, as no event creates it */
	bool is_detached;
	bool is_joined;

	struct script_event *first_delayed;
	struct script_event *last_delayed;
	struct actor *next_ready;
	bool is_ready;		      /* is in the list replay.ready */
	struct script_event *request; /* its last event, if that was a request */

	/* While blocked. */
	enum waits_for waits_for;
	enum lock_mode mode;
	bool is_timed;
	stack_id stack;
	struct primitive *primitive; /* that it waits for; NULL for a thread */
	struct actor *target;	     /* that it joins */
	struct primitive *signalled; /* of a condition wait: the condition ... */
	struct primitive *mutex;     /* ... and the mutex */
	struct condition_wait condition;
	struct futex_wait futex;
	bool is_woken;
	struct actor *next_waiter;

	uint32_t handler_signal; /* 0: not in a handler */
	uint64_t signal_mask;	 /* signals it has blocked */
	uint32_t line;		 /* of "at": the line of its calls, or 0 */
	uint32_t awaited;	 /* the variable of its last "await", or 0 */
};

enum once_state { ONCE_NEW, ONCE_RUNNING, ONCE_DONE };

struct primitive {
	uint32_t number; /* of its name */
	enum object_kind kind;
	struct script_facts facts;
	uintptr_t address;
	uint32_t leaver; /* the thread on whose stack it lies, or 0 */
	stack_id created;
	thread_id allocator; /* of the block that it lies in, or 0 */

	struct actor *owner;
	struct actor *waiters; /* the longest waiting first */
	uint32_t count;	       /* of the owner's acquisitions */
	uint32_t reader_count;
	uint32_t value; /* of a semaphore; arrivals at a barrier */
	enum once_state once;
	bool is_destroyed;
	bool is_copy;
	bool is_owner_dead; /* robust: the next owner gets EOWNERDEAD */
	bool is_unusable;   /* robust: lock calls return ENOTRECOVERABLE */
};

/* What "expect" lines are compared with. */
struct replay_finding {
	enum finding_kind kind;
	enum severity severity;
	bool is_gone;
	bool is_expected;
	uint64_t *count; /* in the results file */
	uint32_t lock_count;
	uint32_t locks[EXPECTED_LOCKS_MAX];
};

struct replay {
	struct detector detector; /* first: the hooks get its address */
	const char *path;
	struct script script;
	struct actor *actors;	      /* by number, from 1 */
	struct primitive *primitives; /* by number, from 1 */
	stack_id *classes;	      /* stacks of "class NAME", by number */
	struct actor *ready;	      /* can go on with their delayed events */
	struct actor *last_ready;
	struct thread *main_thread;
	struct channel_table channels;
	bool has_blocks;  /* that objects lie in */
	struct map sites; /* by place and verb */
	uint64_t *values; /* of variables, by number; NULL: not known */
	uint64_t value_count; /* the last value that was stored */
	bool has_main_actor;
	bool is_failed;
	uint32_t error_line;
	char error[256];

	void *image; /* the results file */
	uint32_t process;
	struct replay_finding *findings; /* by number, from 1 */
	uint32_t finding_capacity;
};

/* What struct access.context is in a replay. */
struct replay_context {
	struct replay *replay;
	const struct actor *actor;
	const struct script_event *event;
};

/* Reads the text, prepares actors and primitives; false: replay->error.  The detector
 * and the script take memory from @pages; the rest is freed by replay_dispose(). */
bool replay_prepare(struct replay *replay, const char *path, const char *text, size_t length_bytes,
		    bool predicts_races, page_source pages);
void replay_dispose(struct replay *replay);

/* Carries all events out; false: replay->error. */
bool replay_run(struct replay *replay);

/* Sets the error: @event is impossible.  @format has up to two %s. */
void replay_fail(struct replay *replay, const struct script_event *event, const char *format,
		 const char *first, const char *second);

stack_id replay_stack(struct replay *replay, const struct actor *actor,
		      const struct script_event *event);

/* The detector's object of @primitive, made at the first use; NULL only after
 * replay_fail(). */
struct sync_object *replay_object(struct replay *replay, struct actor *actor,
				  struct primitive *primitive, const struct script_event *event);

struct primitive *replay_primitive(struct replay *replay, uint32_t number);
struct actor *replay_actor(struct replay *replay, uint32_t number);
const char *replay_actor_name(const struct replay *replay, const struct actor *actor);
const char *replay_primitive_name(const struct replay *replay, const struct primitive *primitive);

/* @actor waits in its call; the call of @actor returns. */
void replay_block(struct actor *actor, struct primitive *primitive, enum waits_for waits_for,
		  bool is_timed, stack_id stack);
void replay_unblock(struct replay *replay, struct actor *actor);
/* Takes @actor out of the waiters of @primitive. */
void replay_leave_queue(struct primitive *primitive, struct actor *actor);

/* Gives the lock @primitive to the waiters that can have it now. */
void replay_grant(struct replay *replay, struct primitive *primitive);

/* @actor's condition wait ends: next it takes the mutex. */
void replay_end_condition_wait(struct replay *replay, struct actor *actor, bool is_woken);

/* Resets it to the state before its first use. */
void replay_reset_primitive(struct primitive *primitive);

/* @actor starts as @thread. */
void replay_start_actor(struct replay *replay, struct actor *actor, struct thread *thread);

/* The verbs: replay_<function>() for each function of events.def. */
#define EVENT(identifier, verb, arguments, needs, function, how)                             \
	void replay_##function(struct replay *replay, struct actor *actor,                         \
			       const struct script_event *event);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wredundant-decls"
#include "replay/script/events.def"
#pragma GCC diagnostic pop
#undef EVENT

/* Shadow memory for the script's variables, if it has any; false after
 * replay_fail(). */
bool replay_prepare_memory(struct replay *replay);

/* The variable at @address, or 0. */
uint32_t replay_variable_at(const struct replay *replay, uintptr_t address);
uintptr_t replay_variable_address(uint32_t number);

/* The detector hook of that name. */
/* If the actor has read what it waits for ("await"), the call at @stack rests on that. */
void replay_add_call(struct replay *replay, struct actor *actor, stack_id stack);
stack_id replay_access_stack(struct detector *detector, struct thread *thread,
			     const struct access *access);

/* @actor frees a variable. */
void replay_free_variable(struct replay *replay, struct actor *actor,
			  const struct script_event *event);

extern const struct detector_hooks replay_hooks;

/* Addresses of code: places in the script. */
static inline uintptr_t replay_place(uint32_t line, uint32_t column)
{
	return (uintptr_t)line << SCRIPT_LINE_SHIFT | (column < 4095 ? column : 4095);
}

/* A process record for the script, and its end. */
void replay_results_begin(struct replay *replay);
void replay_results_end(struct replay *replay);

/* Compares the findings with the script's "expect" lines; false after messages on
 * standard error about each difference. */
bool replay_meets_expectations(struct replay *replay);

#endif
