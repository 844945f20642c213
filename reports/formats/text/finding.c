#include "reports/formats/text/finding.h"

#include <string.h>

#include "base/strings.h"
#include "reports/filter/generate.h"
#include "reports/model/utf8.h"
#include "reports/view/headline.h"
#include "reports/words/explain.h"
#include "reports/words/explain_memory.h"
#include "reports/words/memory.h"
#include "reports/words/names.h"
#include "reports/formats/text/creation.h"
#include "reports/formats/text/memory.h"
#include "reports/formats/text/stack.h"
#include "reports/formats/text/thread.h"

static enum text_style severity_style(enum severity severity)
{
	if (severity == SEVERITY_ERROR)
		return STYLE_ERROR;
	return severity == SEVERITY_WARNING ? STYLE_WARNING : STYLE_NOTE;
}

/* --- Locks ------------------------------------------------------------------------ */

/* ", created at bank.c:12", unless its name has that. */
static const char *place_words(struct text_page *page, const char *name, const char *what,
			       const char *place)
{
	return place && !strstr(name, place)
		       ? pool_format(page->view->pool, ", %s at %s", what, place)
		       : "";
}

/* ": recursive mutex", unless its name has that. */
static const char *lock_kind_words(struct text_page *page, const struct model_lock *lock,
				   const char *name)
{
	const char *kind = object_kind_name(lock->kind);
	bool is_special = lock->flags & (LOCK_IS_RECURSIVE | LOCK_IS_ROBUST);

	if (!is_special && string_has_prefix(name, kind) && name[strlen(kind)] == ' ')
		return "";
	return pool_format(page->view->pool, ": %s%s%s",
			   lock->flags & LOCK_IS_RECURSIVE ? "recursive " : "",
			   lock->flags & LOCK_IS_ROBUST ? "robust " : "", kind);
}

/* The kind of a lock, and its origin unless its name has it. */
static void write_lock(struct text_page *page, const struct view_finding *finding, lock_id id)
{
	const struct model_process *process = finding->process;
	const struct model_lock *lock = model_lock(process, id);
	/* One stands for its class: a number would mislead. */
	const char *name = finding->details & DETAIL_CLASSES
				   ? lock_origin_name(page->view, process, id)
				   : lock_name(page->view, process, id);
	const char *created;
	const char *first;

	if (!lock)
		return;
	created = symbolize_place(page->view->symbolizer, process, lock->creation_stack);
	first = symbolize_place(page->view->symbolizer, process, lock->first_stack);
	if (created && first && strcmp(created, first) == 0)
		first = NULL;
	fputs("    ", page->out);
	text_wrap(page, 4, 6,
		  pool_format(page->view->pool, "%s%s%s%s", name,
			      lock_kind_words(page, lock, name),
			      place_words(page, name, "created", created),
			      place_words(page, name, "first used", first)));
	text_source(page, process, lock->creation_stack);
}

static bool is_first_of_lock(const struct view_finding *finding, size_t index)
{
	for (size_t i = 0; i < index; i++) {
		if (finding->events[i]->lock == finding->events[index]->lock)
			return false;
	}
	return finding->events[index]->lock != 0;
}

static void write_locks(struct text_page *page, const struct view_finding *finding)
{
	bool has_head = false;

	for (size_t i = 0; i < finding->event_count; i++) {
		if (!is_first_of_lock(finding, i))
			continue;
		if (!has_head)
			fprintf(page->out, "  %sLocks:%s\n", text_style_on(page, STYLE_BOLD),
				text_style_off(page));
		has_head = true;
		write_lock(page, finding, finding->events[i]->lock);
	}
}

/* --- The finding -------------------------------------------------------------------- */

static void write_headline(struct text_page *page, const struct view_finding *finding)
{
	const char *severity = severity_name(finding->severity);
	const char *kind = finding_kind_name(finding->finding->kind);
	const char *place = utf8_plain(page->view->pool, headline_place(page->view, finding));

	fprintf(page->out, "\n%s%s%s: %s%s: ", place,
		text_style_on(page, severity_style(finding->severity)), severity, kind,
		text_style_off(page));
	text_wrap(page, strlen(place) + strlen(severity) + strlen(kind) + 4, 4,
		  headline_words(page->view, finding));
}

/* Two accesses that nothing orders: the headline has said that. */
static bool is_told(const struct view_finding *finding)
{
	return !finding->step_count || (finding->memory && finding->step_count == 2 &&
					finding->finding->kind == FINDING_DATA_RACE);
}

static void write_scenario(struct text_page *page, const struct view_finding *finding)
{
	if (is_told(finding))
		return;
	fprintf(page->out, "  %s%s:%s\n", text_style_on(page, STYLE_BOLD),
		explain_is_possible(finding) ? "How it can happen" : "How it happened",
		text_style_off(page));
	text_scenario(page, finding);
}

static const char *other_words(struct text_page *page, const struct view_finding *finding,
			       const struct view_finding *other)
{
	struct pool *pool = page->view->pool;

	if (!other->memory || other->finding->kind != finding->finding->kind)
		return pool_format(pool, "%s: %s", finding_kind_name(other->finding->kind),
				   headline_words(page->view, other));
	return pool_format(pool, "%s, %s", other->memory->name,
			   memory_accesses_phrase(page->view, other));
}

/* Other sights of the bug, a line each; a single one beside the head. */
static void write_others(struct text_page *page, const struct view_finding *finding)
{
	bool is_single = finding->other_count == 1;

	if (finding->other_count > 1)
		fprintf(page->out, "  %sAlso:%s\n", text_style_on(page, STYLE_BOLD),
			text_style_off(page));
	for (size_t i = 0; i < finding->other_count; i++) {
		const struct view_finding *other = &finding->others[i];
		const char *words =
			pool_format(page->view->pool, "%s%s", headline_place(page->view, other),
				    other_words(page, finding, other));

		if (is_single) {
			text_paragraph(page, "Also:", words);
			continue;
		}
		fputs("    ", page->out);
		text_wrap(page, 4, 6, words);
	}
}

/* Of a descriptor and of libc's hidden state the headline has said all. */
static bool is_named_memory(const struct view_finding *finding)
{
	return finding->memory && finding->finding->kind != FINDING_DESCRIPTOR_RACE &&
	       !(finding->details & DETAIL_HIDDEN);
}

/* The line of the access says why it is not atomic; nobody expects that of libc's calls. */
static bool is_told_note(const struct view_finding *finding, const char *note)
{
	return note == finding->atomics_note &&
	       ((finding->plain && finding->severity > SEVERITY_WARNING) ||
		finding->details & DETAIL_HIDDEN);
}

void text_finding(struct text_page *page, const struct view_finding *finding)
{
	text_forget_quotes(page);
	write_headline(page, finding);
	fputc('\n', page->out);
	for (size_t i = 0; i < finding->event_count; i++) {
		if (text_is_first_of_thread(finding, i))
			text_thread(page, finding, i);
	}
	text_creations(page, finding);
	if (is_named_memory(finding))
		text_memory(page, finding);
	write_others(page, finding);
	write_locks(page, finding);
	write_scenario(page, finding);
	for (size_t i = 0; i < finding->note_count; i++)
		if (!is_told_note(finding, finding->notes[i]))
			text_paragraph(page, "Note:", finding->notes[i]);
	if (finding->advice[0])
		text_paragraph(page, "To fix:", finding->advice);
	if (page->view->options->is_verbose)
		fprintf(page->out, "  Fingerprint: %s\n", finding->fingerprint);
	if (page->view->options->generates_suppressions) {
		fputs("\n# An entry for --suppressions:\n", page->out);
		suppression_write(page->view, finding, page->out);
	}
}
