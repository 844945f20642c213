/*
 * The survey of a module: its functions decoded, and what is known of how each
 * byte of its text is reached.
 *
 *     survey_begin -> survey_targets -> survey_facts -> survey_reach
 *
 * Instructions are kept as the numbers of their patterns.  To be worked on, a function
 * is opened: its instructions are made from these, in memory that the next one
 * gets, too.
 *
 * What is reached from outside of its function (a call's target, what an address in
 * data points to, a landing pad) is an entry.  Padding is what nothing reaches.
 */
#ifndef X86_SURVEY_SURVEY_H
#define X86_SURVEY_SURVEY_H

#include "base/arena.h"
#include "x86/decode/decode.h"
#include "elf/image.h"
#include "x86/survey/module.h"
#include "x86/decode/pattern.h"
#include "x86/survey/scratch.h"

/* Marks of a byte of the text. */
enum mark {
	MARK_START = 1u << 0,	 /* a function's instruction begins here */
	MARK_ENTRY = 1u << 1,	 /* reached from outside its function */
	MARK_BRANCH = 1u << 2,	 /* reached by a branch of its function */
	MARK_INDIRECT = 1u << 3, /* reached by jumps or calls through registers or memory */
	MARK_LABEL = 1u << 4,	 /* inside a function, and its address is somewhere */
	MARK_LEAVE = 1u << 5,	 /* an entry that is to stay as it is */
	MARK_PADDING = 1u << 6,	 /* fills the space between functions, and nothing reaches it */
	MARK_DEAD = 1u << 7	 /* of an instruction that only the clone runs any more */
};

/* Facts of a function that only planning needs. */
struct part {
	uint32_t *patterns; /* per instruction: its pattern's number */
	uint32_t group; /* another function that it shares code with, in the end itself */
	bool is_signal_frame, is_known; /* called, or its address is somewhere */
	bool has_labels;
	bool has_breakpoint; /* an int3, of whatever use */
	bool has_locked;     /* a locked instruction */
	bool has_register_jump, has_call_of_register;
	bool runs_on; /* into what comes after it */
	bool is_thunk;	  /* its return goes where it was told: a jump in disguise */
	const char *flaw; /* why it cannot be copied, or NULL */
};

/* A word of data that points into a function. */
struct label_pointer {
	uint64_t place;
	uint32_t offset; /* of what it points to in the text */
};

/* A jump from one function to another one. */
struct outward_jump {
	uint32_t from, to; /* numbers of functions */
};

/* Memory for small arrays that live as long as the survey. */
struct slab {
	char *next;
	size_t left_bytes;
};

struct survey {
	const struct decoder *decoder;
	const struct image *image;
	struct arena *arena;
	struct module module;
	struct part *parts;		      /* per function */
	uint8_t *marks;			      /* per byte of the text, of enum mark */
	struct label_pointer *label_pointers; /* by place */
	uint32_t label_pointer_count, label_pointer_room;
	struct outward_jump *outward_jumps;
	uint32_t outward_jump_count, outward_jump_room;
	struct slab slab;
	struct scratch scratch; /* for the function in work */
	struct patterns patterns;
	/* Of the function that is open, with room for the longest. */
	struct function *open;
	struct instruction *instructions;
	uint8_t *reach;
	uint32_t *branches; /* of it, by their indexes */
	uint32_t *index_at; /* per byte of it: number of the instruction that begins there */
	bool is_reach_known;
	bool keeps; /* all functions, once opened, stay open */
	bool forget_targets;
	bool failed; /* out of memory */
};

/* Finds and decodes the functions.  False with *@why. */
bool survey_begin(struct survey *survey, const struct decoder *decoder, const struct image *image,
		  struct arena *arena, const char **why);

/* As survey_begin(), and all functions stay open. */
bool survey_begin_open(struct survey *survey, const struct decoder *decoder,
		       const struct image *image, struct arena *arena, const char **why);

/* Makes the instructions of @function, and 'reach' once that is known.  Whatever
 * function was open is closed. */
void survey_open(struct survey *survey, struct function *function);

/* Calls for the instructions that branch, or have one of @traits. */
typedef void (*survey_function)(struct survey *survey, const struct function *function,
				const struct instruction *instruction);
void survey_each(struct survey *survey, const struct function *function, unsigned traits,
		 survey_function call);

/* Zeroed; NULL, and failed, if memory is exhausted. */
void *survey_alloc(struct survey *survey, size_t size_bytes);

/* Finds how code is reached: marks, groups, jumps that are not understood. */
void survey_targets(struct survey *survey);

/* Facts about the stack: frame pointers, red zones, escaping addresses; of one
 * function alone, and then what those that share code have in common. */
void survey_facts_of(struct function *function);
void survey_facts(struct survey *survey);

/* Registers that a slot of the function's own is named from, once that is known. */
static inline uint32_t facts_stack_registers(const struct function *function)
{
	if (!function->is_usable)
		return 0;
	return REGISTER_BIT(RSP) | (function->has_frame_pointer ? REGISTER_BIT(RBP) : 0);
}

/* True if an instruction that accesses memory accesses such a slot. */
static inline bool facts_is_on_stack(const struct instruction *instruction, uint32_t stack)
{
	return instruction->base != NO_REGISTER && stack >> instruction->base & 1 &&
	       !(instruction->memory & MEMORY_STRING);
}

/* From here on 'reach' of an opened function is made from the marks. */
void survey_reach(struct survey *survey);

/* --- Between the survey's parts ------------------------------------------------- */

/* The first function of the group that @index is in. */
uint32_t survey_group(const struct survey *survey, uint32_t index);
void survey_join(struct survey *survey, uint32_t a, uint32_t b);

/* Marks a byte of the text; elsewhere does nothing. */
void survey_mark(struct survey *survey, int64_t offset, uint8_t marks);

static inline bool survey_has(const struct survey *survey, int64_t offset, uint8_t marks)
{
	return offset >= 0 && offset < survey->module.text_bytes &&
	       (survey->marks[offset] & marks) != 0;
}

static inline uint32_t survey_index(const struct survey *survey, const struct function *function)
{
	return (uint32_t)(function - survey->module.functions);
}

/* Notes that the function at @offset cannot be copied. */
void survey_spoil(struct survey *survey, int64_t offset, const char *flaw);

/* The code between functions. */
void survey_gaps(struct survey *survey);

/* What @instruction leads to; @function is NULL between functions. */
void survey_note_instruction(struct survey *survey, const struct function *function,
			     const struct instruction *instruction);

/* Whether a return of it goes to what was just put on the stack (retpolines). */
bool survey_is_thunk(const struct function *function);

/* Calls through registers, of the function that is open. */
void survey_calls(struct function *function);

/* Jumps through registers and memory. */
void survey_jumps(struct survey *survey, uint32_t index);

#endif
