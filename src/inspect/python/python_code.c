#include "inspect/python/python_code.h"

#include <string.h>

#define TEXT_MAX 512u
#define TABLE_MAX 65536u

#define STRING_LENGTH 16u
#define STRING_STATE 32u
#define STRING_ASCII_DATA 48u
#define STRING_DATA 72u
#define STATE_KIND(state) ((state) >> 2 & 7u)
#define STATE_IS_COMPACT(state) ((state) >> 5 & 1u)
#define STATE_IS_ASCII(state) ((state) >> 6 & 1u)

#define BYTES_SIZE 16u
#define BYTES_DATA 32u

#define CODE_FIRST_LINE 72u
#define CODE_FILE 112u
#define CODE_NAME 128u /* qualified */
#define CODE_LINES 136u
#define CODE_INSTRUCTIONS 184u

/* An object that @address points to. */
static uint64_t follow(struct target *target, uint64_t address)
{
	uint64_t pointer;

	return target_read_word(target, address, &pointer) ? pointer : 0;
}

/* Other characters than ASCII's become '?'. */
static const char *copy_string(struct target *target, uint64_t object)
{
	static unsigned char bytes[TEXT_MAX * 4];
	uint64_t length = follow(target, object + STRING_LENGTH);
	uint32_t state;
	uint32_t width;
	char *text;

	if (!target_read(target, object + STRING_STATE, &state, sizeof(state)) ||
	    !STATE_IS_COMPACT(state))
		return "?";
	width = STATE_IS_ASCII(state) ? 1 : STATE_KIND(state);
	if (length > TEXT_MAX || (width != 1 && width != 2 && width != 4) ||
	    !target_read(target, object + (STATE_IS_ASCII(state) ? STRING_ASCII_DATA : STRING_DATA),
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

/* The line of instruction @index, as they are counted in units of two bytes. */
static int find_line(struct target *target, uint64_t code, uint64_t index)
{
	static unsigned char table[TABLE_MAX];
	uint64_t object = follow(target, code + CODE_LINES);
	uint64_t size_bytes = follow(target, object + BYTES_SIZE);
	struct lines lines = {table, table + size_bytes};
	uint64_t end = 0;
	int line;

	if (!target_read(target, code + CODE_FIRST_LINE, &line, sizeof(line)) ||
	    size_bytes > sizeof(table) ||
	    !target_read(target, object + BYTES_DATA, table, size_bytes))
		return 0;
	while (lines.next < lines.end && end <= index) {
		uint32_t first = read_byte(&lines);

		line += read_entry(&lines, first >> 3 & 15u);
		end += (first & 7u) + 1;
	}
	return line;
}

const char *python_place(struct target *target, uint64_t code, uint64_t at)
{
	const char *name = copy_string(target, follow(target, code + CODE_NAME));
	const char *file = copy_string(target, follow(target, code + CODE_FILE));
	uint64_t start = code + CODE_INSTRUCTIONS;

	return pool_format(target->pool, "%s (%s:%d)", name, file,
			   find_line(target, code, at > start ? (at - start) / 2 : 0));
}
