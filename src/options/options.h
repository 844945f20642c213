/*
 * The options of options.def, and how they are read from text.
 *
 * The command sets options one by one from its command line.  Both the command
 * and the guest library read SNARL_OPTIONS, which has the keys of `snarl run`:
 * `key=value`, separated by spaces, tabs, newlines or colons; the last one of a key
 * counts (of a list all do), and a flag may stand alone.  In a value %XX is the byte with that
 * hexadecimal code, so that paths may contain separators; `%` before anything else
 * (as in %p) is itself.
 *
 * Pure: no malloc, no stdio, no locale.  Text values live in the options'
 * own memory, so a struct options must not be copied or moved.
 */
#ifndef OPTIONS_OPTIONS_H
#define OPTIONS_OPTIONS_H

#include "finding/finding.h"

/* The words of each choice, in the order of options.def. */
enum races_choice { RACES_FULL, RACES_OFF };
enum on_deadlock_choice { ON_DEADLOCK_EXIT, ON_DEADLOCK_REPORT, ON_DEADLOCK_ABORT };
enum fail_on_choice { FAIL_ON_ERROR, FAIL_ON_WARNING, FAIL_ON_NOTE, FAIL_ON_NEVER };
enum color_choice { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };
enum force_choice {
	FORCE_NOTHING,
	FORCE_SUMMARIES,
	FORCE_NO_SUMMARIES,
	FORCE_RANGES,
	FORCE_NO_RANGES,
	FORCE_NO_AHEAD,
	FORCE_LINES,
	FORCE_NO_LINES,
	FORCE_RUNS,
	FORCE_NO_RUNS
};

/* @force, if it is about planning. */
static inline enum force_choice force_of_plans(uint64_t force)
{
	if (force == FORCE_RUNS)
		return FORCE_RANGES;
	return force <= FORCE_NO_AHEAD ? (enum force_choice)force : FORCE_NOTHING;
}

enum yes_no_choice { CHOICE_NO, CHOICE_YES };

enum option_kind {
	OPTION_FLAG,
	OPTION_CHOICE,
	OPTION_NUMBER,
	OPTION_SECONDS,
	OPTION_KINDS,
	OPTION_TEXT,
	OPTION_LIST
};

enum option_where {
	IN_RUN = 1u << 0,
	IN_REPORT = 1u << 1,
	IN_REPLAY = 1u << 2,
	TO_LIBRARY = 1u << 3,
	INTERNAL = 1u << 4,
	IN_PLAN = 1u << 5,
	FOR_TESTS = 1u << 6,
	IN_PS = 1u << 7,
	IN_MERGE = 1u << 8,
	IN_ORDER = 1u << 9
};

enum option_id {
#define OPTION(identifier, key, kind, allowed, initial, where, metavar, help)                      \
	OPTION_ID_##identifier,
#include "options/options.def"
#undef OPTION
	OPTION_COUNT
};

#define OPTIONS_TEXT_BYTES 16384
#define OPTION_LIST_MAX 16

/* The values of an option that may be given several times. */
struct option_list {
	const char *values[OPTION_LIST_MAX];
	size_t count;
};

struct options {
#define OPTION_FIELD_FLAG uint64_t
#define OPTION_FIELD_CHOICE uint64_t
#define OPTION_FIELD_NUMBER uint64_t
#define OPTION_FIELD_SECONDS uint64_t
#define OPTION_FIELD_KINDS uint64_t
#define OPTION_FIELD_TEXT const char *
#define OPTION_FIELD_LIST struct option_list
#define OPTION(identifier, key, kind, allowed, initial, where, metavar, help)                      \
	OPTION_FIELD_##kind identifier;
#include "options/options.def"
#undef OPTION
	uint64_t set; /* bit i: option i was given */
	uint32_t text_bytes;
	char text[OPTIONS_TEXT_BYTES];
};

struct option_row {
	const char *key;
	enum option_kind kind;
	const char *allowed;
	const char *initial;
	uint32_t where; /* of enum option_where */
	const char *metavar;
	const char *help;
	size_t offset; /* of its field in struct options */
};

extern const struct option_row option_rows[OPTION_COUNT];

enum options_problem {
	OPTIONS_FINE,
	OPTIONS_UNKNOWN_KEY,
	OPTIONS_BAD_VALUE,
	OPTIONS_MISSING_VALUE,
	OPTIONS_TOO_LONG
};

/* What was wrong; 'text' points into the text that was read. */
struct options_error {
	enum options_problem problem;
	const struct option_row *row; /* NULL if the key is unknown */
	const char *text;	      /* the key or value at fault */
	size_t length;
};

/* Sets every option to its default. */
void options_init(struct options *options);

/* Sets options from @text, the value of SNARL_OPTIONS or NULL.  On an error those
 * before it stay set. */
bool options_parse(struct options *options, const char *text, struct options_error *error);

/* Sets one option; @value has no escapes. */
bool options_set(struct options *options, const struct option_row *row, const char *value,
		 struct options_error *error);

/* NULL if there is no option of that key. */
const struct option_row *options_find(const char *key, size_t length);

bool options_is_set(const struct options *options, enum option_id id);

/* The value of an option whose kind is TEXT; NULL if it was not given. */
const char *options_text(const struct options *options, enum option_id id);

/* The kinds of finding to look for: a set, as finding_kinds_of() has it. */
uint64_t options_checked_kinds(const struct options *options);

/* Whether to look for races that a run has hidden: only if the kind is named. */
bool options_predict_races(const struct options *options);

/* Once all options are set: those that follow from others.  Without races to look for no
 * accesses are observed; nothing ends for a deadlock or hang that is not looked for. */
void options_settle(struct options *options);

/* The lowest severity that decides the exit status (--fail-on). */
enum severity options_fails_from(const struct options *options);

/* Do findings, @counts of them by severity, decide the exit status (--fail-on)? */
bool options_fail_on(const struct options *options, const uint32_t counts[SEVERITY_ERROR + 1]);

/* Describes @error in one line without a newline, always terminated; returns
 * its length.  Names the allowed keys or values. */
size_t options_describe_error(const struct options_error *error, char *line, size_t size_bytes);

/* Writes the option @row of @options as `key=value` with escapes, as
 * options_parse() reads it.  Returns its length; 0 if it does not fit, or is a list. */
size_t options_write(const struct options *options, const struct option_row *row, char *to,
		     size_t size_bytes);

#endif
