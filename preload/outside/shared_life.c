#define _GNU_SOURCE
#include "preload/outside/shared_life.h"

#include <fcntl.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "base/hash.h"
#include "base/kernel.h"

#define READ_BYTES 1024
#define LINE_BYTES 128 /* enough for all numbers of a line */

/* Reads a file line by line; keeps only the beginning of a long line. */
struct line_reader {
	long file;
	size_t next;
	size_t count;
	char buffer[READ_BYTES];
	char line[LINE_BYTES];
};

static bool next_byte(struct line_reader *reader, char *byte)
{
	long count;

	if (reader->next == reader->count) {
		count = kernel_call3(SYS_read, reader->file, reader->buffer,
				     sizeof(reader->buffer));
		if (count <= 0)
			return false;
		reader->count = (size_t)count;
		reader->next = 0;
	}
	*byte = reader->buffer[reader->next++];
	return true;
}

static bool next_line(struct line_reader *reader)
{
	size_t length = 0;
	char byte;

	while (next_byte(reader, &byte) && byte != '\n')
		if (length < sizeof(reader->line) - 1)
			reader->line[length++] = byte;
	reader->line[length] = '\0';
	return length > 0;
}

static bool open_lines(struct line_reader *reader, const char *path)
{
	reader->next = 0;
	reader->count = 0;
	reader->file = kernel_call4(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	return reader->file >= 0;
}

/* Reads a number in @base, and skips the character after it. */
static uint64_t take_number(const char **text, unsigned base)
{
	uint64_t number = 0;

	for (;; ++*text) {
		char c = **text;
		unsigned digit = c >= '0' && c <= '9'	? (unsigned)(c - '0')
				 : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10)
							: base;

		if (digit >= base)
			break;
		number = number * base + digit;
	}
	if (**text)
		++*text;
	return number;
}

/* A line is "start-end perms offset major:minor inode  path".  The inodes of
 * System V segments are their ids: they must not be taken for files on the same
 * device. */
static struct shared_mapping read_mapping(const char *line)
{
	struct shared_mapping mapping = {.start = take_number(&line, 16)};

	mapping.end = take_number(&line, 16);
	mapping.is_shared = strlen(line) > 5 && line[3] == 's';
	if (!mapping.is_shared)
		return mapping;
	line += 5;
	mapping.offset = take_number(&line, 16);
	mapping.file = hash_append(1, take_number(&line, 16));
	mapping.file = hash_append(mapping.file, take_number(&line, 16));
	mapping.file = hash_append(mapping.file, take_number(&line, 10));
	while (*line == ' ')
		line++;
	mapping.file = hash_append(mapping.file, strncmp(line, "/SYSV", 5) == 0);
	return mapping;
}

bool shared_mapping_find(uintptr_t address, struct shared_mapping *mapping)
{
	struct line_reader reader;
	bool is_found = false;

	if (!open_lines(&reader, "/proc/self/maps"))
		return false;
	while (!is_found && next_line(&reader)) {
		*mapping = read_mapping(reader.line);
		is_found = address >= mapping->start && address < mapping->end;
	}
	kernel_call1(SYS_close, reader.file);
	return is_found;
}

uint64_t shared_mapping_key(const struct shared_mapping *mapping, uintptr_t address)
{
	uint64_t key;

	if (!mapping->is_shared)
		return 0;
	key = hash_append(mapping->file, mapping->offset + (address - mapping->start)) &
	      SHARED_KEY_BITS;
	return key ? key : 1;
}

uint64_t shared_memory_key(uintptr_t address)
{
	struct shared_mapping mapping;

	return shared_mapping_find(address, &mapping) ? shared_mapping_key(&mapping, address) : 0;
}

uint64_t shared_file_key(uintptr_t identity)
{
	return hash_append(5, identity) & SHARED_KEY_BITS;
}

#define LOCK_WORDS 4 /* before the pid, from the colon on */

/* A line is "1: FLOCK  ADVISORY  WRITE pid major:minor:inode start end"; one of
 * a waiter has "->" before the kind. */
static bool is_lock_line(const char *line, uint64_t key, uint32_t pid)
{
	uint64_t major_number;
	uint64_t minor_number;

	line = strstr(line, ": FLOCK ");
	if (!line)
		return false;
	for (unsigned word = 0; word < LOCK_WORDS; word++) {
		line += strcspn(line, " ");
		line += strspn(line, " ");
	}
	if (take_number(&line, 10) != pid)
		return false;
	major_number = take_number(&line, 16);
	minor_number = take_number(&line, 16);
	return shared_file_key(
		       file_identity(makedev((unsigned)major_number, (unsigned)minor_number),
				     take_number(&line, 10))) == key;
}

bool shared_file_is_locked_by(uint64_t key, uint32_t pid)
{
	struct line_reader reader;
	bool is_locked = false;

	if (!open_lines(&reader, "/proc/locks"))
		return false;
	while (!is_locked && next_line(&reader))
		is_locked = is_lock_line(reader.line, key, pid);
	kernel_call1(SYS_close, reader.file);
	return is_locked;
}

static void write_stat_path(char *path, uint32_t pid)
{
	char digits[12];
	size_t first = sizeof(digits);
	size_t length = strlen("/proc/");

	do
		digits[--first] = (char)('0' + pid % 10);
	while (pid /= 10);
	memcpy(path, "/proc/", length);
	memcpy(path + length, digits + first, sizeof(digits) - first);
	memcpy(path + length + sizeof(digits) - first, "/stat", sizeof("/stat"));
}

#define FIELD_STATE 3
#define FIELD_START_TIME 22
#define FIELD_START_STACK 28

/* The file has "pid (name) state ..."; no ')' follows the name.  The start time
 * tells processes with the same pid apart, the start of the stack tells
 * programs apart that one process executes one after the other. */
uint64_t shared_process_life(uint32_t pid)
{
	char path[40];
	char text[READ_BYTES];
	const char *at;
	uint64_t life = hash_append(2, pid);
	long length;
	long file;

	write_stat_path(path, pid);
	file = kernel_call4(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	if (file < 0)
		return 0;
	length = kernel_call3(SYS_read, file, text, sizeof(text) - 1);
	kernel_call1(SYS_close, file);
	text[length > 0 ? length : 0] = '\0';
	at = strrchr(text, ')');
	if (!at || at[1] != ' ' || strchr("ZXx", at[2]))
		return 0;
	at += 4;
	for (unsigned field = FIELD_STATE + 1; *at && field <= FIELD_START_STACK; field++) {
		uint64_t number = 0;

		if (*at == '-')
			at++;
		number = take_number(&at, 10);
		if (field == FIELD_START_TIME || field == FIELD_START_STACK)
			life = hash_append(life, number);
	}
	return life ? life : 1;
}
