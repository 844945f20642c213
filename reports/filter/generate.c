#include "reports/filter/generate.h"

#include <string.h>

#include "reports/model/utf8.h"
#include "reports/symbols/short_name.h"
#include "reports/words/memory.h"
#include "reports/words/names.h"

/* A name may have any bytes; an entry has one line for it. */
static void write_pattern(struct view *view, const char *word, const char *name, FILE *out)
{
	fprintf(out, "%s %s\n", word, utf8_plain(view->pool, name));
}

static bool is_new(const char **names, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(names[i], name) == 0)
			return false;
	return true;
}

/* The functions of the program in which the events took place. */
static void write_functions(struct view *view, const struct view_finding *finding, FILE *out)
{
	const char *names[FINDING_EVENT_MAX];
	size_t count = 0;

	for (size_t i = 0; i < finding->event_count; i++) {
		const struct finding_event *event = finding->events[i];
		const struct source_frame *site =
			symbolize_site(view->symbolizer, finding->process, event->stack);
		const char *name;

		if (!site || !site->function || memory_is_aside(finding, event))
			continue;
		name = short_name(view->pool, site->function);
		if (!is_new(names, count, name))
			continue;
		names[count++] = name;
		write_pattern(view, "function", name, out);
	}
}

static void write_locks(struct view *view, const struct view_finding *finding, FILE *out)
{
	const char *names[FINDING_EVENT_MAX];
	size_t count = 0;

	for (size_t i = 0; i < finding->event_count; i++) {
		lock_id lock = finding->events[i]->lock;
		const char *name = lock ? lock_stable_name(view, finding->process, lock) : NULL;

		if (!name || !is_new(names, count, name))
			continue;
		names[count++] = name;
		write_pattern(view, "lock", name, out);
	}
}

void suppression_write(struct view *view, const struct view_finding *finding, FILE *out)
{
	fprintf(out, "kind %s\n", finding_kind_name(finding->finding->kind));
	write_functions(view, finding, out);
	if (finding->memory)
		write_pattern(view, "variable", finding->memory->stable_name, out);
	write_locks(view, finding, out);
	fputs("reason (say why this does no harm)\n", out);
}
