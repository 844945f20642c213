/*
 * The HTML report: one file, which needs no other and no network.
 *
 * The page is written as it is; its script draws what stands in it as JSON: the document
 * of --json, with each finding in an element of its own, so that a browser reads those
 * that are looked at; a list of the findings; lines of source; the lock-order graph.
 */
#include <errno.h>

#include "reports/formats/formats.h"
#include "reports/formats/html/html_parts.h"
#include "reports/formats/json/json_parts.h"
#include "reports/view/place.h"
#include "reports/words/memory.h"
#include "reports/words/names.h"

struct page {
	struct view *view;
	struct json_stream stream;
	struct html_sources *sources;
	size_t finding_count;
};

static void begin_data(struct page *page, const char *name)
{
	fprintf(page->stream.out, "<script type=\"application/json\" id=\"data-%s\">", name);
	page->stream.has_members = false;
}

static void end_data(struct page *page)
{
	fputs("</script>\n", page->stream.out);
}

static void write_document(struct page *page)
{
	begin_data(page, "document");
	json_begin_document(page->view, &page->stream);
	json_end_document(page->view, &page->stream);
	end_data(page);
}

static void write_finding(struct page *page, json_t *finding)
{
	char name[32];

	html_sources_add(page->sources, finding);
	snprintf(name, sizeof(name), "finding-%zu", page->finding_count++);
	begin_data(page, name);
	json_stream_add(&page->stream, NULL, finding);
	end_data(page);
}

static json_t *make_names(struct view *view, const struct view_finding *finding)
{
	json_t *names = json_array();

	for (size_t i = 0; i < finding->event_count; i++)
		if (!memory_is_aside(finding, finding->events[i]))
			json_array_append_new(names,
					      json_text(thread_name(view, finding,
								    finding->events[i]->thread)));
	return names;
}

static json_t *make_functions(struct view *view, const struct view_finding *finding)
{
	json_t *functions = json_array();

	for (size_t i = 0; i < finding->event_count; i++) {
		const struct source_frame *site = symbolize_site(view->symbolizer, finding->process,
								 finding->events[i]->stack);

		if (site && site->function)
			json_array_append_new(functions, json_text(site->function));
	}
	return functions;
}

/* What the list shows of a finding, and what it is filtered by. */
static json_t *make_row(struct view *view, const struct view_finding *finding)
{
	const struct source_frame *place = place_of(view, finding);
	json_t *row = json_object();

	json_object_set_new(row, "severity", json_text(severity_name(finding->severity)));
	json_object_set_new(row, "kind", json_text(finding_kind_name(finding->finding->kind)));
	json_object_set_new(row, "fingerprint", json_text(finding->fingerprint));
	json_object_set_new(row, "summary", json_text(finding->summary));
	json_object_set_new(row, "count", json_integer((json_int_t)finding->count));
	json_object_set_new(row, "place",
			    json_text(place_words(view, place)));
	json_object_set_new(row, "module", json_text(place ? place->module : NULL));
	json_object_set_new(row, "threads", make_names(view, finding));
	json_object_set_new(row, "functions", make_functions(view, finding));
	json_object_set_new(row, "state", json_text(finding->suppression ? "suppressed"
						    : finding->is_known	 ? "known"
									 : "counted"));
	return row;
}

static void write_rows(struct page *page)
{
	struct view *view = page->view;

	begin_data(page, "rows");
	json_stream_open(&page->stream, NULL, '[');
	for (size_t i = 0; i < view->finding_count; i++)
		json_stream_add(&page->stream, NULL, make_row(view, &view->findings[i]));
	for (size_t i = 0; i < view->hidden_count; i++)
		json_stream_add(&page->stream, NULL, make_row(view, &view->hidden[i]));
	json_stream_close(&page->stream, ']');
	end_data(page);
}

static void write_findings(struct page *page)
{
	struct view *view = page->view;

	for (size_t i = 0; i < view->finding_count; i++)
		write_finding(page, json_finding(view, &view->findings[i]));
	for (size_t i = 0; i < view->hidden_count; i++)
		write_finding(page, json_hidden(view, &view->hidden[i]));
}

/* What is counted, in words. */
static void write_counters(struct page *page)
{
	begin_data(page, "counters");
	json_stream_open(&page->stream, NULL, '[');
	for (unsigned i = 0; i < COUNTER_COUNT; i++) {
		enum counter counter = (enum counter)i;
		uint64_t count = model_counter(page->view->model, counter);

		json_stream_add(&page->stream, NULL,
				json_pack("{sssssIsb}", "text", counter_text(counter), "meaning",
					  counter_meaning(counter), "count", (json_int_t)count,
					  "lost", counter_is_loss(counter)));
	}
	json_stream_close(&page->stream, ']');
	end_data(page);
}

int html_write(struct view *view, FILE *out)
{
	struct page page = {
		.view = view,
		.stream = {.out = out, .is_in_page = true},
		.sources = html_sources_new(),
	};

	if (!page.sources)
		return -ENOMEM;
	fputs(html_page_head, out);
	write_document(&page);
	write_rows(&page);
	write_findings(&page);
	begin_data(&page, "sources");
	html_sources_write(page.sources, &page.stream);
	end_data(&page);
	begin_data(&page, "graph");
	html_graph_write(view, &page.stream);
	end_data(&page);
	write_counters(&page);
	fputs(html_page_tail, out);
	json_frames_free(view);
	return json_stream_end(&page.stream) ? 0 : -EIO;
}
