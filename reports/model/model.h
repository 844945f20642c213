/*
 * The model: what one or several results files say, joined.
 *
 * Records come in any order and name each other by ids of their process; here
 * they become structures that point to their process.  Findings that were
 * retracted or replaced are marked as gone.  A forked child inherits what its
 * parent had written before the fork: a look-up tries the child's own rows, then
 * the parent's rows that stand before the child's PROCESS record.
 */
#ifndef REPORTS_MODEL_MODEL_H
#define REPORTS_MODEL_MODEL_H

#include "finding/finding.h"
#include "finding/results.h"
#include "reports/model/pool.h"

struct model_process;

/* Each record knows the file offset at which it stood. */
struct model_module {
	uint32_t id;
	uint64_t offset;
	uint64_t start;
	uint64_t end;
	uint64_t bias;
	uint32_t first_generation;
	uint32_t last_generation;
	const char *path;
	const char *build_id;
};

struct model_stack {
	uint32_t id;
	uint64_t offset;
	uint32_t generation;
	uint32_t flags;
	uint32_t frame_count;
	const unsigned char *frames; /* not aligned: see model_stack_frame() */
	const struct model_process *home; /* where import.h took it from; NULL: its own */
};

struct model_thread {
	uint32_t id;
	uint64_t offset;
	uint32_t kernel_id;
	uint32_t creator;
	uint32_t creation_stack;
	uint32_t flags;
	const char *name;
	const struct model_process *home;
};

struct model_lock {
	uint32_t id;
	uint64_t offset;
	enum object_kind kind;
	uint64_t address;
	uint32_t class;
	uint32_t creation_stack;
	uint32_t first_stack;
	uint32_t block_stack; /* that allocated the block which it lies in, or 0 */
	uint32_t stack_thread;
	uint32_t flags;
	const char *name;
	uint64_t key; /* the same in all processes that share it, or 0 */
	const struct model_process *home;
};

/* What a thread did when its process was looked at from outside. */
struct model_state {
	uint32_t kernel_id;
	uint32_t call; /* or STATE_RUNS */
	uint64_t argument;
	uint32_t stack;
	const char *name;
	uint32_t thread; /* 0: known by kernel_id */
	uint32_t lock;	 /* that it waits for */
	uint32_t target; /* the thread that it joins */
	enum hold_mode mode;
	bool is_timed;
	uint32_t holder; /* the thread that has the lock */
	uint32_t mutex;	 /* that a waiter of a condition needs back */
	uint32_t mutex_holder;
	const char *note;   /* more about the lock, or "" */
	const char *script; /* frames of an interpreter, one a line, or "" */
};

/* Rows sorted by id, then by offset. */
struct model_table {
	void *rows;
	size_t count;
};

struct model_process {
	uint32_t number; /* from 1, over all files */
	uint32_t file;
	uint32_t index; /* within its file */
	uint64_t offset;
	uint32_t pid;
	struct model_process *parent; /* NULL: none, or not in the file */
	enum process_start how;
	const char *path;
	const char **arguments;
	uint32_t argument_count;
	struct model_table modules;
	struct model_table stacks;
	struct model_table threads;
	struct model_table locks;
	uint64_t counters[COUNTER_COUNT];
	bool has_ended;
	enum process_end end;
	uint32_t end_status;
	bool has_timed_out;
	bool is_looked_at;
	struct model_state *states; /* then */
	size_t state_count;
	struct results_slot *slots; /* of its threads: what they are blocked on */
	size_t slot_count;
};

/* What a file of lock orders says of a finding. */
struct declared_order {
	const char *order;     /* "bank bank.c:first -> bank bank.c:second" */
	const char *objection; /* "bank.order:12 has the opposite order" */
};

struct model_finding {
	struct model_process *process;
	uint64_t offset;
	struct finding *finding; /* only event_count events are there */
	uint64_t count;
	bool is_gone; /* retracted or replaced */
	bool is_retracted;
	const struct declared_order *declared; /* NULL: the detector has made it */
	bool is_asked, is_plain; /* the view's: has it a side that is plain? */
};

struct model_text {
	const struct model_process *process;
	const char *text;
	const char *why; /* of an unobserved child, else NULL */
};

/* Memory that the program or script gave a name. */
struct model_variable {
	const struct model_process *process;
	uint64_t address;
	uint64_t size_bytes;
	const char *name;
};

/* A process executes a program, or has spawned one. */
struct model_execution {
	const struct model_process *process; /* that wrote the record */
	uint64_t offset;
	uint32_t pid;
	enum executes_how how; /* EXECUTES_FAILED: and failed */
	const char *path;
};

struct model_file {
	const char *path;
	const unsigned char *base;
	uint64_t size_bytes;
	bool is_mapped; /* by us: to be unmapped */
	struct results_header header;
	const struct timeline_ring *timeline; /* its events; NULL: none */
};

struct model {
	struct pool pool;
	struct model_file *files;
	size_t file_count;
	struct model_process **processes;
	size_t process_count;
	struct model_finding *findings; /* in the order of the files */
	size_t finding_count;
	struct model_finding *orders; /* edges of the lock-order graph, for merge */
	size_t order_count;
	struct model_text *texts;
	size_t text_count;
	struct model_text *unobserved;
	size_t unobserved_count;
	struct model_variable *variables;
	size_t variable_count;
	struct model_execution *executions;
	size_t execution_count;
	uint64_t torn_count;
	uint64_t dropped_count;
	uint64_t lost_event_count; /* of the timelines */
	struct finding *scratch; /* while reading */
	char error[512];
};

/* An empty model; free it with model_free(). */
void model_init(struct model *model);
void model_free(struct model *model);

/* 0, or a negative errno and model->error, which names file and offset. */
int model_read_file(struct model *model, const char *path);

/* As model_read_file(), of an image that outlives the model, 8-byte aligned. */
int model_read_image(struct model *model, const char *name, const unsigned char *base,
		     uint64_t size_bytes);

/* After the last file: applies retractions, sorts tables. */
void model_finish(struct model *model);

/* NULL if the id is 0 or has no record. */
const struct model_stack *model_stack(const struct model_process *process, uint32_t id);
const struct model_thread *model_thread(const struct model_process *process, uint32_t id);
/* The living thread that the kernel knows as @kernel_id, or NULL. */
const struct model_thread *model_thread_by_kernel_id(const struct model_process *process,
						     uint32_t kernel_id);
const struct model_thread *model_thread_of_state(const struct model_process *process,
						 const struct model_state *state);
const struct model_lock *model_lock(const struct model_process *process, uint32_t id);
/* The module at @address in code generation @generation, or NULL. */
const struct model_module *model_module(const struct model_process *process, uint32_t generation,
					uint64_t address);
/* The last part of its path. */
const char *model_module_name(const struct model_module *module);

/* Finding @id of @process, or of its parent before the fork; or NULL. */
struct model_finding *model_finding(struct model *model, const struct model_process *process,
				    uint32_t id);

/* The variable that contains @address; of several the last that was named; or NULL. */
const struct model_variable *model_variable(const struct model *model,
					    const struct model_process *process, uint64_t address);

uint64_t model_stack_frame(const struct model_stack *stack, uint32_t index);

/* The sum over all processes, with what the file headers count. */
uint64_t model_counter(const struct model *model, enum counter counter);

#endif
