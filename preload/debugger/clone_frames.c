#include "preload/debugger/clone_frames.h"

#include <dwarf.h>

#include "elf/cursor.h"
#include "unwind/arch.h"
#include "unwind/rules.h"
#include "x86/survey/function.h"

#define DATA_ALIGNMENT (-8)
/* An entry in the making. */
struct frames {
	struct growing *to;
	const struct plan *plan;
	struct eh_frame_entry entry; /* the original's */
	uint64_t text;
	uint32_t location; /* in the clones: what was written holds from here on */
	struct unwind_row written;
	struct unwind_row row; /* the original's last one looked at ... */
	uintptr_t from, until; /* ... and where it holds */
	bool is_written;       /* as it is, but for ... */
	uint32_t lowered_by;   /* ... the stack pointer, in units of STATE_WORD */
};

/* --- Bytes --------------------------------------------------------------------- */

static void put_byte(struct growing *to, unsigned byte)
{
	unsigned char value = (unsigned char)byte;

	growing_put(to, &value, 1);
}

static void put_uleb(struct growing *to, uint64_t value)
{
	do {
		put_byte(to, (value & 0x7f) | (value > 0x7f ? 0x80 : 0));
		value >>= 7;
	} while (value);
}

static void put_sleb(struct growing *to, int64_t value)
{
	bool is_last = false;

	while (!is_last) {
		unsigned byte = (unsigned)value & 0x7f;

		value >>= 7;
		is_last = value == ((byte & 0x40) ? -1 : 0);
		put_byte(to, byte | (is_last ? 0 : 0x80));
	}
}

/* A record's length comes first, and it ends at a multiple of eight. */
static size_t begin_record(struct growing *to)
{
	size_t start = to->count;

	growing_add(to, sizeof(uint32_t));
	return start;
}

static void end_record(struct growing *to, size_t start)
{
	uint32_t length;

	while (to->count % 8 && !to->failed)
		put_byte(to, DW_CFA_nop);
	length = (uint32_t)(to->count - start - sizeof(length));
	if (!to->failed)
		memcpy(to->bytes + start, &length, sizeof(length));
}

size_t clone_frames_begin(struct growing *to)
{
	static const unsigned char common[] = {
		0,
		0,
		0,
		0, /* it is what is shared */
		1,
		'z',
		'R',
		0,
		1,		       /* the unit of distances in the code ... */
		DATA_ALIGNMENT & 0x7f, /* ... and in the stack */
		ARCH_DWARF_RETURN_ADDRESS,
		1,
		DW_EH_PE_absptr, /* addresses are themselves */
		DW_CFA_def_cfa,
		REGISTER_STACK,
		8,
		DW_CFA_offset | ARCH_DWARF_RETURN_ADDRESS,
		1,
	};
	size_t start = begin_record(to);

	growing_put(to, common, sizeof(common));
	end_record(to, start);
	return start;
}

void clone_frames_end(struct growing *to)
{
	growing_add(to, sizeof(uint32_t));
}

/* --- Rules ----------------------------------------------------------------------- */

static void put_expression(struct frames *frames, int32_t distance)
{
	const unsigned char *start = frames->entry.own + distance;
	struct byte_cursor block = cursor_begin_block(start);

	growing_put(frames->to, start, (size_t)(block.end - start));
}

static void put_rule(struct frames *frames, unsigned number, const struct unwind_row *row)
{
	struct growing *to = frames->to;
	static const uint8_t operations[] = {
		[RULE_SAME] = DW_CFA_same_value,	   [RULE_UNDEFINED] = DW_CFA_undefined,
		[RULE_AT_CFA] = DW_CFA_offset_extended_sf, [RULE_CFA_PLUS] = DW_CFA_val_offset_sf,
		[RULE_REGISTER] = DW_CFA_register,	   [RULE_AT_EXPRESSION] = DW_CFA_expression,
		[RULE_EXPRESSION] = DW_CFA_val_expression,
	};
	enum register_rule rule = row->rules[number];

	put_byte(to, operations[rule]);
	put_uleb(to, number);
	if (rule == RULE_AT_CFA || rule == RULE_CFA_PLUS)
		put_sleb(to, row->values[number] / DATA_ALIGNMENT);
	else if (rule == RULE_REGISTER)
		put_uleb(to, (uint32_t)row->values[number]);
	else if (rule == RULE_AT_EXPRESSION || rule == RULE_EXPRESSION)
		put_expression(frames, row->values[number]);
}

static void put_cfa(struct frames *frames, const struct unwind_row *row)
{
	struct growing *to = frames->to;

	if (row->cfa_is_expression) {
		put_byte(to, DW_CFA_def_cfa_expression);
		put_expression(frames, row->cfa_expression);
		return;
	}
	if (!frames->written.cfa_is_expression &&
	    row->cfa_register == frames->written.cfa_register) {
		put_byte(to, DW_CFA_def_cfa_offset_sf);
	} else {
		put_byte(to, DW_CFA_def_cfa_sf);
		put_uleb(to, row->cfa_register);
	}
	put_sleb(to, row->cfa_offset / DATA_ALIGNMENT);
}

static bool is_same_cfa(const struct unwind_row *a, const struct unwind_row *b)
{
	if (a->cfa_is_expression || b->cfa_is_expression)
		return a->cfa_is_expression && b->cfa_is_expression &&
		       a->cfa_expression == b->cfa_expression;
	return a->cfa_register == b->cfa_register && a->cfa_offset == b->cfa_offset;
}

static bool is_same(const struct unwind_row *a, const struct unwind_row *b)
{
	return is_same_cfa(a, b) && memcmp(a->rules, b->rules, sizeof(a->rules)) == 0 &&
	       memcmp(a->values, b->values, sizeof(a->values)) == 0;
}

static void advance_to(struct frames *frames, uint32_t location)
{
	uint32_t distance = location - frames->location;

	if (!distance)
		return;
	if (distance < 64) {
		put_byte(frames->to, DW_CFA_advance_loc | distance);
	} else if (distance < 256) {
		put_byte(frames->to, DW_CFA_advance_loc1);
		put_byte(frames->to, distance);
	} else {
		put_byte(frames->to, DW_CFA_advance_loc4);
		growing_put(frames->to, &distance, sizeof(distance));
	}
	frames->location = location;
}

/* From @location on @row holds. */
static void put_row(struct frames *frames, uint32_t location, const struct unwind_row *row)
{
	if (is_same(&frames->written, row))
		return;
	advance_to(frames, location);
	if (!is_same_cfa(&frames->written, row))
		put_cfa(frames, row);
	for (unsigned i = 0; i < DWARF_REGISTER_COUNT; i++)
		if (frames->written.rules[i] != row->rules[i] ||
		    frames->written.values[i] != row->values[i])
			put_rule(frames, i, row);
	frames->written = *row;
}

/* --- Places ---------------------------------------------------------------------- */

/* Looks the original's row at @offset of its text up; false: there is none. */
static bool find_row(struct frames *frames, uint32_t offset)
{
	uintptr_t address = frames->text + offset;

	if (address - frames->from < frames->until - frames->from)
		return true;
	frames->from = address;
	frames->until = address;
	frames->is_written = false;
	return address >= frames->entry.function && address < frames->entry.function_end &&
	       unwind_rules_up_to(&frames->entry, address, &frames->row, &frames->until);
}

/* From @location on the stack pointer is that much lower, and all else as it was. */
static void put_lowered(struct frames *frames, uint32_t location, uint32_t lowered_by)
{
	if (lowered_by == frames->lowered_by)
		return;
	frames->written.cfa_offset += STATE_WORD * (int32_t)(lowered_by - frames->lowered_by);
	frames->lowered_by = lowered_by;
	advance_to(frames, location);
	put_byte(frames->to, DW_CFA_def_cfa_offset_sf);
	put_sleb(frames->to, frames->written.cfa_offset / DATA_ALIGNMENT);
}

/* The original's row itself, as in most places, but for the stack pointer. */
static void put_own_row(struct frames *frames, uint32_t location, uint32_t lowered_by)
{
	if (!frames->is_written) {
		put_row(frames, location, &frames->row);
		frames->lowered_by = 0;
	}
	frames->is_written = true;
	put_lowered(frames, location, lowered_by);
}

/* A caller may have values in preserved registers alone. */
static bool is_told(int number)
{
	return number >= 0 && REGISTERS_PRESERVED & REGISTER_BIT((unsigned)number);
}

static bool has_saved(const struct plan_state *state)
{
	for (unsigned i = 0; i < ARRAY_LENGTH(state->saved_register); i++)
		if (is_told(state->saved_register[i]))
			return true;
	return false;
}

/* In a check: the stack pointer may be lower, and some registers lie on the stack. */
static void put_check(struct frames *frames, const struct plan_state *state)
{
	bool is_from_rsp =
		!frames->row.cfa_is_expression && frames->row.cfa_register == REGISTER_STACK;
	struct unwind_row row;

	if (!is_from_rsp || !has_saved(state)) {
		put_own_row(frames, state->clone_offset, is_from_rsp ? state->rsp_lowered_by : 0);
		return;
	}
	row = frames->row;
	for (unsigned i = 0; i < ARRAY_LENGTH(state->saved_register); i++) {
		int number = state->saved_register[i];

		if (!is_told(number))
			continue;
		number = register_dwarf_number((unsigned)number);
		if (row.rules[number] != RULE_SAME)
			continue;
		row.rules[number] = RULE_AT_CFA;
		row.values[number] = STATE_WORD * state->saved_at[i] - row.cfa_offset;
	}
	row.cfa_offset += STATE_WORD * state->rsp_lowered_by;
	put_row(frames, state->clone_offset, &row);
	frames->is_written = false;
	frames->lowered_by = 0;
}

/* A run of copies, up to @end: where the original's rows change, so do these. */
static void put_copies(struct frames *frames, const struct plan_state *state, uint32_t end)
{
	uint32_t first = state->clone_offset;
	uint32_t at = first;

	while (at < end && find_row(frames, state->original_offset + (at - first))) {
		uint64_t next = frames->until - frames->text - state->original_offset + first;

		put_own_row(frames, at, 0);
		at = next < end ? (uint32_t)next : end;
	}
}

static void put_places(struct frames *frames, const struct function *function)
{
	struct plan_state_cursor at;
	bool is_there = plan_states_seek(&frames->plan->states, function->clone_start, &at);

	for (; is_there && at.row.clone_offset < function->clone_end;
	     is_there = plan_states_step(&at)) {
		if (at.row.clone_offset < function->clone_start)
			continue;
		if (at.row.is_copy)
			put_copies(frames, &at.row,
				   at.end < function->clone_end ? at.end : function->clone_end);
		else if (find_row(frames, at.row.original_offset))
			put_check(frames, &at.row);
	}
}

/* What the shared part says. */
static struct unwind_row first_row(void)
{
	struct unwind_row row = {.cfa_register = REGISTER_STACK, .cfa_offset = 8};

	row.rules[ARCH_DWARF_RETURN_ADDRESS] = RULE_AT_CFA;
	row.values[ARCH_DWARF_RETURN_ADDRESS] = -8;
	return row;
}

void clone_frames_add(struct growing *to, size_t common, const struct plan *plan, uint64_t text,
		      const struct function *function)
{
	struct frames frames = {.to = to,
				.plan = plan,
				.text = text,
				.location = function->clone_start,
				.written = first_row()};
	uint64_t start = plan->clone_address + function->clone_start;
	uint64_t size = function->clone_end - function->clone_start;
	size_t record;
	uint32_t distance;

	if (unwind_find_entry(text + function->start, &frames.entry) != UNWIND_FOUND ||
	    frames.entry.is_signal_frame)
		return;
	record = begin_record(to);
	distance = (uint32_t)(to->count - common);
	growing_put(to, &distance, sizeof(distance));
	growing_put(to, &start, sizeof(start));
	growing_put(to, &size, sizeof(size));
	put_byte(to, 0); /* no more data */
	put_places(&frames, function);
	end_record(to, record);
}
