#include "reports/formats/text_memory.h"

#include "reports/words/explain_memory.h"
#include "reports/words/memory.h"
#include "reports/words/names.h"

static const char *bytes_words(const struct text_page *page, uint64_t count)
{
	return count_words(page->view->pool, count, "byte");
}

/* Where the access begins, if that is before what the finding is about; else "". */
static const char *begin_words(const struct text_page *page, const struct view_finding *finding,
			       const struct finding_event *event)
{
	const struct view_memory *memory = finding->memory;

	if (!memory || event->address >= memory->address)
		return "";
	return pool_format(page->view->pool, " from %llu before it",
			   (unsigned long long)(memory->address - event->address));
}

void text_access(const struct text_page *page, const struct view_finding *finding,
		 const struct finding_event *event)
{
	struct finding_event plain = *event;
	const char *value = memory_value_phrase(page->view, finding, event);

	plain.has_value = false;
	fprintf(page->out, "    %s", memory_action(page->view, finding, &plain));
	if (event->action != ACTION_FREE && !(finding->finding->details & DETAIL_HIDDEN) &&
	    finding->finding->kind != FINDING_DESCRIPTOR_RACE)
		fprintf(page->out, ", %s%s%s%s", bytes_words(page, event->size_bytes),
			begin_words(page, finding, event), value[0] ? ", " : "", value);
	fprintf(page->out, "%s\n", event->stack ? ":" : " (place not known)");
	if (event->stack)
		text_stack_with_source(page, finding->process, event->stack);
	if (event->holds_are_unknown)
		fputs("    locks held not recorded\n", page->out);
	else if (!event->hold_count && finding->finding->kind != FINDING_UNMARKED_SYNC)
		fputs("    holding no lock\n", page->out);
}

/* "refs: int, at offset 8 of struct conn". */
static void write_field(const struct text_page *page, const struct type_place *part, bool with_type)
{
	if (!part->holder || !part->field)
		return;
	fprintf(page->out, "    %s: ", part->field);
	if (with_type && part->type)
		fprintf(page->out, "%s, ", part->type);
	fprintf(page->out, "at offset %llu of %s\n", (unsigned long long)part->field_offset,
		part->holder);
}

static void write_variable(const struct text_page *page, const struct view_memory *memory)
{
	const struct variable_place *variable = &memory->variable;
	const struct type_place *part = &variable->part;

	fprintf(page->out, "    %s: ", memory->name);
	if (part->type)
		fprintf(page->out, "%s, ", part->type);
	fputs("global or static data", page->out);
	if (variable->file && variable->line)
		fprintf(page->out, ", declared at %s:%u", variable->file, variable->line);
	fputc('\n', page->out);
	write_field(page, part, false);
}

/* "allocated by T1 (main):" and the stack. */
static void write_block_event(const struct text_page *page, const struct view_finding *finding,
			      const struct finding_event *event, const char *what)
{
	if (!event || (!event->thread && !event->stack))
		return;
	fprintf(page->out, "    %s", what);
	if (event->thread)
		fprintf(page->out, " by %s", thread_name(page->view, finding, event->thread));
	fprintf(page->out, "%s\n", event->stack ? ":" : "");
	if (event->stack)
		text_stack(page, finding->process, event->stack);
}

static void write_block(const struct text_page *page, const struct view_finding *finding)
{
	const struct view_memory *memory = finding->memory;
	const struct finding_event *block =
		memory->allocation ? memory->allocation : memory->release;

	fprintf(page->out, "    %s ", bytes_words(page, memory->size_bytes));
	if (block == memory->allocation)
		fprintf(page->out, "at offset %llu ", (unsigned long long)memory->offset);
	fputs("of a heap block", page->out);
	if (block == memory->allocation && block->size_bytes)
		fprintf(page->out, " of %s", bytes_words(page, block->size_bytes));
	fputc('\n', page->out);
	write_field(page, &memory->variable.part, true);
	write_block_event(page, finding, memory->allocation, "allocated");
	/* A free that takes part in the race is shown with its thread. */
	if (memory->release && !memory_is_access(finding->finding, memory->release))
		write_block_event(page, finding, memory->release, "freed");
}

void text_memory(const struct text_page *page, const struct view_finding *finding)
{
	const struct view_memory *memory = finding->memory;

	fprintf(page->out, "\n  %sMemory%s\n", text_style_on(page, STYLE_BOLD),
		text_style_off(page));
	switch (memory->kind) {
	case MEMORY_GLOBAL:
		write_variable(page, memory);
		break;
	case MEMORY_HEAP:
		write_block(page, finding);
		break;
	case MEMORY_STACK:
		fprintf(page->out, "    %s on the stack of %s\n",
			bytes_words(page, memory->size_bytes),
			thread_name(page->view, finding, memory->stack_thread));
		write_field(page, &memory->variable.part, true);
		break;
	case MEMORY_MAPPED:
		fprintf(page->out, "    %s of memory in no module, known heap block or stack\n",
			bytes_words(page, memory->size_bytes));
		write_field(page, &memory->variable.part, true);
		break;
	}
	if (page->view->options->is_verbose)
		fprintf(page->out, "    address %#llx\n", (unsigned long long)memory->address);
}
