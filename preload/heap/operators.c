#define _GNU_SOURCE
#include "preload/heap/operators.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "preload/guest/real.h"
#include "preload/heap/wrap_memory.h"

/* Mangled names, parameters, arguments. */
#define EACH_NEW(X)                                                                                \
	X(_Znwm, (size_t size), (size))                                                            \
	X(_Znam, (size_t size), (size))                                                            \
	X(_ZnwmRKSt9nothrow_t, (size_t size, const void *tag), (size, tag))                        \
	X(_ZnamRKSt9nothrow_t, (size_t size, const void *tag), (size, tag))                        \
	X(_ZnwmSt11align_val_t, (size_t size, size_t alignment), (size, alignment))                \
	X(_ZnamSt11align_val_t, (size_t size, size_t alignment), (size, alignment))                \
	X(_ZnwmSt11align_val_tRKSt9nothrow_t, (size_t size, size_t alignment, const void *tag),    \
	  (size, alignment, tag))                                                                  \
	X(_ZnamSt11align_val_tRKSt9nothrow_t, (size_t size, size_t alignment, const void *tag),    \
	  (size, alignment, tag))

#define EACH_DELETE(X)                                                                             \
	X(_ZdlPv, (void *block), (block))                                                          \
	X(_ZdaPv, (void *block), (block))                                                          \
	X(_ZdlPvm, (void *block, size_t size), (block, size))                                      \
	X(_ZdaPvm, (void *block, size_t size), (block, size))                                      \
	X(_ZdlPvRKSt9nothrow_t, (void *block, const void *tag), (block, tag))                      \
	X(_ZdaPvRKSt9nothrow_t, (void *block, const void *tag), (block, tag))                      \
	X(_ZdlPvSt11align_val_t, (void *block, size_t alignment), (block, alignment))              \
	X(_ZdaPvSt11align_val_t, (void *block, size_t alignment), (block, alignment))              \
	X(_ZdlPvmSt11align_val_t, (void *block, size_t size, size_t alignment),                    \
	  (block, size, alignment))                                                                \
	X(_ZdaPvmSt11align_val_t, (void *block, size_t size, size_t alignment),                    \
	  (block, size, alignment))

#define ORIGINAL(name, parameters, arguments) void *name;
static struct {
	EACH_NEW(ORIGINAL)
	EACH_DELETE(ORIGINAL)
} originals;

#define WRAP_NEW(name, parameters, arguments)                                                      \
	static void *wrapped##name parameters                                                      \
	{                                                                                          \
		struct unwind_start start = unwind_start_here();                                   \
		void *block = ((void *(*)parameters)originals.name)arguments;                      \
                                                                                                   \
		memory_block_begins(block, size, &start);                                          \
		return block;                                                                      \
	}

#define WRAP_DELETE(name, parameters, arguments)                                                   \
	static void wrapped##name parameters                                                       \
	{                                                                                          \
		struct unwind_start start = unwind_start_here();                                   \
                                                                                                   \
		memory_block_is_forgotten(block, &start);                                          \
		((void (*)parameters)originals.name)arguments;                                     \
	}

EACH_NEW(WRAP_NEW)
EACH_DELETE(WRAP_DELETE)

struct operator_row {
	const char *name;
	void **original;
	void *wrapper;
};

#define ROW(name, parameters, arguments) {#name, &originals.name, (void *)wrapped##name},
static const struct operator_row rows[] = {EACH_NEW(ROW) EACH_DELETE(ROW)};

static const struct operator_row *find_row(const char *name)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
	return NULL;
}

bool operator_is_name(const char *name)
{
	return name[0] == '_' && name[1] == 'Z' && (name[2] == 'n' || name[2] == 'd') &&
	       find_row(name);
}

/* Is @function of the module that malloc is of? */
static bool is_of_allocator(void *function)
{
	struct dl_find_object own;
	struct dl_find_object allocator;

	return _dl_find_object(function, &own) == 0 &&
	       _dl_find_object((void *)REAL(malloc), &allocator) == 0 &&
	       own.dlfo_link_map == allocator.dlfo_link_map;
}

bool operators_are_looked_for(void)
{
	return !is_of_allocator((void *)REAL(getpid));
}

void *operator_wrapper(const char *name, void *original)
{
	const struct operator_row *row = find_row(name);

	if (!row || !is_of_allocator(original))
		return NULL;
	*row->original = original;
	return row->wrapper;
}
