#define _GNU_SOURCE
#include "unwind/table.h"

#include <dlfcn.h>
#include <dwarf.h>

#include "unwind/bytes.h"

/* The one encoding of the search table that linkers write: pairs of 32-bit
 * distances from the header. */
#define TABLE_ENCODING (DW_EH_PE_datarel | DW_EH_PE_sdata4)

struct table_row {
	int32_t function;
	int32_t entry;
};

/* The low half of a pointer encoding is the form, the next three bits what it
 * is relative to.  @understood becomes false for forms that nobody emits. */
static uintptr_t take_encoded(struct byte_cursor *cursor, uint8_t encoding,
			      const unsigned char *data_base, bool *understood)
{
	uintptr_t here = (uintptr_t)cursor->at;
	uintptr_t value = 0;

	switch (encoding & 0x0f) {
	case DW_EH_PE_absptr:
	case DW_EH_PE_udata8:
	case DW_EH_PE_sdata8:
		value = cursor_take(cursor, 8);
		break;
	case DW_EH_PE_udata2:
		value = cursor_take(cursor, 2);
		break;
	case DW_EH_PE_udata4:
		value = cursor_take(cursor, 4);
		break;
	case DW_EH_PE_sdata2:
		value = (uintptr_t)cursor_take_signed(cursor, 2);
		break;
	case DW_EH_PE_sdata4:
		value = (uintptr_t)cursor_take_signed(cursor, 4);
		break;
	case DW_EH_PE_uleb128:
		value = cursor_take_uleb(cursor);
		break;
	case DW_EH_PE_sleb128:
		value = (uintptr_t)cursor_take_sleb(cursor);
		break;
	default:
		*understood = false;
	}
	switch (encoding & 0x70) {
	case DW_EH_PE_absptr:
		return value;
	case DW_EH_PE_pcrel:
		return here + value;
	case DW_EH_PE_datarel:
		return (uintptr_t)data_base + value;
	default:
		*understood = false;
		return value;
	}
}

/* Cuts the record at @record into its body and the place of its id field. */
static struct byte_cursor record_body(const unsigned char *record)
{
	struct byte_cursor cursor = {record, record + 12, false};
	uint64_t length = cursor_take(&cursor, 4);

	if (length == 0xffffffff)
		length = cursor_take(&cursor, 8);
	cursor.end = cursor.at + length;
	return cursor;
}

/* Reads what the letters of @augmentation announce. */
static bool take_augmentation(struct byte_cursor *cursor, const char *augmentation,
			      struct unwind_entry *entry)
{
	bool understood = true;
	struct byte_cursor data = *cursor;

	if (*augmentation == '\0')
		return true;
	if (*augmentation++ != 'z')
		return false;
	entry->has_augmentation_data = true;
	uint64_t size = cursor_take_uleb(&data);
	*cursor = data;
	cursor_skip(cursor, size);
	for (; *augmentation; augmentation++) {
		switch (*augmentation) {
		case 'R':
			entry->pointer_encoding = cursor_take_byte(&data);
			break;
		case 'L':
			cursor_take_byte(&data);
			break;
		case 'P': {
			uint8_t encoding = cursor_take_byte(&data);

			take_encoded(&data, encoding, entry->base, &understood);
			break;
		}
		case 'S':
			entry->is_signal_frame = true;
			break;
		default:
			/* 'z' told the size, so what is left may be skipped; a
			 * later 'R' or 'S' would be missed, though. */
			return false;
		}
	}
	return understood;
}

static bool read_common(const unsigned char *record, struct unwind_entry *entry)
{
	struct byte_cursor cursor = record_body(record);
	uint64_t id = cursor_take(&cursor, 4);
	uint8_t version = cursor_take_byte(&cursor);
	const char *augmentation = (const char *)cursor.at;

	if (id != 0 || (version != 1 && version != 3 && version != 4))
		return false;
	cursor_skip(&cursor, strnlen(augmentation, cursor_left(&cursor)) + 1);
	if (version == 4)
		cursor_skip(&cursor, 2); /* sizes of addresses and of segment selectors */
	entry->code_alignment = cursor_take_uleb(&cursor);
	entry->data_alignment = cursor_take_sleb(&cursor);
	uint64_t return_register =
		version == 1 ? cursor_take_byte(&cursor) : cursor_take_uleb(&cursor);
	if (cursor.overran || return_register != UNWIND_RETURN_ADDRESS)
		return false;
	entry->pointer_encoding = DW_EH_PE_absptr;
	if (!take_augmentation(&cursor, augmentation, entry))
		return false;
	entry->common = cursor.at;
	entry->common_end = cursor.end;
	return !cursor.overran;
}

static bool read_entry(const unsigned char *record, struct unwind_entry *entry)
{
	struct byte_cursor cursor = record_body(record);
	const unsigned char *id_field = cursor.at;
	uint64_t distance = cursor_take(&cursor, 4);
	bool understood = true;

	if (distance == 0 || !read_common(id_field - distance, entry))
		return false;
	entry->function = take_encoded(&cursor, entry->pointer_encoding, entry->base, &understood);
	entry->function_end =
		entry->function +
		take_encoded(&cursor, entry->pointer_encoding & 0x0f, entry->base, &understood);
	if (entry->has_augmentation_data)
		cursor_skip(&cursor, cursor_take_uleb(&cursor));
	entry->own = cursor.at;
	entry->own_end = cursor.end;
	return understood && !cursor.overran;
}

/* The last of @count rows that starts at or below @distance, or NULL. */
static const struct table_row *search_table(const struct table_row *rows, size_t count,
					    int64_t distance)
{
	size_t low = 0;

	while (low < count) {
		size_t middle = low + (count - low) / 2;

		if (rows[middle].function <= distance)
			low = middle + 1;
		else
			count = middle;
	}
	return low ? &rows[low - 1] : NULL;
}

enum unwind_lookup unwind_table_find(uintptr_t address, struct unwind_entry *entry)
{
	struct dl_find_object object;
	bool understood = true;

	if (_dl_find_object((void *)address, &object) != 0 || !object.dlfo_eh_frame)
		return UNWIND_NOT_THERE;
	const unsigned char *header = object.dlfo_eh_frame;
	struct byte_cursor cursor = {header + 4, header + 20, false};
	if (header[0] != 1 || header[2] == DW_EH_PE_omit || header[3] != TABLE_ENCODING)
		return UNWIND_NOT_UNDERSTOOD;
	take_encoded(&cursor, header[1], header, &understood);
	uint64_t count = take_encoded(&cursor, header[2], header, &understood);
	if (!understood)
		return UNWIND_NOT_UNDERSTOOD;
	const struct table_row *rows = (const void *)cursor.at;
	const struct table_row *row =
		search_table(rows, count, (int64_t)(address - (uintptr_t)header));
	if (!row)
		return UNWIND_NOT_THERE;
	*entry = (struct unwind_entry){.base = header};
	if (!read_entry(header + row->entry, entry))
		return UNWIND_NOT_UNDERSTOOD;
	if (address < entry->function || address >= entry->function_end)
		return UNWIND_NOT_THERE;
	return UNWIND_FOUND;
}
