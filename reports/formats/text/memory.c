#include "reports/formats/text/memory.h"

#include "reports/formats/text/stack.h"

#include "reports/words/explain_memory.h"
#include "reports/words/memory.h"
#include "reports/words/names.h"

static const char *bytes_words(struct text_page *page, uint64_t count)
{
	return count_words(page->view->pool, count, "byte");
}

static void write_line(struct text_page *page, const char *words)
{
	fputs("    ", page->out);
	text_wrap(page, 4, 6, words);
}

/* "int, "; "" if unknown. */
static const char *part_words(struct text_page *page, const struct type_place *part)
{
	const char *words = memory_type_words(page->view, part);

	return words ? pool_format(page->view->pool, "%s, ", words) : "";
}

/* "refs: int, at offset 8 of struct conn". */
static void write_field(struct text_page *page, const struct type_place *part, bool with_type)
{
	if (!part->holder || !part->field)
		return;
	write_line(page, pool_format(page->view->pool, "%s: %sat offset %llu of %s", part->field,
				     with_type ? part_words(page, part) : "",
				     (unsigned long long)part->field_offset,
				     short_words(page->view, part->holder)));
}

static void write_variable(struct text_page *page, const struct view_memory *memory)
{
	const struct variable_place *variable = &memory->variable;
	const struct type_place *part = &variable->part;
	struct pool *pool = page->view->pool;
	const char *words;

	words = pool_format(pool, "%s: %sglobal or static data", memory->name,
			    part_words(page, part));
	if (variable->file && variable->line)
		words = pool_format(pool, "%s, declared at %s:%u", words, variable->file,
				    variable->line);
	write_line(page, words);
	write_field(page, part, false);
}

/* "allocated by T1 (main):" and the stack. */
static void write_block_event(struct text_page *page, const struct view_finding *finding,
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

static void write_block(struct text_page *page, const struct view_finding *finding)
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

void text_memory(struct text_page *page, const struct view_finding *finding)
{
	const struct view_memory *memory = finding->memory;

	fprintf(page->out, "  %sMemory%s\n", text_style_on(page, STYLE_BOLD), text_style_off(page));
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
