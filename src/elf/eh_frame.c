#include "elf/eh_frame.h"

#include "elf/dwarf_reader.h"

#define HEADER_VERSION 1
/* The one encoding of the table that linkers write: pairs of 32-bit distances
 * from the header, to a function and to its entry. */
#define TABLE_ENCODING 0x3b
#define TABLE_ROW_BYTES 8u

/* What an entry has in common with others (CIE). */
struct common {
	uint64_t address; /* 0: none read yet */
	uint8_t pointer_encoding, lsda_encoding;
	bool has_augmentation, is_signal_frame, is_understood;
};

/* The table: where its rows are, and how many. */
struct table {
	uint64_t header;
	struct dwarf_reader rows;
	uint32_t count;
};

static bool find_table(const struct image *image, struct table *table, const char **why)
{
	struct dwarf_reader reader = dwarf_reader_at(image, image->unwind_header);
	uint8_t version = (uint8_t)dwarf_read(&reader, 1);
	uint8_t frame_encoding = (uint8_t)dwarf_read(&reader, 1);
	uint8_t count_encoding = (uint8_t)dwarf_read(&reader, 1);
	uint8_t table_encoding = (uint8_t)dwarf_read(&reader, 1);
	uint64_t count;

	dwarf_read_encoded(&reader, frame_encoding, image->unwind_header);
	count = dwarf_read_encoded(&reader, count_encoding, image->unwind_header);
	*why = NULL;
	if (reader.failed || version != HEADER_VERSION)
		*why = "its table of unwind information (.eh_frame_hdr) cannot be read";
	else if (count_encoding == DWARF_OMIT || table_encoding != TABLE_ENCODING)
		*why = "its unwind information has no search table that we know";
	else if (count > (uint64_t)(reader.end - reader.at) / TABLE_ROW_BYTES)
		*why = "its table of unwind information is longer than what holds it";
	*table = (struct table){image->unwind_header, reader, (uint32_t)count};
	return !*why;
}

/* What the letters of the augmentation announce. */
static void read_augmentation(struct dwarf_reader *reader, const unsigned char *letters,
			      struct common *common)
{
	if (*letters == '\0')
		return;
	common->has_augmentation = *letters == 'z';
	if (*letters++ != 'z') {
		common->is_understood = false;
		return;
	}
	dwarf_read_uleb(reader);
	for (; *letters && common->is_understood; letters++) {
		if (*letters == 'R')
			common->pointer_encoding = (uint8_t)dwarf_read(reader, 1);
		else if (*letters == 'L')
			common->lsda_encoding = (uint8_t)dwarf_read(reader, 1);
		else if (*letters == 'P')
			dwarf_read_encoded(reader, (uint8_t)dwarf_read(reader, 1) & 0x7f, 0);
		else if (*letters == 'S')
			common->is_signal_frame = true;
		else
			common->is_understood = false;
	}
}

static void skip_string(struct dwarf_reader *reader)
{
	while (dwarf_read(reader, 1) != 0)
		;
}

static void read_common(const struct image *image, uint64_t address, struct common *common)
{
	struct dwarf_reader reader = dwarf_reader_at(image, address);
	const unsigned char *letters;
	uint8_t version;

	*common = (struct common){
		.address = address, .lsda_encoding = DWARF_OMIT, .is_understood = true};
	dwarf_skip(&reader, 8); /* length and id */
	version = (uint8_t)dwarf_read(&reader, 1);
	letters = reader.at;
	skip_string(&reader);
	if (version == 4)
		dwarf_skip(&reader, 2); /* sizes of addresses and of segment selectors */
	dwarf_read_uleb(&reader);
	dwarf_read_sleb(&reader);
	if (version == 1)
		dwarf_skip(&reader, 1);
	else
		dwarf_read_uleb(&reader);
	if (!reader.failed)
		read_augmentation(&reader, letters, common);
	common->is_understood &= !reader.failed;
}

/* False: no entry that we understand. */
static bool read_entry(const struct image *image, uint64_t address, struct common *common,
		       struct unwind_range *range)
{
	struct dwarf_reader reader = dwarf_reader_at(image, address);
	uint64_t length = dwarf_read(&reader, 4);
	uint64_t id_address = reader.address;
	uint64_t distance = dwarf_read(&reader, 4);

	if (reader.failed || length == 0 || length == UINT32_MAX || distance == 0)
		return false;
	if (common->address != id_address - distance)
		read_common(image, id_address - distance, common);
	if (!common->is_understood)
		return false;
	*range = (struct unwind_range){.is_signal_frame = common->is_signal_frame};
	range->start = dwarf_read_encoded(&reader, common->pointer_encoding, 0);
	range->size_bytes = dwarf_read_encoded(&reader, common->pointer_encoding & 0x0f, 0);
	if (common->has_augmentation)
		dwarf_read_uleb(&reader);
	if (common->lsda_encoding != DWARF_OMIT)
		range->lsda = dwarf_read_encoded(&reader, common->lsda_encoding, 0);
	return !reader.failed;
}

/* Without a table: one entry after the other. */
static void each_in_section(const struct image *image, unwind_range_function call, void *context)
{
	uint64_t end = image->unwind_entries.address + image->unwind_entries.size_bytes;
	uint64_t at = image->unwind_entries.address;
	struct common common = {0};
	struct unwind_range range;

	while (at < end) {
		struct dwarf_reader reader = dwarf_reader_at(image, at);
		uint64_t length = dwarf_read(&reader, 4);

		/* Ends of object files may have a terminator each. */
		if (reader.failed || length == UINT32_MAX)
			return;
		if (read_entry(image, at, &common, &range))
			call(context, &range);
		at += 4 + length;
	}
}

bool eh_frame_each(const struct image *image, unwind_range_function call, void *context,
		   const char **why)
{
	struct common common = {0};
	struct unwind_range range;
	struct table table;

	*why = NULL;
	if (!image->unwind_header) {
		each_in_section(image, call, context);
		return true;
	}
	if (!find_table(image, &table, why))
		return false;
	for (uint32_t i = 0; i < table.count; i++) {
		int32_t distance;

		dwarf_skip(&table.rows, 4);
		distance = (int32_t)dwarf_read(&table.rows, 4);
		if (read_entry(image, table.header + (uint64_t)distance, &common, &range))
			call(context, &range);
	}
	return true;
}

static void count_range(void *context, const struct unwind_range *range)
{
	(void)range;
	++*(uint32_t *)context;
}

uint32_t eh_frame_count(const struct image *image)
{
	struct table table;
	const char *why;
	uint32_t count = 0;

	if (image->unwind_header)
		return find_table(image, &table, &why) ? table.count : 0;
	each_in_section(image, count_range, &count);
	return count;
}

bool landing_pads_each(const struct image *image, const struct unwind_range *range,
		       landing_pad_function call, void *context)
{
	struct dwarf_reader reader = dwarf_reader_at(image, range->lsda);
	uint8_t encoding = (uint8_t)dwarf_read(&reader, 1);
	uint64_t base = range->start;
	uint64_t left;

	if (encoding != DWARF_OMIT)
		base = dwarf_read_encoded(&reader, encoding, 0);
	if ((uint8_t)dwarf_read(&reader, 1) != DWARF_OMIT)
		dwarf_read_uleb(&reader); /* distance to the types */
	encoding = (uint8_t)dwarf_read(&reader, 1);
	left = dwarf_read_uleb(&reader);
	if (reader.failed || left > (uint64_t)(reader.end - reader.at))
		return false;
	reader.end = reader.at + left;
	while (reader.at < reader.end && !reader.failed) {
		uint64_t pad;

		dwarf_read_encoded(&reader, encoding, 0); /* start of the calls */
		dwarf_read_encoded(&reader, encoding, 0); /* their length */
		pad = dwarf_read_encoded(&reader, encoding, 0);
		dwarf_read_uleb(&reader); /* action */
		if (pad && !reader.failed)
			call(context, base + pad);
	}
	return !reader.failed;
}
