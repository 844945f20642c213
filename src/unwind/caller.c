#include "unwind/cache.h"
#include "unwind/unwind.h"

#define PAGE_BYTES 4096u

/* The program may have stored the word with another type. */
typedef uintptr_t __attribute__((may_alias)) stack_word;

static bool find_frame_end(const struct frame_rule *rule, const struct unwind_start *start,
			   uintptr_t *end)
{
	const uintptr_t page = (start->sp - sizeof(uintptr_t)) / PAGE_BYTES;

	if (rule->is_outermost || rule->has_no_table || rule->cfa_is_loaded ||
	    (rule->cfa_register != REGISTER_STACK && rule->cfa_register != REGISTER_FRAME))
		return false;
	*end = (rule->cfa_register == REGISTER_STACK ? start->sp : start->frame_pointer) +
	       (uintptr_t)(intptr_t)rule->cfa_offset;
	return *end > start->sp && *end % sizeof(uintptr_t) == 0 &&
	       (*end - sizeof(uintptr_t)) / PAGE_BYTES == page;
}

/* All saved registers must lie in the frame, and the frame pointer is read. */
static bool read_saves(const struct frame_rule *rule, const struct unwind_start *start,
		       uintptr_t end, uintptr_t *frame_pointer)
{
	for (unsigned int saved = rule->saved; saved; saved &= saved - 1) {
		unsigned int index = (unsigned int)__builtin_ctz(saved);
		bool is_by_frame = rule->saved_by_frame & (1u << index);
		uintptr_t address = (is_by_frame ? start->frame_pointer : end) +
				    (uintptr_t)(8L * rule->slots[index]);

		if (address < start->sp || address >= end || address % sizeof(uintptr_t) != 0)
			return false;
		if (frame_rule_registers[index] == REGISTER_FRAME)
			*frame_pointer = *(const stack_word *)address;
	}
	return true;
}

enum unwind_caller unwind_find_caller(const struct unwind_start *start,
				      struct unwind_start *caller)
{
	const uint64_t generation = unwind_cache_generation();
	struct frame_rule rule;
	uintptr_t end;

	caller->frame_pointer = start->frame_pointer;
	if (!unwind_cache_find(generation, start->return_address - 1, &rule) ||
	    !find_frame_end(&rule, start, &end) ||
	    !read_saves(&rule, start, end, &caller->frame_pointer))
		return CALLER_NOT_KNOWN;
	caller->sp = end;
	caller->return_address = ((const stack_word *)end)[-1];
	/* That of a signal's frame is not kept: what it interrupts needs the handler. */
	if (!caller->return_address ||
	    !unwind_cache_find(generation, caller->return_address - 1, &rule))
		return CALLER_NOT_KNOWN;
	return rule.has_no_table ? CALLER_WITHOUT_TABLE : CALLER_KNOWN;
}
