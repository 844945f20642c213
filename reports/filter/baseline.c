#include "reports/filter/baseline.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/words/view.h"

static void add_fingerprint(struct baseline *baseline, struct pool *pool, const char *fingerprint)
{
	baseline->fingerprints = pool_grow(pool, baseline->fingerprints, baseline->count,
					   sizeof(*baseline->fingerprints));
	baseline->fingerprints[baseline->count++] =
		pool_copy(pool, fingerprint, strlen(fingerprint));
}

/* All sights of the bug. */
static void add_finding(struct baseline *baseline, struct pool *pool,
			const struct view_finding *finding)
{
	add_fingerprint(baseline, pool, finding->fingerprint);
	for (size_t i = 0; i < finding->other_count; i++)
		add_fingerprint(baseline, pool, finding->others[i].fingerprint);
}

static int read_results(struct baseline *baseline, struct pool *pool, const char *path, char *error,
			size_t error_bytes)
{
	static const struct view_options options;
	struct model model;
	struct view *view;
	int result;

	model_init(&model);
	result = model_read_file(&model, path);
	if (result != 0) {
		snprintf(error, error_bytes, "--baseline: %s", model.error);
	} else {
		model_finish(&model);
		view = view_make(&model, &options);
		for (size_t i = 0; i < view->finding_count; i++)
			add_finding(baseline, pool, &view->findings[i]);
		view_free(view);
	}
	model_free(&model);
	return result;
}

/* False if @list is no list of findings. */
static bool add_list(struct baseline *baseline, struct pool *pool, const json_t *list)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *row = json_array_get(list, i);
		const json_t *others = json_object_get(row, "others");
		const char *fingerprint = json_string_value(json_object_get(row, "fingerprint"));

		if (!fingerprint || (others && !add_list(baseline, pool, others)))
			return false;
		add_fingerprint(baseline, pool, fingerprint);
	}
	return json_is_array(list);
}

static int read_json(struct baseline *baseline, struct pool *pool, const char *path, char *error,
		     size_t error_bytes)
{
	json_error_t problem;
	json_t *document = json_load_file(path, 0, &problem);
	const json_t *known = json_object_get(document, "known");
	bool is_fine = add_list(baseline, pool, json_object_get(document, "findings")) &&
		       (!known || add_list(baseline, pool, known));

	if (!document)
		snprintf(error, error_bytes, "--baseline: %s:%d: %s", path, problem.line,
			 problem.text);
	else if (!is_fine)
		snprintf(error, error_bytes,
			 "--baseline: %s: expected saved results, or the JSON of --json", path);
	json_decref(document);
	return is_fine ? 0 : -EBADMSG;
}

static int compare_texts(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

int baseline_read(struct baseline *baseline, struct pool *pool, const char *path, char *error,
		  size_t error_bytes)
{
	FILE *file = fopen(path, "re");
	int first = file ? fgetc(file) : EOF;
	bool is_json = first == '{' || first == ' ' || first == '\n' || first == '\t';
	int result;

	if (!file) {
		snprintf(error, error_bytes, "cannot read %s: %s", path, strerror(errno));
		return -EIO;
	}
	(void)fclose(file);
	*baseline = (struct baseline){0};
	result = is_json ? read_json(baseline, pool, path, error, error_bytes)
			 : read_results(baseline, pool, path, error, error_bytes);
	if (baseline->count)
		qsort(baseline->fingerprints, baseline->count, sizeof(*baseline->fingerprints),
		      compare_texts);
	return result;
}

bool baseline_has(const struct baseline *baseline, const char *fingerprint)
{
	return baseline->count &&
	       bsearch(&fingerprint, baseline->fingerprints, baseline->count,
		       sizeof(*baseline->fingerprints), compare_texts);
}
