#include "reports/words/verdict.h"

#include <stdlib.h>
#include <string.h>

#include "reports/types/data.h"
#include "reports/types/form.h"
#include "reports/source/names.h"
#include "reports/source/words.h"
#include "reports/words/memory.h"
#include "reports/words/names.h"

#define WORD_BYTES 8u  /* wider accesses are atomic only with a lock prefix */
#define GCC_NEWEST 12u /* the newest version whose code for atomics was examined */

/* One side of a race. */
struct side {
	struct view *view;
	const struct view_finding *finding;
	const struct finding_event *event;
	struct elf_image *image; /* NULL: the instruction is not known */
	uint64_t address;
	bool is_decoded;
	struct access_form access;
};

static struct evidence make_claim(enum claim claim, const char *why)
{
	return (struct evidence){claim, why, false};
}

static struct side find_side(struct view *view, const struct view_finding *finding,
			     const struct finding_event *event)
{
	struct side side = {.view = view, .finding = finding, .event = event};

	if (!symbolize_instruction(view->symbolizer, finding->process, event->stack, &side.image,
				   &side.address))
		side.image = NULL;
	side.is_decoded =
		side.image && form_find(view->pool, side.image, side.address, &side.access);
	return side;
}

/* --- The rules of RULES.md, by number ------------------------------------------ */

/* 1: sizes and alignments that no compiler uses for an atomic access. */
static bool check_size(const struct side *side, struct evidence *evidence)
{
	const struct finding_event *event = side->event;
	uint64_t size = event->size_bytes;

	if (event->action == ACTION_FREE)
		*evidence = make_claim(CLAIM_PLAIN, "it ends the memory");
	else if (size > WORD_BYTES || event->address % WORD_BYTES + size > WORD_BYTES ||
		 (side->is_decoded && side->access.shape == SHAPE_WIDE))
		*evidence = make_claim(CLAIM_PLAIN, "it is wider than an atomic access");
	else if (side->is_decoded && size && side->access.size_bytes == size &&
		 event->address % size)
		*evidence = make_claim(CLAIM_PLAIN, "it is not aligned as an atomic access is");
	else if (side->is_decoded && side->access.shape == SHAPE_NONE)
		*evidence = make_claim(CLAIM_PLAIN, "a function of the C library makes it");
	else
		return false;
	return true;
}

/* True if the instruction is in an atomic operation, inlined or not. */
static bool is_in_atomic_function(const struct side *side)
{
	const struct source_stack *stack =
		symbolize_stack(side->view->symbolizer, side->finding->process, side->event->stack);

	for (size_t i = 0; stack && i < stack->frame_count; i++) {
		const struct source_frame *frame = &stack->frames[i];

		if (frame->function && words_is_atomic_function(frame->function))
			return true;
		if (!frame->is_inlined)
			break;
	}
	return false;
}

/* A flag that the compiler loads with acquire before it uses a local static. */
static bool is_guard_variable(const char *name)
{
	return strncmp(name, "guard variable for ", 19) == 0;
}

/* The type of the variable.  For other memory: the type that this access has, else
 * that of another access. */
static struct type_place type_of_access(const struct side *side)
{
	struct pointee pointee;

	if (side->finding->memory->kind != MEMORY_GLOBAL &&
	    data_find_pointee(side->view->symbolizer, side->finding->process, side->event->stack,
			      side->event->size_bytes, &pointee))
		return pointee.place;
	return side->finding->memory->variable.part;
}

/* 2, 3 and 4: the locked instruction, the types and the inlined functions. */
static bool check_type(const struct side *side, struct evidence *evidence)
{
	struct type_place place = type_of_access(side);

	if (side->is_decoded && side->access.shape == SHAPE_LOCKED)
		*evidence = make_claim(CLAIM_ATOMIC, "by its instruction");
	else if (place.is_atomic || is_guard_variable(side->finding->memory->name))
		*evidence = make_claim(CLAIM_ATOMIC, "by its type");
	else if (is_in_atomic_function(side))
		*evidence = make_claim(CLAIM_ATOMIC, "by the function that makes it");
	else if (place.field && strncmp(place.field, "_vptr", 5) == 0)
		*evidence =
			make_claim(CLAIM_UNKNOWN, "the same virtual-table pointer may be stored");
	else if (place.is_volatile)
		*evidence = make_claim(CLAIM_VOLATILE, "by its type");
	else
		return false;
	return true;
}

/* "refs" of "table[3].refs"; NULL if it does not end in an identifier. */
static const char *last_identifier(struct pool *pool, const char *name)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
	size_t end = name ? strcspn(name, "+ ") : 0;
	size_t start;

	while (end && name[end - 1] == ']') {
		while (end && name[end - 1] != '[')
			end--;
		end -= end > 0;
	}
	start = end;
	while (start && strchr(letters, name[start - 1]))
		start--;
	return start < end ? pool_copy(pool, name + start, end - start) : NULL;
}

static const char *variable_of(const struct side *side)
{
	const struct view_memory *memory = side->finding->memory;
	const char *name = memory->field;

	if (!name && memory->kind == MEMORY_GLOBAL && !memory->variable.is_nameless)
		name = memory->name;
	return last_identifier(side->view->pool, name);
}

/* 5 to 12: the text of the source. */
static struct evidence check_text(const struct side *side)
{
	const struct source_stack *stack =
		symbolize_stack(side->view->symbolizer, side->finding->process, side->event->stack);
	struct statement_question question = {
		.image = side->image,
		.address = side->address,
		.variable = variable_of(side),
		.is_write = side->event->action != ACTION_READ,
	};

	if (!side->image || !stack || !stack->frame_count)
		return make_claim(CLAIM_UNKNOWN, NULL);
	question.frame = &stack->frames[0];
	return statement_read(side->view->statements, &question);
}

/* "GNU C17 12.2.0 -mtune=generic": 12; 0 if it is another compiler, or an assembler. */
static unsigned gcc_version(const char *producer)
{
	const char *at;

	if (!producer ||
	    (strncmp(producer, "GNU C", 5) != 0 && strncmp(producer, "GNU GIMPLE", 10) != 0))
		return 0;
	for (at = producer + 4; (at = strchr(at, ' ')) != NULL;) {
		char *end;
		unsigned long version = strtoul(++at, &end, 10);

		if (end > at && *end == '.')
			return (unsigned)version;
	}
	return 0;
}

/* 13: gcc uses only moves and extensions for atomic loads and stores. */
static bool is_form_of_plain(const struct side *side)
{
	unsigned version = side->is_decoded && side->image
				   ? gcc_version(names_producer(side->image, side->address))
				   : 0;

	if (!version || version > GCC_NEWEST)
		return false;
	return side->access.shape == SHAPE_UPDATE || side->access.shape == SHAPE_FOLDED ||
	       side->access.shape == SHAPE_REAL;
}

static struct evidence check_side(const struct side *side)
{
	struct evidence evidence;
	struct evidence text;

	if (check_size(side, &evidence) || check_type(side, &evidence))
		return evidence;
	text = check_text(side);
	if (text.claim == CLAIM_UNKNOWN && !text.is_assembly && is_form_of_plain(side))
		return make_claim(CLAIM_PLAIN, "by its instruction, as gcc makes no atomic so");
	return text;
}

struct evidence verdict_of_access(struct view *view, const struct view_finding *finding,
				  const struct finding_event *event)
{
	struct side side = find_side(view, finding, event);

	return check_side(&side);
}

/* --- Both sides together --------------------------------------------------------- */

/* The sides of a race, by their claims. */
struct sides {
	size_t count;
	size_t atomic_count;
	const struct finding_event *plain, *is_volatile, *unknown;
	const char *plain_why, *unknown_why;
	bool are_decoded;
};

static void add_side(struct sides *sides, const struct side *side)
{
	struct evidence evidence = check_side(side);

	sides->count++;
	sides->are_decoded &= side->is_decoded || side->event->action == ACTION_FREE;
	if (evidence.claim == CLAIM_ATOMIC) {
		sides->atomic_count++;
	} else if (evidence.claim == CLAIM_VOLATILE) {
		sides->is_volatile = side->event;
	} else if (evidence.claim == CLAIM_PLAIN) {
		sides->plain = side->event;
		sides->plain_why = evidence.why;
	} else {
		sides->unknown = side->event;
		sides->unknown_why = evidence.why;
	}
}

static struct sides find_sides(struct view *view, const struct view_finding *finding)
{
	struct sides sides = {.are_decoded = true};

	for (size_t i = 0; i < finding->event_count; i++) {
		if (!memory_is_access(finding->finding, finding->events[i]))
			continue;
		{
			struct side side = find_side(view, finding, finding->events[i]);

			add_side(&sides, &side);
		}
	}
	return sides;
}

/* "the write by T2 (left) at flag.c:12" */
static const char *side_words(struct view *view, const struct view_finding *finding,
			      const struct finding_event *event)
{
	const char *place = symbolize_place(view->symbolizer, finding->process, event->stack);
	const char *what = event->action == ACTION_READ ? "read" : "write";

	return pool_format(view->pool, "the %s by %s%s%s", what,
			   thread_name(view, finding, event->thread), place ? " at " : "",
			   place ? place : "");
}

static void set_kind(struct view *view, struct view_finding *finding, enum finding_kind kind)
{
	struct finding *changed;

	if (finding->finding->kind == kind)
		return;
	changed = pool_alloc(view->pool, sizeof(*changed));
	*changed = *finding->finding;
	changed->kind = kind;
	finding->finding = changed;
}

/* One side is plain: it is a race, unless unobserved code may have ordered it. */
static void make_certain(struct view *view, struct view_finding *finding, const struct sides *sides)
{
	finding->details &= ~(uint32_t)(DETAIL_MAY_BE_ATOMIC | DETAIL_SPIN);
	set_kind(view, finding, FINDING_DATA_RACE);
	finding->severity =
		finding->details & DETAIL_UNSEEN_ORDER ? SEVERITY_WARNING : SEVERITY_ERROR;
	finding->atomics_note =
		pool_format(view->pool, "%s is no atomic access: %s",
			    side_words(view, finding, sides->plain), sides->plain_why);
}

/* Why no side is certainly plain; NULL: nothing more precise than the finding's
 * details. */
static const char *doubt_words(struct view *view, const struct view_finding *finding,
			       const struct sides *sides)
{
	const char *type = finding->memory->variable.part.type;

	if (sides->is_volatile)
		return pool_format(view->pool,
				   "%s is volatile: not an atomic, but perhaps meant as one",
				   side_words(view, finding, sides->is_volatile));
	if (sides->unknown && sides->unknown_why)
		return pool_format(view->pool, "%s may be an atomic access: %s",
				   side_words(view, finding, sides->unknown), sides->unknown_why);
	if (type)
		return pool_format(
			view->pool,
			"its type, %s, is not an atomic one, but compiler built-ins such "
			"as __atomic_load_n() would look the same",
			type);
	return NULL;
}

/* No side is plain. */
static void make_uncertain(struct view *view, struct view_finding *finding,
			   const struct sides *sides)
{
	const char *doubt = doubt_words(view, finding, sides);

	if (finding->severity > SEVERITY_WARNING ||
	    (sides->is_volatile && finding->finding->kind == FINDING_UNMARKED_SYNC))
		finding->severity = SEVERITY_WARNING;
	if (!doubt)
		return;
	finding->details &= ~(uint32_t)DETAIL_MAY_BE_ATOMIC;
	finding->atomics_note = pool_format(view->pool, "a warning only: %s", doubt);
}

static bool apply_to_race(struct view *view, struct view_finding *finding)
{
	struct sides sides;

	/* What a loop waits for may be ordered by what was not observed. */
	if (finding->finding->kind == FINDING_UNMARKED_SYNC &&
	    finding->details & DETAIL_UNSEEN_ORDER)
		return true;
	sides = find_sides(view, finding);
	if (sides.plain)
		make_certain(view, finding, &sides);
	else if (!sides.are_decoded && finding->severity > SEVERITY_WARNING)
		return true; /* the detector has seen the instructions */
	else if (sides.count && sides.atomic_count == sides.count)
		return false;
	else
		make_uncertain(view, finding, &sides);
	return true;
}

/* True if all accesses are atomic by their types or functions.  The statement of an
 * update is not asked, as it may do more than update. */
static bool are_all_atomic(struct view *view, const struct view_finding *finding)
{
	size_t count = 0;

	for (size_t i = 0; i < finding->event_count; i++) {
		struct evidence evidence = {.claim = CLAIM_UNKNOWN};
		struct side side;

		if (!memory_is_access(finding->finding, finding->events[i]))
			continue;
		side = find_side(view, finding, finding->events[i]);
		if (check_size(&side, &evidence) || !check_type(&side, &evidence) ||
		    evidence.claim != CLAIM_ATOMIC)
			return false;
		count++;
	}
	return count > 0;
}

/* An update of certain atomics stays an error only if its loss was seen. */
static void apply_to_update(struct view *view, struct view_finding *finding)
{
	if (!are_all_atomic(view, finding))
		return;
	if (finding->severity > SEVERITY_WARNING && !(finding->details & DETAIL_VALUE_SEEN))
		finding->severity = SEVERITY_WARNING;
	finding->atomics_note = "each load and store of it is atomic, but the update that is made "
				"of them is not";
}

bool verdict_apply(struct view *view, struct view_finding *finding)
{
	if (!finding->memory || finding->details & DETAIL_FREED)
		return true;
	switch ((unsigned)finding->finding->kind) {
	case FINDING_DATA_RACE:
	case FINDING_UNMARKED_SYNC:
		return apply_to_race(view, finding);
	case FINDING_LOST_UPDATE:
		apply_to_update(view, finding);
		return true;
	default:
		return true;
	}
}
