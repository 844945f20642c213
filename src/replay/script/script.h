/*
 * Event scripts: what threads do, for snarl replay.
 *
 * There are two formats, recognised by content: our own (snarl-events(5)) and the STD
 * traces of the RAPID tools.  Both become a list of events in the order of the
 * text, with threads, objects and variables as numbers.
 *
 * Reading is pure: text in, data out; memory comes from the page source.
 */
#ifndef REPLAY_SCRIPT_SCRIPT_H
#define REPLAY_SCRIPT_SCRIPT_H

#include "finding/finding.h"
#include "replay/script/name_table.h"

enum event_verb {
#define EVENT(identifier, verb, arguments, needs, function, how) EVENT_##identifier,
#include "replay/script/events.def"
#undef EVENT
	EVENT_VERB_COUNT
};

enum event_arguments {
	ARGUMENTS_NOTHING,
	ARGUMENTS_THREAD,
	ARGUMENTS_OBJECT,
	ARGUMENTS_OBJECT_FACTS,
	ARGUMENTS_TWO_OBJECTS,
	ARGUMENTS_NUMBER,
	ARGUMENTS_VARIABLE,
	ARGUMENTS_MEMORY
};

enum event_needs {
	NEEDS_ANY,
	NEEDS_LOCK,
	NEEDS_RWLOCK,
	NEEDS_ANY_LOCK,
	NEEDS_MUTEX,
	NEEDS_CONDITION,
	NEEDS_SEMAPHORE,
	NEEDS_BARRIER,
	NEEDS_ONCE,
	NEEDS_CHANNEL,
	NEEDS_FUTEX
};

enum event_how { HOW_NEVER, HOW_BLOCKS, HOW_TRIES, HOW_TIMED };

struct event_row {
	const char *verb;
	enum event_arguments arguments;
	enum event_needs needs;
	enum event_how how;
};

extern const struct event_row event_rows[EVENT_VERB_COUNT];

/* Properties that an object is made with. */
enum object_fact {
	FACT_RECURSIVE = 1u << 0,
	FACT_CHECKED = 1u << 1,
	FACT_ROBUST = 1u << 2,
	FACT_SHARED = 1u << 3,
	FACT_WRITERS_FIRST = 1u << 4
};

struct script_facts {
	uint32_t facts;	    /* of enum object_fact */
	uint32_t number;    /* a semaphore's value, a barrier's size */
	uint32_t same_call; /* number of its class name, or 0 */
};

struct script_event {
	struct script_event *next;	   /* in the text */
	struct script_event *next_delayed; /* of the same actor */
	enum event_verb verb;
	uint32_t thread;
	uint32_t object; /* or variable, or the thread acted on */
	uint32_t second;
	struct script_facts facts; /* with ARGUMENTS_OBJECT_FACTS */
	uint32_t number;	   /* with ARGUMENTS_NUMBER */
	bool is_variable;	   /* with ARGUMENTS_MEMORY */
	uint32_t offset;	   /* of an access to a variable, in bytes */
	uint32_t size_bytes;
	uint32_t line;
	uint32_t column;
};

struct script_thread {
	uint32_t number;
	bool is_created; /* by an event of the script */
};

struct script_object {
	uint32_t number;
	enum object_kind kind;
	bool is_kind_known;
	bool is_used;
	bool is_static;	    /* 'facts' are from an "init" without a thread */
	bool is_made;	    /* an "init" has its kind */
	uint32_t leaver;    /* thread on whose stack it lies, or 0 */
	uint32_t kind_line; /* where its kind became known */
	struct script_facts facts;
};

#define EXPECTED_LOCKS_MAX 16u

/* The size of a variable: accesses stay within it. */
#define VARIABLE_BYTES 256u
#define VARIABLE_ACCESS_BYTES 4u /* by default */

/* An "expect" line. */
struct script_expectation {
	struct script_expectation *next;
	uint32_t line;
	bool is_silent;
	enum finding_kind kind;
	enum severity severity;
	bool has_locks;
	uint32_t lock_count;
	uint32_t locks[EXPECTED_LOCKS_MAX]; /* variables too: the objects of the same names */
};

struct script_error {
	uint32_t line; /* 0: the whole text */
	char text[256];
};

struct script {
	struct arena arena;
	struct name_table thread_names;
	struct name_table object_names;
	struct name_table variable_names;
	struct name_table class_names; /* and the places of a trace */
	struct id_table threads;       /* struct script_thread by number */
	struct id_table objects;       /* struct script_object by number */
	struct id_table places; /* of a trace: the first line, by its number in class_names */
	struct script_event *first;
	struct script_event *last;
	struct script_expectation *expectations;
	struct script_expectation *last_expectation;
	bool is_trace;	 /* of the STD format */
	bool is_outside; /* "outside": others may wake the threads */
	bool has_handler; /* "handled": the program has installed a signal handler */
	uint32_t line_count;
	struct script_error error;
};

/* False, and script->error, if the text is malformed. */
bool script_read(struct script *script, const char *text, size_t length_bytes, page_source pages);

/* NULL if there is no such verb. */
const struct event_row *event_row_find(const char *verb, size_t length);

/* @number is one that the script has given out. */
struct script_object *script_object(const struct script *script, uint32_t number)
	__attribute__((returns_nonnull));
struct script_thread *script_thread(const struct script *script, uint32_t number)
	__attribute__((returns_nonnull));

#endif
