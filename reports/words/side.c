#include "reports/words/side.h"

#include <stdlib.h>
#include <string.h>

#include "reports/code/straight.h"
#include "reports/code/unneeded.h"
#include "reports/types/data.h"
#include "reports/source/names.h"
#include "reports/source/words.h"
#include "reports/words/memory.h"

#define WORD_BYTES 8u  /* wider accesses are atomic only with a lock prefix */
#define GCC_NEWEST 12u /* the newest version whose code for atomics was examined */

static struct evidence make_claim(enum claim claim, const char *why)
{
	return (struct evidence){.claim = claim, .why = why};
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

/* "table.refs" of "struct table.refs". */
static const char *without_tag(const char *name)
{
	static const char *const tags[] = {"struct ", "union "};

	for (size_t i = 0; name && i < ARRAY_LENGTH(tags); i++)
		if (strncmp(name, tags[i], strlen(tags[i])) == 0)
			return name + strlen(tags[i]);
	return name;
}

/* "refs" of "table[3].refs"; NULL if it does not end in an identifier. */
static const char *last_identifier(struct pool *pool, const char *called)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
	const char *name = without_tag(called);
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

/* "table" of "table[3].refs" and "bank::table[3].refs". */
static const char *name_of_whole(struct pool *pool, const char *name)
{
	return last_identifier(pool, pool_copy(pool, name, strcspn(name, ".[+ ")));
}

static const char *whole_of(const struct side *side)
{
	const struct view_memory *memory = side->finding->memory;

	if (memory->kind != MEMORY_GLOBAL || memory->variable.is_nameless || !memory->name)
		return NULL;
	return name_of_whole(side->view->pool, memory->name);
}

/* Has the thread of @side allocated the memory by a call that returns to @address? */
static bool is_own_allocation(const struct side *side, uint64_t address)
{
	const struct finding_event *allocation = side->finding->memory->allocation;
	const struct model_stack *stack;

	if (!allocation || allocation->thread != side->event->thread)
		return false;
	stack = model_stack(side->finding->process, allocation->stack);
	for (uint32_t i = 0; stack && i < stack->frame_count; i++)
		if (model_stack_frame(stack, i) == address + side->bias)
			return true;
	return false;
}

/* The load of the pointer by which @side reaches the memory; false if not known, or if the
 * memory was new then. */
static bool find_load(const struct side *side, struct side *load)
{
	struct pool *pool = side->view->pool;
	struct pointer_load found;
	struct variable_place variable;
	struct pointee pointee;

	if (!side->image || !straight_find_load(side->image, side->address, &found) ||
	    is_own_allocation(side, found.end))
		return false;
	*load = (struct side){.view = side->view,
			      .finding = side->finding,
			      .event = side->event,
			      .image = side->image,
			      .address = found.address};
	load->is_decoded = form_find(load->image, load->address, &load->access);
	load->frames = symbolize_beside(load->view->symbolizer, load->finding->process,
					load->event->stack, load->address);
	if (found.has_target &&
	    variable_find(pool, load->image, found.target, WORD_BYTES, &variable)) {
		load->place = variable.part;
		load->variable = last_identifier(pool, variable.name);
		load->whole = variable.is_nameless ? NULL : name_of_whole(pool, variable.name);
		load->sure = load->place.type && !load->place.is_atomic ? load->variable : NULL;
	} else if (pointee_find(pool, load->image, load->address, WORD_BYTES, &pointee)) {
		load->place = pointee.place;
		load->variable = pointee.place.field;
	}
	return true;
}

/* What a lambda's captured reference is called in its text: gcc puts "__" before it. */
static const char *captured_name(const char *field)
{
	return field && strncmp(field, "__", 2) == 0 ? field + 2 : field;
}

/* The member that the pointer of @side leads to, if the other accesses say the same. */
static const char *sure_member(const struct side *side)
{
	const struct type_place *part = &side->finding->memory->variable.part;
	struct pointee pointee;

	if (!part->holder || strstr(side->place.type, "atomic") ||
	    !data_find_pointee(side->view->symbolizer, side->finding->process, side->event->stack,
			       side->event->size_bytes, &pointee) ||
	    !pointee.place.holder || strcmp(pointee.place.holder, part->holder) != 0)
		return NULL;
	return pointee.place.field;
}

/* The name of what is certainly no atomic: by its symbol, by the reference to it, or by its
 * structure; or NULL. */
static const char *sure_name(const struct side *side)
{
	const struct view_memory *memory = side->finding->memory;
	struct side load;

	if (!side->place.type || side->place.is_atomic)
		return NULL;
	if (memory->kind == MEMORY_GLOBAL)
		return side->variable;
	return find_load(side, &load) && load.place.is_reference ? captured_name(load.variable)
								 : sure_member(side);
}

struct side side_of_access(struct view *view, const struct view_finding *finding,
			   const struct finding_event *event)
{
	struct side side = {.view = view, .finding = finding, .event = event};

	if (!symbolize_instruction(view->symbolizer, finding->process, event->stack, &side.image,
				   &side.address))
		side.image = NULL;
	else
		side.bias = model_stack_frame(model_stack(finding->process, event->stack), 0) - 1 -
			    side.address;
	side.is_write = event->action != ACTION_READ;
	side.is_decoded = side.image && form_find(side.image, side.address, &side.access);
	side.frames = symbolize_stack(view->symbolizer, finding->process, event->stack);
	side.place = type_of_access(&side);
	side.variable = variable_of(&side);
	side.whole = whole_of(&side);
	side.sure = sure_name(&side);
	return side;
}

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
	for (size_t i = 0; side->frames && i < side->frames->frame_count; i++) {
		const struct source_frame *frame = &side->frames->frames[i];

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

/* The constant that @side stores. */
static bool find_stored(const struct side *side, uint64_t *stored)
{
	return side->is_write && side->image &&
	       straight_find_stored(side->image, side->address, stored);
}

/* By its type, or as it stores the address of a virtual table. */
static bool is_virtual_pointer(const struct side *side)
{
	const char *symbol = NULL;
	uint64_t stored, distance;

	if (side->place.field && strncmp(side->place.field, "_vptr", 5) == 0)
		return true;
	if (find_stored(side, &stored))
		symbol = elf_image_symbol(side->image, stored, false, &distance);
	return symbol && strncmp(symbol, "_ZTV", 4) == 0;
}

/* 3: the value that was there is known if the write came second. */
static struct evidence check_virtual_pointer(const struct side *side)
{
	struct evidence evidence =
		make_claim(CLAIM_UNKNOWN, "the same virtual-table pointer may be stored");
	uint64_t stored;

	if (!side->event->has_value || !find_stored(side, &stored))
		return evidence;
	evidence.is_same = stored + side->bias == side->event->value;
	return evidence.is_same
		       ? evidence
		       : make_claim(CLAIM_PLAIN, "it stores another virtual-table pointer");
}

/* 2, 3 and 4: the locked instruction, the types and the inlined functions. */
static bool check_type(const struct side *side, struct evidence *evidence)
{
	if (side->is_decoded && side->access.shape == SHAPE_LOCKED)
		*evidence = make_claim(CLAIM_ATOMIC, "by its instruction");
	else if (side->place.is_atomic || is_guard_variable(side->finding->memory->name))
		*evidence = make_claim(CLAIM_ATOMIC, "by its type");
	else if (is_in_atomic_function(side))
		*evidence = make_claim(CLAIM_ATOMIC, "by the function that makes it");
	else if (is_virtual_pointer(side))
		*evidence = check_virtual_pointer(side);
	else if (side->place.is_volatile)
		*evidence = make_claim(CLAIM_VOLATILE, "by its type");
	else
		return false;
	return true;
}

bool side_check_type(const struct side *side, struct evidence *evidence)
{
	return check_size(side, evidence) || check_type(side, evidence);
}

/* 5 to 12: the text of the source. */
static struct evidence check_text(const struct side *side)
{
	struct statement_question question = {
		.image = side->image,
		.address = side->address,
		.variable = side->variable,
		.whole = side->whole,
		.sure = side->sure,
		.is_write = side->is_write,
	};

	if (!side->image || !side->frames || !side->frames->frame_count)
		return make_claim(CLAIM_UNKNOWN, NULL);
	question.frame = &side->frames->frames[0];
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

struct evidence side_check(const struct side *side)
{
	struct evidence evidence;
	struct evidence text;

	if (side_check_type(side, &evidence))
		return evidence;
	text = check_text(side);
	if (text.claim == CLAIM_UNKNOWN && !text.is_assembly && is_form_of_plain(side)) {
		text.claim = CLAIM_PLAIN;
		text.why = "by its instruction, which gcc uses for no atomic";
	}
	return text;
}

/* Has nothing with an order to do: memory that a library makes for its caller, a reference, or
 * a pointer that the C++ library keeps for itself. */
static bool is_private_load(const struct side *load)
{
	return load->place.is_reference || load->place.in_container.words ||
	       straight_makes_memory(load->image, load->address);
}

bool side_is_published(const struct side *side)
{
	struct evidence evidence;
	struct side load;

	/* The statement of a locked instruction says atomic for that. */
	if (side->is_decoded && side->access.shape == SHAPE_LOCKED)
		return false;
	if (!find_load(side, &load) || is_private_load(&load) || check_type(&load, &evidence))
		return false;
	return check_text(&load).may_have_atomic;
}

bool side_is_compared(const struct side *side)
{
	return !side->is_write && side->image && straight_is_compared(side->image, side->address);
}

static bool is_same_line(const struct source_frame *left, const struct source_frame *right)
{
	return left->file && right->file && left->line == right->line &&
	       strcmp(left->file, right->file) == 0;
}

/* Is the line of @frame one of those at which @stack is in one function, inlined calls too? */
static bool is_line_of(const struct source_frame *frame, const struct source_stack *stack)
{
	for (size_t i = 0; i < stack->frame_count; i++) {
		if (is_same_line(frame, &stack->frames[i]))
			return true;
		if (!stack->frames[i].is_inlined)
			break;
	}
	return false;
}

/* The frame of @stack that is in the same function as @frame; or NULL. */
static const struct source_frame *frame_beside(const struct source_frame *frame,
					       const struct source_stack *stack)
{
	for (size_t i = 0; i < stack->frame_count; i++) {
		const struct source_frame *there = &stack->frames[i];

		if (there->line && there->file && there->function && frame->function &&
		    strcmp(there->file, frame->file) == 0 &&
		    strcmp(there->function, frame->function) == 0)
			return there;
		if (!there->is_inlined)
			break;
	}
	return NULL;
}

/* Has the load been in one of the loops that follow it?  gcc leaves it its line, which is one of
 * the loop's, or between these. */
static bool is_out_of_loop(const struct side *side, const struct unneeded_loops *loops)
{
	const struct source_frame *frame = &side->frames->frames[0];
	uint32_t behind = 0, ahead = 0; /* loops with later lines, with earlier ones: bits */

	for (size_t i = 0; i < loops->count; i++) {
		const struct source_stack *there =
			symbolize_beside(side->view->symbolizer, side->finding->process,
					 side->event->stack, loops->start + loops->rows[i].offset);
		const struct source_frame *beside = there ? frame_beside(frame, there) : NULL;

		if (!there || !there->frame_count || !there->frames[0].line)
			continue;
		if (is_line_of(&there->frames[0], side->frames) || is_line_of(frame, there))
			return true;
		if (beside && loops->rows[i].loop) {
			uint32_t bit = 1u << loops->rows[i].loop % 32;

			*(beside->line > frame->line ? &behind : &ahead) |= bit;
		}
	}
	return behind & ahead;
}

bool side_is_ahead(const struct side *side, const struct evidence *evidence)
{
	const struct source_frame *frame =
		side->frames && side->frames->frame_count ? &side->frames->frames[0] : NULL;
	struct unneeded_loops loops;

	if (side->is_write)
		return false;
	if (side->finding->finding->details & DETAIL_DOUBTFUL)
		return true;
	return side->image && frame && frame->file &&
	       unneeded_find(side->image, side->address, &loops) &&
	       (!frame->line || evidence->is_unnamed || evidence->is_moved ||
		is_out_of_loop(side, &loops));
}

bool side_is_beside(const struct side *side)
{
	const struct view_memory *memory = side->finding->memory;
	const struct type_place *part = &memory->variable.part;

	return !side->is_write && side->event->size_bytes > memory->size_bytes && part->field &&
	       !part->is_bit_field && check_text(side).names_sibling;
}
