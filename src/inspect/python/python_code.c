#include "inspect/python/python_code.h"

#include <string.h>

#define TEXT_MAX 512u
#define TABLE_MAX 65536u
#define NO_LINE (-128)

#define STATE_KIND(state) ((state) >> 2 & 7u)
#define STATE_IS_COMPACT(state) ((state) >> 5 & 1u)
#define STATE_IS_ASCII(state) ((state) >> 6 & 1u)

/* Other characters than ASCII's become '?'. */
static const char *copy_string(const struct python *python, uint64_t object)
{
	static unsigned char bytes[TEXT_MAX * 4];
	struct target *target = python->target;
	uint64_t length = python_follow(python, object, PYTHON_string_length);
	uint32_t state;
	uint32_t width;
	char *text;

	if (!object ||
	    !target_read(target, python_at(python, object, PYTHON_string_state), &state,
			 sizeof(state)) ||
	    !STATE_IS_COMPACT(state))
		return "?";
	width = STATE_IS_ASCII(state) ? 1 : STATE_KIND(state);
	if (length > TEXT_MAX || (width != 1 && width != 2 && width != 4) ||
	    !target_read(target,
			 python_at(python, object,
				   STATE_IS_ASCII(state) ? PYTHON_string_ascii
							 : PYTHON_string_others),
			 bytes, length * width))
		return "?";
	text = pool_alloc(target->pool, length + 1);
	for (uint64_t i = 0; i < length; i++) {
		uint32_t character = 0;

		memcpy(&character, bytes + i * width, width);
		text[i] = character >= ' ' && character < 127 ? (char)character : '?';
	}
	return text;
}

/* A reader of the table of lines. */
struct lines {
	const unsigned char *next, *end;
};

static uint32_t read_byte(struct lines *lines)
{
	return lines->next < lines->end ? *lines->next++ : 0;
}

/* Six bits in each byte, the lowest first. */
static uint32_t read_number(struct lines *lines)
{
	uint32_t byte = read_byte(lines);
	uint32_t number = byte & 63u;

	for (unsigned shift = 6; byte & 64u && shift < 30; shift += 6) {
		byte = read_byte(lines);
		number |= (byte & 63u) << shift;
	}
	return number;
}

static int read_signed(struct lines *lines)
{
	uint32_t number = read_number(lines);

	return number & 1 ? -(int)(number >> 1) : (int)(number >> 1);
}

/* Reads the rest of an entry of kind @code; how many lines it goes on.  See CPython's
 * Objects/locations.md. */
static int read_entry(struct lines *lines, uint32_t code)
{
	int delta = 0;

	if (code == 13 || code == 14)
		delta = read_signed(lines);
	else if (code >= 10 && code <= 12)
		delta = (int)code - 10;
	if (code == 14)
		for (int i = 0; i < 3; i++)
			(void)read_number(lines);
	else if (code >= 10 && code <= 12)
		lines->next += 2;
	else if (code < 10)
		lines->next++;
	return delta;
}

/* Until 3.9: steps of bytes and of lines. */
static int find_in_steps(struct lines lines, int line, uint64_t at)
{
	uint64_t start = 0;

	while (lines.next < lines.end) {
		start += read_byte(&lines);
		if (start > at)
			break;
		line += (signed char)read_byte(&lines);
	}
	return line;
}

/* 3.10: lengths of ranges in bytes, and how many lines each is further on. */
static int find_in_ranges(struct lines lines, int line, uint64_t at)
{
	uint64_t end = 0;

	while (lines.next < lines.end && end <= at) {
		int delta;

		end += read_byte(&lines);
		delta = (signed char)read_byte(&lines);
		line += delta == NO_LINE ? 0 : delta;
	}
	return line;
}

/* From 3.11 on: entries with columns.  Instructions are counted in units of two bytes. */
static int find_in_entries(struct lines lines, int line, uint64_t at)
{
	uint64_t end = 0;

	while (lines.next < lines.end && end <= at / 2) {
		uint32_t first = read_byte(&lines);

		line += read_entry(&lines, first >> 3 & 15u);
		end += (first & 7u) + 1;
	}
	return line;
}

/* The line of the instruction that is @at bytes behind the first one; 0: not known. */
static int find_line(const struct python *python, uint64_t code, uint64_t at)
{
	static unsigned char table[TABLE_MAX];
	struct target *target = python->target;
	uint64_t object = python_follow(python, code, PYTHON_code_lines);
	uint64_t size_bytes = python_follow(python, object, PYTHON_bytes_size);
	struct lines lines = {table, table + size_bytes};
	int line;

	if (!object || size_bytes > sizeof(table) ||
	    !target_read(target, python_at(python, code, PYTHON_code_first_line), &line,
			 sizeof(line)) ||
	    !target_read(target, python_at(python, object, PYTHON_bytes_data), table, size_bytes))
		return 0;
	if (python->version == PYTHON_3_9)
		return find_in_steps(lines, line, at);
	if (python->version == PYTHON_3_10)
		return find_in_ranges(lines, line, at);
	return find_in_entries(lines, line, at);
}

/* How far behind the code's first instruction @at is, in bytes. */
static uint64_t offset_of(const struct python *python, uint64_t code, uint64_t at)
{
	uint64_t start = python_at(python, code, PYTHON_code_instructions);

	if (python->version > PYTHON_3_10)
		return at > start ? at - start : 0;
	if ((int32_t)at < 0)
		return 0; /* it has not begun */
	return python->version == PYTHON_3_9 ? (uint32_t)at : 2 * (uint64_t)(uint32_t)at;
}

const char *python_place(const struct python *python, uint64_t code, uint64_t at)
{
	const char *name = copy_string(python, python_follow(python, code, PYTHON_code_name));
	const char *file = copy_string(python, python_follow(python, code, PYTHON_code_file));

	return pool_format(python->target->pool, "%s (%s:%d)", name, file,
			   find_line(python, code, offset_of(python, code, at)));
}
