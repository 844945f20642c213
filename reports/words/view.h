/*
 * The view: the findings of a model that are reported, in order, with all names and
 * sentences.
 *
 * All formats render one view, so they agree.  Errors stand first, and of each kind
 * the most frequent ones; equal ones of several processes (the workers that a
 * server forks) are merged.  The threads of a cycle are rotated into an order that
 * does not depend on which of them closed it, so that reports of two runs can be
 * compared.
 */
#ifndef REPORTS_WORDS_VIEW_H
#define REPORTS_WORDS_VIEW_H

#include "reports/model/model.h"
#include "reports/symbols/symbolize.h"
#include "reports/words/view_options.h"

struct filter;
struct json_frames;
struct lock_names;
struct shown_finding;
struct statements;
struct suppression;
struct view_memory;

/* One line of a scenario: who does what. */
struct scenario_step {
	thread_id thread;
	const char *what; /* "acquires bank.c:lock" */
};

/* 'others' are further sights of the same bug (same_bug.h); 'count' is of all. */
struct view_finding {
	const struct model_process *process;
	const struct finding *finding;
	uint64_t offset; /* of its record */
	const struct finding_event **events; /* in the order to show */
	size_t event_count;
	enum severity severity;	    /* as the verdict makes it */
	uint32_t details;	    /* of enum finding_detail, as far as they are still true */
	const struct declared_order *declared; /* the order that a file does not allow, or NULL */
	const char *atomics_note;   /* what debug information adds to it, or NULL */
	const struct finding_event *plain; /* not atomic, as its own line says, or NULL; ... */
	const char *plain_words; /* ... by what, which is all that the note of an error says */
	struct view_memory *memory; /* NULL: it is not about memory */
	uint64_t count;
	size_t index;		/* in the order of first occurrences */
	uint32_t process_count; /* that have it; 'process' is the first */
	const char *fingerprint;
	const char *summary;
	struct scenario_step *steps;
	size_t step_count;
	const char *closing; /* what the last step leads to, or NULL */
	const char *advice;
	struct view_finding *others;
	size_t other_count;
	bool is_content; /* among others: of what the container stores that the first is about */
	const char **notes; /* limits of the verdict, and explanations */
	size_t note_count;
	const struct shown_finding *shown; /* as it was printed while the program ran, or NULL */
	const struct suppression *suppression; /* that hides it, or NULL */
	bool is_known;				/* the baseline has it */
};

struct view {
	struct pool *pool;
	struct model *model;
	struct symbolizer *symbolizer;
	struct statements *statements; /* of the sources, for verdicts */
	const struct view_options *options;
	const char *program;
	struct view_finding *findings;
	size_t finding_count;
	struct view_finding *hidden; /* those that the filter has set aside */
	size_t hidden_count;
	const struct filter *filter; /* NULL: none was applied */
	struct lock_names *lock_names;
	struct json_frames *json_frames; /* made already (json_parts.h), or NULL */
	uint64_t atomic_count; /* findings left out: debug information says that they are atomic */
};

/* The view lives in the model's pool; view_free() closes the files that it opened. */
/* A view without findings, to look at the model; view_fill() makes them; view_make() is both. */
struct view *view_begin(struct model *model, const struct view_options *options);
void view_fill(struct view *view);
struct view *view_make(struct model *model, const struct view_options *options);
void view_free(struct view *view);

#endif
