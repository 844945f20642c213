#include "reports/formats/text/memory.h"

#include "reports/formats/text/stack.h"
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

/* "refs: int, at offset 8 of struct conn"; NULL if it is no field. */
static const char *field_words(struct text_page *page, const struct type_place *part)
{
	if (!part->holder || !part->field)
		return NULL;
	return pool_format(page->view->pool, "%s: %sat offset %llu of %s", part->field,
			   part_words(page, part),
			   (unsigned long long)part->field_offset,
			   short_words(page->view, part->holder));
}

/* "visit_count: long int, global or static data"; the headline has where it is declared. */
static void write_variable(struct text_page *page, const struct view_memory *memory)
{
	const struct type_place *part = &memory->variable.part;
	struct pool *pool = page->view->pool;
	const char *in_holder = "";

	if (part->holder && part->field)
		in_holder = pool_format(pool, "at offset %llu of %s, ",
					(unsigned long long)part->field_offset,
					short_words(page->view, part->holder));
	text_paragraph(page, "Memory:",
		       pool_format(pool, "%s: %s%sglobal or static data", memory->name,
				   part_words(page, part), in_holder));
}

/* "a 24-byte block". */
static const char *whole_block_words(struct text_page *page, const struct finding_event *allocation)
{
	if (!allocation || !allocation->size_bytes)
		return "a heap block";
	return memory_block_words(page->view->pool, allocation->size_bytes);
}

/* "refs: int, at offset 8 of struct conn, in a 24-byte block", or "4 bytes at offset 8 of a
 * 24-byte block". */
static const char *block_words(struct text_page *page, const struct view_memory *memory)
{
	const struct type_place *part = &memory->variable.part;
	const char *whole = whole_block_words(page, memory->allocation);
	struct pool *pool = page->view->pool;

	if (part->holder && part->field)
		return pool_format(pool, "%s, in %s", field_words(page, part), whole);
	if (!memory->allocation)
		return pool_format(pool, "%s of %s", bytes_words(page, memory->size_bytes), whole);
	return pool_format(pool, "%s%s at offset %llu of %s", part_words(page, part),
			   bytes_words(page, memory->size_bytes),
			   (unsigned long long)memory->offset, whole);
}

/* "allocated by T1 (main)"; ":" if the callers follow. */
static const char *block_event_words(struct text_page *page, const struct view_finding *finding,
				     const struct finding_event *event, const char *what)
{
	bool with_stack =
		event->stack && !text_stack_place(page, finding->process, event->stack, 0);

	return pool_format(page->view->pool, "%s%s%s%s", what, event->thread ? " by " : "",
			   event->thread ? thread_name(page->view, finding, event->thread) : "",
			   with_stack ? ":" : "");
}

/* Where that was, if there is more to say than its place, which the headline has: the callers, or
 * the line of source where nothing else tells what it is. */
static void write_block_stack(struct text_page *page, const struct view_finding *finding,
			      const struct finding_event *event)
{
	if (!event->stack)
		return;
	if (!text_stack_place(page, finding->process, event->stack, 0))
		text_stack(page, finding->process, event->stack);
	else if (!finding->memory->field)
		text_source(page, finding->process, event->stack);
}

static void write_block(struct text_page *page, const struct view_finding *finding)
{
	const struct view_memory *memory = finding->memory;
	const struct finding_event *allocation = memory->allocation;
	const struct finding_event *release = memory->release;
	struct pool *pool = page->view->pool;
	const char *words = block_words(page, memory);

	if (allocation && (allocation->thread || allocation->stack))
		words = pool_format(pool, "%s %s", words,
				    block_event_words(page, finding, allocation, "allocated"));
	text_paragraph(page, "Memory:", words);
	if (allocation)
		write_block_stack(page, finding, allocation);
	/* A free that takes part in the race is shown with its thread. */
	if (!release || memory_is_access(finding->finding, release))
		return;
	write_line(page, block_event_words(page, finding, release, "freed"));
	if (release->stack)
		text_stack(page, finding->process, release->stack);
}

/* Memory of which no more is known than its @owner. */
static void write_unnamed(struct text_page *page, const struct view_memory *memory,
			  const char *owner)
{
	const char *field = field_words(page, &memory->variable.part);

	text_paragraph(page, "Memory:",
		       field ? pool_format(page->view->pool, "%s, %s", field, owner)
			     : pool_format(page->view->pool, "%s %s",
					   bytes_words(page, memory->size_bytes), owner));
}

void text_memory(struct text_page *page, const struct view_finding *finding)
{
	const struct view_memory *memory = finding->memory;

	switch (memory->kind) {
	case MEMORY_GLOBAL:
		write_variable(page, memory);
		break;
	case MEMORY_HEAP:
		write_block(page, finding);
		break;
	case MEMORY_STACK:
		write_unnamed(page, memory,
			      pool_format(page->view->pool, "on the stack of %s",
					  thread_name(page->view, finding, memory->stack_thread)));
		break;
	case MEMORY_MAPPED:
		write_unnamed(page, memory, "in no module, known heap block or stack");
		break;
	}
	if (page->view->options->is_verbose)
		fprintf(page->out, "    address %#llx\n", (unsigned long long)memory->address);
}
