#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/formats/json/json_parts.h"
#include "reports/formats/json/sarif_parts.h"

/* Words in braces of explain.def, where no finding in particular is meant. */
static const struct {
	const char *word, *text;
} general_words[] = {
	{"thread", "the thread"},     {"lock", "the lock"},
	{"target", "the thread"},     {"waiter", "the thread that waits"},
	{"other", "another thread"},  {"held", "the lock that is held"},
	{"first", "the first"},	      {"second", "the second"},
	{"threads", "the threads"},   {"locks", "the locks"},
	{"variable", "the variable"}, {"name", "the variable"},
	{"kinds", "such locks"},      {"which-lock", "Take one lock around all of them."},
};

/* The last row of a kind is the one for no details. */
static const struct {
	enum finding_kind kind;
	const char *advice;
} advice_rows[] = {
#define EXPLAIN(kind, details, summary, advice) {FINDING_##kind, advice},
#include "reports/words/explain.def"
#undef EXPLAIN
};

static const char *find_advice(enum finding_kind kind)
{
	const char *advice = "";

	for (size_t i = 0; i < ARRAY_LENGTH(advice_rows); i++)
		if (advice_rows[i].kind == kind)
			advice = advice_rows[i].advice;
	return advice;
}

/* Writes what stands for the word in braces at @at; returns its end. */
static const char *write_word(FILE *out, const char *at)
{
	size_t length = strcspn(at, "}");

	for (size_t i = 0; i < ARRAY_LENGTH(general_words); i++) {
		const char *word = general_words[i].word;

		if (strlen(word) == length - 1 && memcmp(word, at + 1, length - 1) == 0)
			fputs(general_words[i].text, out);
	}
	return at + length + (at[length] == '}');
}

/* The advice of @kind; free() it. */
static char *make_help(enum finding_kind kind)
{
	const char *advice = find_advice(kind);
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	fprintf(out, "%s. ", finding_kind_headline(kind));
	while (*advice) {
		if (*advice == '{')
			advice = write_word(out, advice);
		else
			fputc(*advice++, out);
	}
	(void)fclose(out);
	return text;
}

/* In a message "[text](address)" is a link, which no name of a program is to make. */
json_t *sarif_message(const char *text)
{
	char *copy = strdup(text ? text : "");
	json_t *message;

	for (char *at = copy; at && (at = strstr(at, "]("));)
		*at = '|';
	message = json_pack("{so}", "text", json_text(copy ? copy : "?"));
	free(copy);
	return message;
}

static json_t *make_rule(enum finding_kind kind)
{
	char *help = make_help(kind);
	json_t *rule = json_object();

	json_object_set_new(rule, "id", json_text(finding_kind_name(kind)));
	json_object_set_new(rule, "shortDescription", sarif_message(finding_kind_headline(kind)));
	json_object_set_new(rule, "help", sarif_message(help));
	json_object_set_new(rule, "defaultConfiguration",
			    json_pack("{ss}", "level", severity_name(finding_kind_severity(kind))));
	json_object_set_new(rule, "properties",
			    json_pack("{s[ss]}", "tags", "concurrency", finding_kind_group(kind)));
	free(help);
	return rule;
}

json_t *sarif_rules(void)
{
	json_t *rules = json_array();

	for (unsigned i = 0; i < FINDING_KIND_COUNT; i++)
		json_array_append_new(rules, make_rule((enum finding_kind)i));
	return rules;
}
