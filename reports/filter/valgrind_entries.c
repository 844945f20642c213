/*
 * Entries in the format of Valgrind, of its tools Helgrind and DRD:
 *
 *   {
 *      a name
 *      Helgrind:Race
 *      fun:draw_*
 *      ...
 *      obj:/usr/lib/libx.so*
 *   }
 *
 * Entries for other tools are passed over.
 */
#include <string.h>

#include "reports/filter/entry_reader.h"
#include "reports/symbols/elf_image.h"

static const struct {
	const char *type; /* without the tool */
	const char *kinds; /* NULL: it is no finding of ours */
} valgrind_types[] = {
	{"Race", "races"},
	{"UnlockUnlocked", "unlock-unlocked"},
	{"UnlockForeign", "unlock-not-owner"},
	{"UnlockBogus", "misuse"},
	{"PthAPIerror", "misuse"},
	{"LockOrder", ENTRY_ORDER_KINDS},
	{"Misc", "misuse"},
	{"Dubious", "lost-wakeup"},
	{"ConflictingAccess", "races"},
	{"MutexErr", "misuse"},
	{"CondErr", "misuse"},
	{"CondRaceErr", "lost-wakeup"},
	{"CondDestrErr", "destroy-locked"},
	{"SemaphoreErr", "misuse"},
	{"BarrierErr", "misuse"},
	{"RwlockErr", "misuse"},
	{"HoldtimeErr", NULL},
	{"GenericErr", NULL},
	{"InvalidThreadId", NULL},
	{"UnimpHgClReq", NULL},
	{"UnimpDrdClReq", NULL},
};

static const struct {
	const char *word;
	enum suppression_about about;
} frame_words[] = {
	{"fun:", ABOUT_FUNCTION},
	{"obj:", ABOUT_MODULE},
	{"src:", ABOUT_FILE},
};

/* Is @name, of @length bytes, in the list of tools before the colon of @line? */
static bool is_tool_named(const char *line, const char *name)
{
	size_t length = strlen(name);
	size_t end = strcspn(line, ":");

	for (size_t at = 0; at < end; at += strcspn(line + at, ",:") + 1) {
		if (strcspn(line + at, ",:") == length &&
		    strncasecmp(line + at, name, length) == 0)
			return true;
	}
	return false;
}

/* The second line of an entry: "Helgrind,drd:Race". */
static bool read_type(struct entry_reader *reader, const char *line, uint64_t *kinds)
{
	const char *type = strchr(line, ':');

	*kinds = 0;
	if (!type)
		return entry_fail(reader, reader->next, "TOOL:TYPE", line);
	if (!is_tool_named(line, "helgrind") && !is_tool_named(line, "drd"))
		return true;
	for (size_t i = 0; i < ARRAY_LENGTH(valgrind_types); i++) {
		if (strcmp(valgrind_types[i].type, type + 1) != 0)
			continue;
		if (valgrind_types[i].kinds)
			*kinds = entry_kinds(valgrind_types[i].kinds);
		return true;
	}
	return entry_fail(reader, reader->next, "a type of Helgrind or DRD, such as Helgrind:Race",
			  line);
}

/* Stacks of Valgrind begin in its own wrapper of the call; ours begin at the caller. */
static bool is_wrapper(const struct suppression *entry, const char *line)
{
	return !entry->frame_count &&
	       (strncmp(line, "fun:pthread_", 12) == 0 || strncmp(line, "fun:sem_", 8) == 0 ||
		strstr(line, "_WRK") || strstr(line, "vgpreload_"));
}

static bool read_frame(struct entry_reader *reader, struct suppression *entry, const char *line)
{
	if (strcmp(line, "...") == 0) {
		entry_add_frame(reader, entry, ABOUT_MORE_FRAMES, "");
		return true;
	}
	for (size_t i = 0; i < ARRAY_LENGTH(frame_words); i++) {
		const char *pattern = line + 4;

		if (strncmp(line, frame_words[i].word, 4) != 0 || !*pattern)
			continue;
		if (strncmp(pattern, "_Z", 2) == 0)
			pattern = demangle_name(reader->pool, pattern);
		if (!is_wrapper(entry, line))
			entry_add_frame(reader, entry, frame_words[i].about, pattern);
		return true;
	}
	return entry_fail(reader, reader->next, "fun:, obj:, src: or ...", line);
}

static bool read_entry(struct entry_reader *reader)
{
	struct suppression *entry = entry_begin(reader, 0);
	size_t first_line = reader->next;
	const char *name = entry_next_line(reader);
	const char *line = name ? entry_next_line(reader) : NULL;
	uint64_t kinds;

	if (!line)
		return entry_fail(reader, first_line, "a name and TOOL:TYPE after this {", NULL);
	if (!read_type(reader, line, &kinds))
		return false;
	entry->reason = name;
	entry->kinds = kinds;
	while ((line = entry_next_line(reader)) && strcmp(line, "}") != 0) {
		/* Other tools have lines of their own here. */
		if (kinds && !read_frame(reader, entry, line))
			return false;
	}
	return line || entry_fail(reader, first_line, "a } after this {", NULL);
}

bool entries_read_valgrind(struct entry_reader *reader)
{
	const char *line;

	while ((line = entry_next_line(reader))) {
		if (strcmp(line, "{") != 0)
			return entry_fail(reader, reader->next, "a {", line);
		if (!read_entry(reader))
			return false;
	}
	return true;
}
