#define _GNU_SOURCE
#include "unwind/rules.h"

#include <dlfcn.h>
#include <dwarf.h>

#include "elf/cursor.h"

/* Compilers and hand-written assembly nest one or two. */
#define REMEMBERED_MAX 6

/* The loader's record of what has @address.  Of a program with holes that is a segment, which
 * need not have the tables: then it is the one that has them. */
static bool find_object(uintptr_t address, struct dl_find_object *object)
{
	uintptr_t tables;

	if (_dl_find_object((void *)address, object) != 0)
		return false;
	tables = (uintptr_t)object->dlfo_eh_frame;
	return tables && ((tables >= (uintptr_t)object->dlfo_map_start &&
			   tables < (uintptr_t)object->dlfo_map_end) ||
			  _dl_find_object((void *)tables, object) == 0);
}

enum unwind_lookup unwind_find_entry(uintptr_t address, struct eh_frame_entry *entry)
{
	struct dl_find_object object;
	struct image_segment module;
	struct eh_frame frames;
	uint64_t function, entry_address;
	const char *why;

	if (!find_object(address, &object))
		return UNWIND_NOT_THERE;
	module = (struct image_segment){
		.start = (uintptr_t)object.dlfo_map_start,
		.end = (uintptr_t)object.dlfo_map_end,
		.bytes = object.dlfo_map_start,
		.byte_count = (uintptr_t)object.dlfo_map_end - (uintptr_t)object.dlfo_map_start,
	};
	if (!eh_frame_open(&frames, &module, 1, (uintptr_t)object.dlfo_eh_frame, &why))
		return UNWIND_NOT_UNDERSTOOD;
	if (!eh_frame_search(&frames, address, &function, &entry_address))
		return UNWIND_NOT_THERE;
	entry->common_address = 0;
	if (!eh_frame_read(&frames, entry_address, entry))
		return UNWIND_NOT_UNDERSTOOD;
	return address >= entry->function && address < entry->function_end ? UNWIND_FOUND
									   : UNWIND_NOT_THERE;
}

struct rules_run {
	const struct eh_frame_entry *entry;
	struct unwind_row *row;
	uintptr_t address;  /* whose row is wanted */
	uintptr_t location; /* from here on the row holds */
	uintptr_t row_start; /* ... where that is at the address or before */
	unsigned int remembered_count;
	bool understood;
	struct unwind_row initial; /* after the CIE's instructions: what 'restore' restores */
	struct unwind_row remembered[REMEMBERED_MAX];
};

static void set_rule(struct rules_run *run, uint64_t number, enum register_rule rule, int64_t value)
{
	/* Vector registers, which Microsoft's calling convention saves: no frame is
	 * found by one. */
	if (number >= DWARF_REGISTER_COUNT)
		return;
	if (value != (int32_t)value)
		run->understood = false;
	run->row->rules[number] = (uint8_t)rule;
	run->row->values[number] = (int32_t)value;
}

static void restore_rule(struct rules_run *run, uint64_t number)
{
	if (number >= DWARF_REGISTER_COUNT)
		return;
	run->row->rules[number] = run->initial.rules[number];
	run->row->values[number] = run->initial.values[number];
}

/* An offset stays as it is while the CFA is an expression, as in libgcc. */
static void set_cfa(struct rules_run *run, uint64_t number, int64_t offset)
{
	if (number >= ARCH_DWARF_RETURN_ADDRESS || offset != (int32_t)offset)
		run->understood = false;
	run->row->cfa_is_expression = false;
	run->row->cfa_register = (uint8_t)number;
	run->row->cfa_offset = (int32_t)offset;
}

/* Skips an expression.  Returns its distance from the entry's instructions. */
static int64_t take_expression(struct rules_run *run, struct byte_cursor *cursor)
{
	int64_t distance = cursor->at - run->entry->own;

	cursor_skip(cursor, cursor_take_uleb(cursor));
	return distance;
}

static void set_cfa_expression(struct rules_run *run, struct byte_cursor *cursor)
{
	int64_t distance = take_expression(run, cursor);

	if (distance != (int32_t)distance)
		run->understood = false;
	run->row->cfa_is_expression = true;
	run->row->cfa_expression = (int32_t)distance;
}

static void remember_row(struct rules_run *run)
{
	if (run->remembered_count == REMEMBERED_MAX) {
		run->understood = false;
		return;
	}
	run->remembered[run->remembered_count++] = *run->row;
}

static void recall_row(struct rules_run *run)
{
	if (run->remembered_count == 0) {
		run->understood = false;
		return;
	}
	*run->row = run->remembered[--run->remembered_count];
}

static void advance_location(struct rules_run *run, uint64_t delta)
{
	run->location += delta * run->entry->code_alignment;
	if (run->location <= run->address)
		run->row_start = run->location;
}

/* Operations whose first operand is a register. */
static void execute_register(struct rules_run *run, uint8_t operation, struct byte_cursor *cursor)
{
	uint64_t number = cursor_take_uleb(cursor);
	int64_t unit = run->entry->data_alignment;

	switch (operation) {
	case DW_CFA_offset_extended:
		set_rule(run, number, RULE_AT_CFA, (int64_t)cursor_take_uleb(cursor) * unit);
		break;
	case DW_CFA_offset_extended_sf:
		set_rule(run, number, RULE_AT_CFA, cursor_take_sleb(cursor) * unit);
		break;
	case DW_CFA_GNU_negative_offset_extended:
		set_rule(run, number, RULE_AT_CFA, -(int64_t)cursor_take_uleb(cursor) * unit);
		break;
	case DW_CFA_val_offset:
		set_rule(run, number, RULE_CFA_PLUS, (int64_t)cursor_take_uleb(cursor) * unit);
		break;
	case DW_CFA_val_offset_sf:
		set_rule(run, number, RULE_CFA_PLUS, cursor_take_sleb(cursor) * unit);
		break;
	case DW_CFA_restore_extended:
		restore_rule(run, number);
		break;
	case DW_CFA_undefined:
		set_rule(run, number, RULE_UNDEFINED, 0);
		break;
	case DW_CFA_same_value:
		set_rule(run, number, RULE_SAME, 0);
		break;
	case DW_CFA_register:
		set_rule(run, number, RULE_REGISTER, (int64_t)cursor_take_uleb(cursor));
		break;
	case DW_CFA_expression:
		set_rule(run, number, RULE_AT_EXPRESSION, take_expression(run, cursor));
		break;
	case DW_CFA_val_expression:
		set_rule(run, number, RULE_EXPRESSION, take_expression(run, cursor));
		break;
	case DW_CFA_def_cfa:
		set_cfa(run, number, (int64_t)cursor_take_uleb(cursor));
		break;
	case DW_CFA_def_cfa_sf:
		set_cfa(run, number, cursor_take_sleb(cursor) * unit);
		break;
	case DW_CFA_def_cfa_register:
		set_cfa(run, number, run->row->cfa_offset);
		break;
	default:
		run->understood = false;
	}
}

static void execute_plain(struct rules_run *run, uint8_t operation, struct byte_cursor *cursor)
{
	switch (operation) {
	case DW_CFA_nop:
		break;
	case DW_CFA_advance_loc1:
		advance_location(run, cursor_take(cursor, 1));
		break;
	case DW_CFA_advance_loc2:
		advance_location(run, cursor_take(cursor, 2));
		break;
	case DW_CFA_advance_loc4:
		advance_location(run, cursor_take(cursor, 4));
		break;
	case DW_CFA_remember_state:
		remember_row(run);
		break;
	case DW_CFA_restore_state:
		recall_row(run);
		break;
	case DW_CFA_def_cfa_offset:
		set_cfa(run, run->row->cfa_register, (int64_t)cursor_take_uleb(cursor));
		break;
	case DW_CFA_def_cfa_offset_sf:
		set_cfa(run, run->row->cfa_register,
			cursor_take_sleb(cursor) * run->entry->data_alignment);
		break;
	case DW_CFA_def_cfa_expression:
		set_cfa_expression(run, cursor);
		break;
	case DW_CFA_GNU_args_size:
		/* For landing pads alone. */
		cursor_take_uleb(cursor);
		break;
	default:
		execute_register(run, operation, cursor);
	}
}

/* The three most frequent operations have an operand in the low six bits. */
static void execute_instructions(struct rules_run *run, const unsigned char *from,
				 const unsigned char *to)
{
	struct byte_cursor cursor = cursor_begin(from, to);

	while (cursor.at < cursor.end && run->location <= run->address && run->understood) {
		uint8_t operation = cursor_take_byte(&cursor);
		uint8_t operand = operation & 0x3f;

		switch (operation & 0xc0) {
		case DW_CFA_advance_loc:
			advance_location(run, operand);
			break;
		case DW_CFA_offset:
			set_rule(run, operand, RULE_AT_CFA,
				 (int64_t)cursor_take_uleb(&cursor) * run->entry->data_alignment);
			break;
		case DW_CFA_restore:
			restore_rule(run, operand);
			break;
		default:
			execute_plain(run, operation, &cursor);
		}
		if (cursor.failed)
			run->understood = false;
	}
}

bool unwind_rules_around(const struct eh_frame_entry *entry, uintptr_t address,
			 struct unwind_row *row, uintptr_t *start, uintptr_t *end)
{
	struct rules_run run;

	memset(row, 0, sizeof(*row));
	run.entry = entry;
	run.row = row;
	run.address = address;
	run.location = entry->function;
	run.row_start = entry->function;
	run.remembered_count = 0;
	run.understood = true;
	run.initial = *row;
	execute_instructions(&run, entry->common, entry->common_end);
	run.initial = *row;
	execute_instructions(&run, entry->own, entry->own_end);
	*start = run.row_start;
	*end = run.location > address ? run.location : entry->function_end;
	return run.understood;
}

bool unwind_rules_up_to(const struct eh_frame_entry *entry, uintptr_t address,
			struct unwind_row *row, uintptr_t *end)
{
	uintptr_t start;

	return unwind_rules_around(entry, address, row, &start, end);
}

bool unwind_rules_at(const struct eh_frame_entry *entry, uintptr_t address, struct unwind_row *row)
{
	uintptr_t start, end;

	return unwind_rules_around(entry, address, row, &start, &end);
}
