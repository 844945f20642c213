#include "options/nearest.h"

#include <string.h>

#include "finding/finding.h"

#define WORD_MAX 32u
#define BETWEEN ", \t"

struct nearest nearest_begin(const char *word)
{
	return (struct nearest){.word = word, .length = strcspn(word, "=" BETWEEN)};
}

static size_t least_of_three(size_t a, size_t b, size_t c)
{
	size_t smaller = a < b ? a : b;

	return smaller < c ? smaller : c;
}

/* Characters to insert, drop or change (Levenshtein 1966; a row of the table at a time). */
static size_t find_distance(const char *word, size_t length, const char *other)
{
	size_t row[WORD_MAX + 1];

	for (size_t i = 0; i <= length; i++)
		row[i] = i;
	for (size_t j = 1; *other; other++, j++) {
		size_t diagonal = row[0];

		row[0] = j;
		for (size_t i = 1; i <= length; i++) {
			size_t above = row[i];

			row[i] = least_of_three(above + 1, row[i - 1] + 1,
						diagonal + (word[i - 1] != *other));
			diagonal = above;
		}
	}
	return row[length];
}

/* Of three characters one may be wrong; a word that goes on is near, too. */
void nearest_try(struct nearest *nearest, const char *candidate)
{
	size_t distance;

	if (nearest->length < 3 || nearest->length > WORD_MAX)
		return;
	distance = strncmp(candidate, nearest->word, nearest->length) == 0
			   ? 0
			   : find_distance(nearest->word, nearest->length, candidate);
	if (distance > nearest->length / 3 || (nearest->best && distance >= nearest->distance))
		return;
	nearest->best = candidate;
	nearest->distance = distance;
}

const char *nearest_kind(const char *names)
{
	struct nearest nearest = nearest_begin(names);

	while (*names && (finding_kinds_of(names, nearest.length) || !nearest.length)) {
		names += nearest.length + strspn(names + nearest.length, BETWEEN);
		nearest = nearest_begin(names);
	}
	for (unsigned i = 0; i < FINDING_KIND_COUNT; i++) {
		nearest_try(&nearest, finding_kind_name((enum finding_kind)i));
		nearest_try(&nearest, finding_kind_group((enum finding_kind)i));
	}
	return nearest.best;
}
