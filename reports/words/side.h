/* One side of a race: whether its access is plain or atomic, by its own evidence. */
#ifndef REPORTS_WORDS_SIDE_H
#define REPORTS_WORDS_SIDE_H

#include "reports/source/statement.h"
#include "reports/types/form.h"
#include "reports/types/types.h"
#include "reports/words/view.h"

/* One side of a race, or the load of the pointer by which it reaches the memory. */
struct side {
	struct view *view;
	const struct view_finding *finding;
	const struct finding_event *event;
	struct elf_image *image; /* NULL: the instruction is not known */
	uint64_t address;
	uint64_t bias; /* what it is in the process is so much higher */
	bool is_write;
	bool is_decoded;
	struct access_form access;
	const struct source_stack *frames; /* or NULL */
	struct type_place place;	   /* what is accessed, and the last name of it */
	const char *variable, *whole; /* and of the variable that it is a part of; or NULL */
	const char *sure;	      /* a name of what is certainly no atomic; or NULL */
};

struct side side_of_access(struct view *view, const struct view_finding *finding,
			   const struct finding_event *event);

/* Its claim: RULES.md, 'Plain or atomic', 1 to 14. */
struct evidence side_check(const struct side *side);

/* The same by 1 to 4 alone; false if they do not decide. */
bool side_check_type(const struct side *side, struct evidence *evidence);

/* True if the pointer by which @side reaches the memory was loaded by what may be an
 * atomic operation and is not one by its type: a macro or function of a library, for
 * publication and grace periods, say.  What orders them is then not all seen. */
bool side_is_published(const struct side *side);

/* True if @side is a read that a locked comparison follows: what it has read is looked at again. */
bool side_is_compared(const struct side *side);

/* True if @side is a read that the compiler has put ahead of the branch that decides whether
 * it is needed: the source may not make it.  (clang leaves such loads without a line, gcc at
 * another one's.) */
bool side_is_ahead(const struct side *side, const struct evidence *evidence);

/* True if @side reads more than the bytes of the race, and these are a member that its
 * statement does not name, while it names another: the compiler reads several at once. */
bool side_is_beside(const struct side *side);

#endif
