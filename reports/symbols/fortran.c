#include "reports/symbols/fortran.h"

#include <string.h>
#include <strings.h>

/* What is atomic or volatile, orders by itself, or may be code of elsewhere. */
static const char *const odd_words[] = {
	"atomic",    "volatile", "asynchronous", "flush",
	"reduction", "ordered",  "depend",	 "include",
};

bool fortran_is_source(const char *path)
{
	static const char *const suffixes[] = {"f",   "for", "ftn", "f90",
					       "f95", "f03", "f08", "f18"};
	const char *suffix = strrchr(path, '.');

	for (size_t i = 0; suffix && i < ARRAY_LENGTH(suffixes); i++)
		if (strcasecmp(suffix + 1, suffixes[i]) == 0)
			return true;
	return false;
}

/* Does an odd word begin at @text? */
static bool is_odd(const char *text, size_t length)
{
	for (size_t i = 0; i < ARRAY_LENGTH(odd_words); i++) {
		size_t size = strlen(odd_words[i]);

		if (size <= length && strncasecmp(text, odd_words[i], size) == 0)
			return true;
	}
	return false;
}

bool fortran_is_plain(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		bool is_first = i == 0 || text[i - 1] == '\n';

		/* A directive of the preprocessor may define or include anything. */
		if ((is_first && text[i] == '#') || is_odd(text + i, length - i))
			return false;
	}
	return true;
}

/* Is the line at @text, of @length bytes, a directive for an atomic access? */
static bool is_atomic_directive(const char *text, size_t length)
{
	size_t i = 0;

	while (i < length && (text[i] == ' ' || text[i] == '\t'))
		i++;
	if (length - i < 5 || strncasecmp(text + i, "!$omp", 5) != 0)
		return false;
	while (i < length && strncasecmp(text + i, "atomic", length - i < 6 ? length - i : 6) != 0)
		i++;
	return i + 6 <= length;
}

bool fortran_is_atomic(const char *text, size_t length, unsigned line)
{
	bool is_before = false;
	size_t start = 0;

	for (unsigned number = 1; start < length && number <= line; number++) {
		const char *end = memchr(text + start, '\n', length - start);
		size_t size = end ? (size_t)(end - text) - start : length - start;
		bool is_directive = is_atomic_directive(text + start, size);

		if (number == line)
			return is_before || is_directive;
		is_before = is_directive;
		start += size + 1;
	}
	return false;
}
