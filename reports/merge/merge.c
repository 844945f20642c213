#include "reports/merge/merge.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/merge/merged_file.h"
#include "reports/merge/orders.h"
#include "reports/model/text_set.h"
#include "reports/words/memory.h"
#include "reports/words/view.h"

struct merge {
	struct merged_file merged;
	struct orders *orders;
	struct text_set findings; /* what is the same in each run */
	size_t *offsets;	  /* of their payloads in the merged file, by number */
	struct text_set texts;	  /* messages, and programs that were not observed */
	uint64_t counters[COUNTER_COUNT];
};

static const char *finding_key(struct view *view, const struct view_finding *finding)
{
	return pool_format(view->pool, "%s\n%u\n%s\n%s", finding->process->path,
			   finding->severity, finding->fingerprint,
			   finding->memory ? finding->memory->identity : "");
}

/* What was found by merging is found again: the orders are there. */
static bool is_found_by_merge(const struct view_finding *finding)
{
	return finding->details & DETAIL_MERGED;
}

static bool has_new_findings(const struct merge *merge, struct view *view)
{
	for (size_t i = 0; i < view->finding_count; i++)
		if (!is_found_by_merge(&view->findings[i]) &&
		    text_set_find(&merge->findings, finding_key(view, &view->findings[i])) ==
			    TEXT_SET_NONE)
			return true;
	return false;
}

/* The finding as its record has it: the model's has ids of other processes changed. */
static bool read_again(const struct model *model, uint64_t offset, struct finding *finding)
{
	const struct record_header *record = (const void *)(model->files[0].base + offset);
	const unsigned char *payload = (const unsigned char *)(record + 1);
	struct byte_reader reader = {payload, payload + record->payload_bytes, false};
	uint64_t count;

	return finding_decode(&reader, finding, &count);
}

/* Where @finding's record is in the file. */
static uint64_t find_offset(const struct model *model, const struct finding *finding)
{
	for (size_t i = 0; i < model->finding_count; i++)
		if (model->findings[i].finding == finding)
			return model->findings[i].offset;
	return 0;
}

static size_t copy_finding(struct merge *merge, struct view *view,
			   const struct view_finding *shown, uint32_t before)
{
	static struct finding finding;
	uint64_t offset = find_offset(view->model, shown->finding);

	if (!offset || !read_again(view->model, offset, &finding))
		return 0;
	/* Both are settled: what they name may not be copied. */
	finding.replaces = 0;
	finding.rests_on = (struct finding_pairs){{0}};
	for (uint32_t i = 0; i < finding.event_count; i++)
		if (finding.events[i].process)
			finding.events[i].process += before;
	return merged_file_add_finding(&merge->merged, RECORD_FINDING,
				       before + shown->process->index, &finding, shown->count);
}

/* Counts the findings of @view, and copies (@is_copied) those that are new. */
static void add_findings(struct merge *merge, struct view *view, uint32_t before, bool is_copied)
{
	for (size_t i = 0; i < view->finding_count; i++) {
		const struct view_finding *finding = &view->findings[i];
		const char *key = finding_key(view, finding);
		size_t number = text_set_find(&merge->findings, key);

		if (is_found_by_merge(finding))
			continue;
		if (number != TEXT_SET_NONE) {
			merged_file_count(&merge->merged, merge->offsets[number], finding->count);
		} else if (is_copied) {
			size_t offset = copy_finding(merge, view, finding, before);

			if (!offset)
				continue;
			merge->offsets = pool_grow(&merge->findings.pool, merge->offsets,
						   merge->findings.count, sizeof(*merge->offsets));
			merge->offsets[text_set_add(&merge->findings, key)] = offset;
		}
	}
}

static bool is_kept(enum record_type type)
{
	return type == RECORD_PROCESS || type == RECORD_MODULE || type == RECORD_STACK ||
	       type == RECORD_THREAD || type == RECORD_LOCK || type == RECORD_END ||
	       type == RECORD_VARIABLE || type == RECORD_STATES || type == RECORD_ORDER;
}

/* Copies what findings and orders name. */
static void copy_records(struct merge *merge, const struct model *model, uint32_t before)
{
	const struct model_file *file = &model->files[0];
	const struct record_header *record;
	uint64_t offset = 0;
	uint64_t torn = 0;
	const char *why;

	while (results_next(file->base, file->size_bytes, &offset, &record, &torn, &why) == 1) {
		const unsigned char *payload = (const unsigned char *)(record + 1);
		size_t at;
		uint32_t parent;

		if (!is_kept(record->type))
			continue;
		at = merged_file_add(&merge->merged, record->type, before + record->process,
				     payload, record->payload_bytes, record->live_bytes);
		if (!at || record->type != RECORD_PROCESS)
			continue;
		memcpy(&parent, payload + 4, sizeof(parent));
		merged_file_set_u32(&merge->merged, at, 4, parent ? before + parent : 0);
	}
}

static void add_text(struct merge *merge, enum record_type type, uint32_t process,
		     const struct model_text *text)
{
	static unsigned char payload[8192];
	struct byte_writer writer = {payload, payload + sizeof(payload), false};
	char key[1024];

	snprintf(key, sizeof(key), "%s\n%s", text->text, text->why ? text->why : "");
	if (text_set_find(&merge->texts, key) != TEXT_SET_NONE)
		return;
	text_set_add(&merge->texts, key);
	write_string(&writer, text->text);
	if (text->why)
		write_string(&writer, text->why);
	if (!writer.failed)
		(void)merged_file_add(&merge->merged, type, process, payload,
				      (uint32_t)(writer.next - payload), 0);
}

static void add_view(struct merge *merge, struct view *view)
{
	struct model *model = view->model;
	uint32_t before = merge->merged.process_count;
	bool is_first = before == 0;
	bool is_copied = is_first || has_new_findings(merge, view) ||
			 orders_have_new(merge->orders, view);

	if (is_first)
		merge->merged.header = model->files[0].header;
	if (is_copied) {
		copy_records(merge, model, before);
		merge->merged.process_count += model->files[0].header.process_count;
	}
	add_findings(merge, view, before, is_copied);
	orders_add(merge->orders, view, before + 1, is_copied);
	for (size_t i = 0; i < model->text_count; i++)
		add_text(merge, RECORD_TEXT, 1, &model->texts[i]);
	for (size_t i = 0; i < model->unobserved_count; i++)
		add_text(merge, RECORD_UNOBSERVED, 1, &model->unobserved[i]);
	for (unsigned i = 0; i < COUNTER_COUNT; i++)
		merge->counters[i] += model_counter(model, (enum counter)i);
}

/* False: the file was left out. */
static bool add_file(struct merge *merge, const char *path, merge_complain complain)
{
	static const struct view_options options;
	struct model model;
	struct view *view;
	int result;

	model_init(&model);
	result = model_read_file(&model, path);
	if (result == 0) {
		model_finish(&model);
		view = view_make(&model, &options);
		add_view(merge, view);
		view_free(view);
	} else {
		complain(model.error);
	}
	model_free(&model);
	return result == 0;
}

static void write_counters(struct merge *merge)
{
	if (merge->merged.process_count)
		(void)merged_file_add(&merge->merged, RECORD_COUNTERS, 1,
				      (const unsigned char *)merge->counters,
				      sizeof(merge->counters), sizeof(merge->counters));
}

int merge_files(const char *const *files, size_t file_count, const char *path,
		merge_complain complain, size_t *left_out)
{
	static struct merge merge;
	int result = -ENOMEM;

	*left_out = 0;
	merge = (struct merge){.orders = orders_new()};
	if (merge.orders && merged_file_begin(&merge.merged)) {
		for (size_t i = 0; i < file_count; i++)
			*left_out += !add_file(&merge, files[i], complain);
		orders_report(merge.orders, &merge.merged);
		write_counters(&merge);
		result = merged_file_write(&merge.merged, path);
	}
	if (merge.orders)
		orders_free(merge.orders);
	text_set_free(&merge.findings);
	text_set_free(&merge.texts);
	return result;
}
