/* Parts of the HTML page: its data beside the findings. */
#ifndef REPORTS_FORMATS_HTML_HTML_PARTS_H
#define REPORTS_FORMATS_HTML_HTML_PARTS_H

#include <jansson.h>
#include <stdio.h>

#include "reports/formats/json/json_stream.h"
#include "reports/words/view.h"

/* The page around its data, made from the files in this folder when snarl is built. */
extern const char html_page_head[];
extern const char html_page_tail[];

/* Lines of source that the stacks name, with some around them: kept until all findings are
 * known, so that each is in the page once. */
struct html_sources;

/* NULL: no memory.  html_sources_write() frees it. */
struct html_sources *html_sources_new(void);
/* Notes the places of all frames in @value. */
void html_sources_add(struct html_sources *sources, json_t *value);
/* [{"path": FILE, "lines": {NUMBER: TEXT, ...}}, ...]: those that can be read. */
void html_sources_write(struct html_sources *sources, struct json_stream *stream);

/* {"classes": [NAME, ...], "locks": [[NAME, CLASS], ...], "arrows": [[FROM, TO, PLACE,
 * FINDING], ...]}: by number; FINDING is the fingerprint of a cycle, or null. */
void html_graph_write(struct view *view, struct json_stream *stream);

#endif
