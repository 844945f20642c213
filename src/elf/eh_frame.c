#include "elf/eh_frame.h"

#include <dwarf.h>

#include "elf/cursor.h"

#define HEADER_VERSION 1
/* The one encoding of the search table that linkers write: pairs of 32-bit
 * distances from the header, to a function and to its entry. */
#define TABLE_ENCODING (DW_EH_PE_datarel | DW_EH_PE_sdata4)

struct table_row {
	int32_t function, entry;
};

/* From @address up to the end of its segment. */
static inline void begin_cursor(const struct eh_frame *frames, uint64_t address,
				struct byte_cursor *cursor)
{
	const struct image_segment *segment =
		image_find_segment(frames->segments, frames->segment_count, address);

	if (!segment || address - segment->start >= segment->byte_count) {
		*cursor = (struct byte_cursor){.failed = true};
		return;
	}
	cursor->at = segment->bytes + (address - segment->start);
	cursor->end = segment->bytes + segment->byte_count;
	cursor->bias = segment->start - (uintptr_t)segment->bytes;
	cursor->failed = false;
}

/* --- Pointers -------------------------------------------------------------------- */

static __attribute__((noinline)) uint64_t take_other_form(struct byte_cursor *cursor, uint8_t form)
{
	switch (form) {
	case DW_EH_PE_absptr:
	case DW_EH_PE_udata8:
	case DW_EH_PE_sdata8:
		return cursor_take(cursor, 8);
	case DW_EH_PE_uleb128:
		return cursor_take_uleb(cursor);
	case DW_EH_PE_udata2:
		return cursor_take(cursor, 2);
	case DW_EH_PE_sleb128:
		return (uint64_t)cursor_take_sleb(cursor);
	case DW_EH_PE_sdata2:
		return (uint64_t)cursor_take_signed(cursor, 2);
	default:
		cursor->failed = true;
		return 0;
	}
}

/* Compilers and linkers nearly always write four bytes. */
static inline uint64_t take_form(struct byte_cursor *cursor, uint8_t form)
{
	if (LIKELY(form == DW_EH_PE_sdata4))
		return (uint64_t)cursor_take_signed(cursor, 4);
	if (LIKELY(form == DW_EH_PE_udata4))
		return cursor_take(cursor, 4);
	return take_other_form(cursor, form);
}

/* The pointer that @encoding says: its low half is the form, the next three bits
 * what it is relative to.  A value of 0 stays 0: there is none.  Pointers to
 * pointers lead to personality routines alone, and are not followed. */
static inline uint64_t take_pointer(struct byte_cursor *cursor, uint8_t encoding,
				    uint64_t data_base)
{
	uint64_t here = cursor_address(cursor);
	uint64_t value;

	if (encoding == DW_EH_PE_omit)
		return 0;
	value = take_form(cursor, encoding & 0x0f);
	if (value == 0)
		return 0;
	switch (encoding & 0x70) {
	case DW_EH_PE_absptr:
		return value;
	case DW_EH_PE_pcrel:
		return here + value;
	case DW_EH_PE_datarel:
		return data_base + value;
	default:
		cursor->failed = true;
		return 0;
	}
}

/* --- The search table ------------------------------------------------------------ */

bool eh_frame_open(struct eh_frame *frames, const struct image_segment *segments,
		   unsigned segment_count, uint64_t header, const char **why)
{
	struct byte_cursor cursor;
	uint8_t version, count_encoding, table_encoding;
	uint64_t count;

	*frames = (struct eh_frame){segments, segment_count, header, NULL, 0};
	begin_cursor(frames, header, &cursor);
	version = cursor_take_byte(&cursor);
	uint8_t section_encoding = cursor_take_byte(&cursor);
	count_encoding = cursor_take_byte(&cursor);
	table_encoding = cursor_take_byte(&cursor);
	take_pointer(&cursor, section_encoding, header);
	count = take_pointer(&cursor, count_encoding, header);
	*why = NULL;
	if (cursor.failed || version != HEADER_VERSION)
		*why = "its table of unwind information (.eh_frame_hdr) cannot be read";
	else if (count_encoding == DW_EH_PE_omit || table_encoding != TABLE_ENCODING)
		*why = "its unwind information has no search table that we know";
	else if (count > cursor_left(&cursor) / sizeof(struct table_row))
		*why = "its table of unwind information is longer than what holds it";
	frames->rows = cursor.at;
	frames->row_count = *why ? 0 : (uint32_t)count;
	return !*why;
}

/* Rows in a file need not be aligned. */
static struct table_row read_row(const unsigned char *rows, uint32_t index)
{
	struct table_row row;

	memcpy(&row, rows + (size_t)index * sizeof(row), sizeof(row));
	return row;
}

bool eh_frame_search(const struct eh_frame *frames, uint64_t address, uint64_t *function,
		     uint64_t *entry_address)
{
	int64_t distance = (int64_t)(address - frames->header);
	const unsigned char *rows = frames->rows;
	uint32_t low = 0, high = frames->row_count;
	struct table_row row;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (read_row(rows, middle).function <= distance)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return false;
	row = read_row(rows, low - 1);
	*function = frames->header + (uint64_t)(int64_t)row.function;
	*entry_address = frames->header + (uint64_t)(int64_t)row.entry;
	return true;
}

/* --- Entries ------------------------------------------------------------------------ */

/* The record at @address, after its length. */
static inline void begin_record(const struct eh_frame *frames, uint64_t address,
				struct byte_cursor *cursor)
{
	uint64_t length;

	begin_cursor(frames, address, cursor);
	length = cursor_take(cursor, 4);
	if (length == UINT32_MAX)
		length = cursor_take(cursor, 8);
	if (length > cursor_left(cursor))
		cursor->failed = true;
	else
		cursor->end = cursor->at + length;
}

/* Reads the length of augmentation data, and says where these end. */
static const unsigned char *find_data_end(struct byte_cursor *cursor)
{
	uint64_t size_bytes = cursor_take_uleb(cursor);

	if (size_bytes > cursor_left(cursor)) {
		cursor->failed = true;
		return cursor->end;
	}
	return cursor->at + size_bytes;
}

/* Reads what @letters, the augmentation string, announce.  False: one is unknown.
 * Their data could be skipped, but an 'R' or 'S' after it would be missed. */
static bool take_augmentation(struct byte_cursor *cursor, const char *letters,
			      struct eh_frame_entry *entry)
{
	const unsigned char *end;

	entry->pointer_encoding = DW_EH_PE_absptr;
	entry->lsda_encoding = DW_EH_PE_omit;
	entry->has_augmentation = *letters != '\0';
	entry->is_signal_frame = false;
	if (!entry->has_augmentation)
		return true;
	if (*letters++ != 'z')
		return false;
	end = find_data_end(cursor);
	for (; *letters; letters++) {
		if (*letters == 'R')
			entry->pointer_encoding = cursor_take_byte(cursor);
		else if (*letters == 'L')
			entry->lsda_encoding = cursor_take_byte(cursor);
		else if (*letters == 'P')
			take_pointer(cursor, cursor_take_byte(cursor), 0);
		else if (*letters == 'S')
			entry->is_signal_frame = true;
		else
			return false;
	}
	cursor->at = end;
	return !cursor->failed;
}

static bool read_common(const struct eh_frame *frames, uint64_t address,
			struct eh_frame_entry *entry)
{
	struct byte_cursor cursor;
	uint64_t id, return_register;
	const char *letters;
	uint8_t version;

	begin_record(frames, address, &cursor);
	id = cursor_take(&cursor, 4);
	version = cursor_take_byte(&cursor);
	letters = (const char *)cursor.at;
	if (cursor.failed || id != 0 || (version != 1 && version != 3 && version != 4))
		return false;
	cursor_skip(&cursor, strnlen(letters, cursor_left(&cursor)) + 1);
	if (version == 4)
		cursor_skip(&cursor, 2); /* sizes of addresses and of segment selectors */
	entry->code_alignment = cursor_take_uleb(&cursor);
	entry->data_alignment = cursor_take_sleb(&cursor);
	return_register = version == 1 ? cursor_take_byte(&cursor) : cursor_take_uleb(&cursor);
	if (cursor.failed || return_register != ARCH_DWARF_RETURN_ADDRESS ||
	    !take_augmentation(&cursor, letters, entry))
		return false;
	entry->common = cursor.at;
	entry->common_end = cursor.end;
	return !cursor.failed;
}

bool eh_frame_read(const struct eh_frame *frames, uint64_t address, struct eh_frame_entry *entry)
{
	struct byte_cursor cursor;
	uint64_t common, distance;

	begin_record(frames, address, &cursor);
	common = cursor_address(&cursor);
	distance = cursor_take(&cursor, 4); /* back to the CIE; 0: this is one */
	common -= distance;
	if (cursor.failed || distance == 0 || common == 0)
		return false;
	if (entry->common_address != common) {
		if (!read_common(frames, common, entry))
			return false;
		entry->common_address = common;
	}
	entry->function = take_pointer(&cursor, entry->pointer_encoding, frames->header);
	entry->function_end =
		entry->function + take_pointer(&cursor, entry->pointer_encoding & 0x0f, 0);
	entry->own = entry->has_augmentation ? find_data_end(&cursor) : cursor.at;
	entry->own_end = cursor.end;
	entry->lsda = take_pointer(&cursor, entry->lsda_encoding, frames->header);
	return !cursor.failed;
}

/* --- All entries of an image --------------------------------------------------------- */

/* Without a search table: one record after the other. */
static void call_for_section(const struct image *image, eh_frame_function call, void *context)
{
	const struct eh_frame frames = {image->segments, image->segment_count, 0, NULL, 0};
	uint64_t at = image->unwind_entries.address;
	uint64_t end = at + image->unwind_entries.size_bytes;
	struct eh_frame_entry entry = {0};

	while (at < end) {
		struct byte_cursor record;

		begin_record(&frames, at, &record);
		if (record.failed)
			return;
		if (eh_frame_read(&frames, at, &entry))
			call(context, &entry);
		/* Each object file may have left an empty record at its end. */
		at = cursor_address(&record) + cursor_left(&record);
	}
}

bool eh_frame_each(const struct image *image, eh_frame_function call, void *context,
		   const char **why)
{
	struct eh_frame_entry entry = {0};
	struct eh_frame frames;

	*why = NULL;
	if (!image->unwind_header) {
		call_for_section(image, call, context);
		return true;
	}
	if (!eh_frame_open(&frames, image->segments, image->segment_count, image->unwind_header,
			   why))
		return false;
	for (uint32_t i = 0; i < frames.row_count; i++) {
		int64_t distance = read_row(frames.rows, i).entry;

		if (eh_frame_read(&frames, frames.header + (uint64_t)distance, &entry))
			call(context, &entry);
	}
	return true;
}

static void count_entry(void *context, const struct eh_frame_entry *entry)
{
	(void)entry;
	++*(uint32_t *)context;
}

uint32_t eh_frame_count(const struct image *image)
{
	struct eh_frame frames;
	const char *why;
	uint32_t count = 0;

	if (!image->unwind_header)
		call_for_section(image, count_entry, &count);
	else if (eh_frame_open(&frames, image->segments, image->segment_count, image->unwind_header,
			       &why))
		count = frames.row_count;
	return count;
}

bool eh_frame_each_landing_pad(const struct image *image, uint64_t lsda, uint64_t function,
			       landing_pad_function call, void *context)
{
	const struct eh_frame frames = {image->segments, image->segment_count, 0, NULL, 0};
	struct byte_cursor cursor;
	uint64_t base = function, left;
	uint8_t encoding;

	begin_cursor(&frames, lsda, &cursor);
	encoding = cursor_take_byte(&cursor);
	if (encoding != DW_EH_PE_omit)
		base = take_pointer(&cursor, encoding, 0);
	if (cursor_take_byte(&cursor) != DW_EH_PE_omit)
		cursor_take_uleb(&cursor); /* distance to the types */
	encoding = cursor_take_byte(&cursor);
	left = cursor_take_uleb(&cursor);
	if (cursor.failed || left > cursor_left(&cursor))
		return false;
	cursor.end = cursor.at + left;
	while (cursor.at < cursor.end) {
		uint64_t pad;

		take_pointer(&cursor, encoding, 0); /* start of the calls */
		take_pointer(&cursor, encoding, 0); /* their length */
		pad = take_pointer(&cursor, encoding, 0);
		cursor_take_uleb(&cursor); /* action */
		if (cursor.failed)
			return false;
		if (pad)
			call(context, base + pad);
	}
	return true;
}
