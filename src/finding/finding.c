#include "finding/finding.h"

#include <string.h>

enum kind_group { RACES, LOCKS, HANGS, MISUSE };

static const char *const group_names[] = {"races", "locks", "hangs", "misuse"};

struct kind_row {
	const char *name;
	enum kind_group group;
	enum severity severity;
	const char *headline;
};

static const struct kind_row kind_rows[] = {
#define KIND(identifier, name, group, severity, headline) {name, group, severity, headline},
#include "finding/kinds.def"
#undef KIND
};

static const char *const action_names[] = {
#define ACTION(identifier, name) name,
#include "finding/actions.def"
#undef ACTION
};

static const char *const object_names[] = {
#define OBJECT(identifier, name) name,
#include "finding/objects.def"
#undef OBJECT
};

enum counter_sort { SORT_COVERAGE, SORT_LOSS, SORT_DETAIL };

struct counter_row {
	const char *name;
	enum counter_sort sort;
	const char *text;
	const char *meaning;
};

static const struct counter_row counter_rows[] = {
#define COUNTER(identifier, name, sort, text, meaning) {name, SORT_##sort, text, meaning},
#include "finding/counters.def"
#undef COUNTER
};

static const char *const severity_names[] = {
	[SEVERITY_NOTE] = "note",
	[SEVERITY_WARNING] = "warning",
	[SEVERITY_ERROR] = "error",
};

const char *finding_kind_name(enum finding_kind kind)
{
	return kind_rows[kind].name;
}

const char *finding_kind_headline(enum finding_kind kind)
{
	return kind_rows[kind].headline;
}

enum severity finding_kind_severity(enum finding_kind kind)
{
	return kind_rows[kind].severity;
}

const char *finding_kind_group(enum finding_kind kind)
{
	return group_names[kind_rows[kind].group];
}

static bool is_name(const char *known, const char *name, size_t length)
{
	return strlen(known) == length && memcmp(known, name, length) == 0;
}

uint64_t finding_kinds_of(const char *name, size_t length)
{
	uint64_t kinds = 0;

	for (unsigned i = 0; i < FINDING_KIND_COUNT; i++) {
		if (is_name(kind_rows[i].name, name, length) ||
		    is_name(finding_kind_group((enum finding_kind)i), name, length))
			kinds |= 1ull << i;
	}
	return kinds;
}

bool finding_kind_from_name(const char *name, enum finding_kind *kind)
{
	for (unsigned i = 0; i < FINDING_KIND_COUNT; i++) {
		if (strcmp(kind_rows[i].name, name) == 0) {
			*kind = (enum finding_kind)i;
			return true;
		}
	}
	return false;
}

const char *finding_action_name(enum finding_action action)
{
	return action_names[action];
}

const char *object_kind_name(enum object_kind kind)
{
	return object_names[kind];
}

const char *severity_name(enum severity severity)
{
	return severity_names[severity];
}

bool severity_from_name(const char *name, enum severity *severity)
{
	for (unsigned i = SEVERITY_NOTE; i <= SEVERITY_ERROR; i++) {
		if (strcmp(severity_names[i], name) == 0) {
			*severity = (enum severity)i;
			return true;
		}
	}
	return false;
}

const char *counter_name(enum counter counter)
{
	return counter_rows[counter].name;
}

const char *counter_text(enum counter counter)
{
	return counter_rows[counter].text;
}

bool counter_is_loss(enum counter counter)
{
	return counter_rows[counter].sort != SORT_COVERAGE;
}

bool counter_is_detail(enum counter counter)
{
	return counter_rows[counter].sort == SORT_DETAIL;
}

const char *counter_meaning(enum counter counter)
{
	return counter_rows[counter].meaning;
}

bool finding_is_cycle(const struct finding *finding)
{
	return finding->kind == FINDING_DEADLOCK || finding->kind == FINDING_LOCK_ORDER_INVERSION ||
	       finding->kind == FINDING_LOCK_ORDER_CYCLE;
}
