/*
 * Members of std::string that stay calls: rows of strings.def.  Compilers inline only some
 * of them, as the C++ library has instances of all.  Of a string only its pointer and its
 * length are looked at, which all of them read, and those that change it may write.
 */
#include "preload/ranges/strings.h"

#include <string.h>

#include "base/atomic.h"
#include "preload/ranges/ranges.h"

#define PREFIX "St7__cxx1112basic_stringIcSt11char_traitsIcESaIcEE"
#define POINTER_AND_LENGTH 16u

typedef unsigned long word;
typedef word (*string_member)(word, word, word, word, word, word);

enum string_call {
#define STRING(constness, suffix, uses) STRING_##constness##_##suffix,
#include "preload/ranges/strings.def"
#undef STRING
	STRING_COUNT
};

static void *originals[STRING_COUNT];

/* Without "_Z" and the prefix. */
static const char *const names[STRING_COUNT] = {
#define STRING(constness, suffix, uses) [STRING_##constness##_##suffix] = #constness #suffix,
#include "preload/ranges/strings.def"
#undef STRING
};

#define CHANGES range_written(&start, (void *)self, POINTER_AND_LENGTH)
#define SEES range_read(&start, (void *)self, POINTER_AND_LENGTH)
#define FROM range_read(&start, (void *)a, POINTER_AND_LENGTH)
#define TAKES range_written(&start, (void *)a, POINTER_AND_LENGTH)

#define STRING(constness, suffix, uses)                                                            \
	static word wrapped_##constness##_##suffix(word self, word a, word b, word c, word d,      \
						   word e)                                         \
	{                                                                                          \
		struct unwind_start start = unwind_start_here();                                   \
                                                                                                   \
		uses;                                                                              \
		return ((string_member)originals[STRING_##constness##_##suffix])(self, a, b, c, d, \
										 e);               \
	}
#include "preload/ranges/strings.def"
#undef STRING

static void *const wrappers[STRING_COUNT] = {
#define STRING(constness, suffix, uses)                                                            \
	[STRING_##constness##_##suffix] = wrapped_##constness##_##suffix,
#include "preload/ranges/strings.def"
#undef STRING
};

/* Is @name that of member @call?  @prefix is where the class's name begins in it. */
static bool is_name_of(enum string_call call, const char *name, const char *prefix)
{
	size_t constness = (size_t)(prefix - name) - 2;

	return strncmp(names[call], name + 2, constness) == 0 &&
	       strcmp(names[call] + constness, prefix + sizeof(PREFIX) - 1) == 0;
}

void *string_wrapper(const char *name, void *original)
{
	const char *prefix = name + (strncmp(name, "_ZNK", 4) == 0 ? 4 : 3);
	enum string_call call = 0;
	void *before = NULL;

	if (strncmp(name, "_ZN", 3) != 0 || strncmp(prefix, PREFIX, sizeof(PREFIX) - 1) != 0)
		return NULL;
	while (call < STRING_COUNT && !is_name_of(call, name, prefix))
		call++;
	if (call == STRING_COUNT)
		return NULL;
	/* As in range_wrapper(). */
	if (original && !compare_exchange_acq_rel(&originals[call], &before, original) &&
	    before != original)
		return NULL;
	return wrappers[call];
}
