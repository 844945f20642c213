/*
 * The survey of a module: its functions, decoded, and how each byte of its text may
 * be reached.
 *
 *     survey_begin -> survey_targets -> survey_facts -> survey_reach
 *
 * Instructions are kept as the numbers of their patterns.  Opening a function makes its
 * instructions from these, in memory that the next opened function reuses.
 *
 * What is reached from outside its function (a call's target, the target of an address
 * in data, a landing pad) is an entry.
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
	MARK_LABEL = 1u << 4,	 /* inside a function, and its address is taken; landing pads */
	MARK_LEAVE = 1u << 5,	 /* an entry that must not be patched */
	MARK_PADDING = 1u << 6,	 /* fills the space between functions, and nothing reaches it */
	MARK_DEAD = 1u << 7	 /* of an instruction that only the clone runs */
};

/* Facts of a function that only planning needs. */
struct part {
	uint32_t *patterns; /* per instruction: its pattern's number */
	uint32_t group; /* another function that shares its code; the root: itself */
	bool is_signal_frame, is_known; /* called, or its address is taken */
	bool has_labels;
	bool has_breakpoint; /* an int3 */
	bool has_locked;     /* a locked instruction or a fence */
	bool has_store;	     /* to memory that a register points to, but for rsp and rbp */
	bool has_register_jump, has_call_of_register;
	bool runs_on; /* into the code behind it */
	bool is_thunk;	  /* its return is a jump to a pushed address */
	bool takes_return; /* it uses the bytes behind the call of it */
	const char *flaw; /* why it cannot be copied, or NULL */
};

/* A word of data that points into a function. */
struct label_pointer {
	uint64_t place;
	uint32_t offset; /* of its target in the text */
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
	struct label_pointer last_pointer; /* that was looked at, of whatever use */
	struct outward_jump *outward_jumps;
	uint32_t outward_jump_count, outward_jump_room;
	struct slab slab;
	struct scratch scratch; /* for the current function */
	struct patterns patterns;
	/* The open function, and arrays of it with room for the longest. */
	struct function *open;
	struct instruction *instructions;
	uint8_t *reach;
	uint32_t *branches; /* their indexes */
	uint32_t *index_at; /* per byte: index of the instruction that begins there */
	bool is_reach_known;
	bool keeps; /* all functions, once opened, stay open */
	bool forget_targets;
	bool failed; /* out of memory */
};

/* Finds and decodes the functions.  False with *@why. */
bool survey_begin(struct survey *survey, const struct decoder *decoder, const struct image *image,
		  struct arena *arena, const char **why);

/* survey_begin() with all functions open. */
bool survey_begin_open(struct survey *survey, const struct decoder *decoder,
		       const struct image *image, struct arena *arena, const char **why);

/* Makes the instructions of @function, and 'reach' once that is known, and closes the
 * function that was open. */
void survey_open(struct survey *survey, struct function *function);

/* Is called for the instructions that branch, or have one of @traits. */
typedef void (*survey_function)(struct survey *survey, const struct function *function,
				const struct instruction *instruction);
void survey_each(struct survey *survey, const struct function *function, unsigned traits,
		 survey_function call);

/* Takes the module's functions, at most @most, from its unwind tables.  False with *@why. */
bool survey_collect(struct survey *survey, uint32_t most, const char **why);

/* Zeroed.  No memory: NULL, and survey->failed is set. */
void *survey_alloc(struct survey *survey, size_t size_bytes);

/* Finds how code is reached: marks, groups, jumps with unknown targets. */
void survey_targets(struct survey *survey);

/* Facts about the stack: frame pointers, red zones, escaping addresses.  First of each
 * function, then merged among functions that share code. */
void survey_facts_of(struct function *function);
void survey_facts(struct survey *survey);

/* The registers that the function's own slots are addressed from. */
static inline uint32_t facts_stack_registers(const struct function *function)
{
	if (!function->is_usable)
		return 0;
	return REGISTER_BIT(RSP) | (function->has_frame_pointer ? REGISTER_BIT(RBP) : 0);
}

/* Whether an access is to such a slot. */
static inline bool facts_is_on_stack(const struct instruction *instruction, uint32_t stack)
{
	return instruction->base != NO_REGISTER && stack >> instruction->base & 1 &&
	       !(instruction->memory & MEMORY_STRING);
}

/* From here on survey_open() makes 'reach' from the marks. */
void survey_reach(struct survey *survey);

/* The first function of the group that @index is in. */
uint32_t survey_group(const struct survey *survey, uint32_t index);
void survey_join(struct survey *survey, uint32_t a, uint32_t b);

/* Marks a byte, if it is in the text. */
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

/* Records that the function at @offset cannot be copied. */
void survey_spoil(struct survey *survey, int64_t offset, const char *flaw);

/* Surveys the code between functions. */
void survey_gaps(struct survey *survey);

/* Whether it only fills space, as assemblers do: by nops of several bytes where there is
 * room.  Runs of single bytes (nop, int3) may be constants.  @before may be NULL. */
bool survey_is_filler(const struct instruction *instruction, const struct instruction *before);

/* Marks what @instruction leads to; @function is NULL between functions. */
void survey_note_instruction(struct survey *survey, const struct function *function,
			     const struct instruction *instruction);

/* Whether a return of it goes to an address that it pushed (retpolines). */
bool survey_is_thunk(const struct function *function);

/* Whether a function uses the bytes behind the call of it; the same for other code. */
bool survey_takes_return(const struct function *function);
bool survey_takes_return_at(const struct survey *survey, int64_t offset);

/* Calls through registers, of the function that is open. */
void survey_calls(struct function *function);

/* Jumps through registers and memory. */
void survey_jumps(struct survey *survey, uint32_t index);

#endif
