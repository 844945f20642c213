#include "inspect/python/python_layout.h"

#include <stdlib.h>
#include <string.h>

#include "reports/symbols/elf_image.h"

#define NONE PYTHON_NONE
#define COOKIE "xdebugpy"
#define WORD_FREE_THREADED 2u
#define WORD_COUNT 71u
#define MINOR_FIRST 9u

static const struct {
	uint32_t offsets[PYTHON_VERSION_COUNT];
	uint32_t word; /* of _Py_DebugOffsets */
} rows[] = {
#define LAYOUT(member, v9, v10, v11, v12, v13, word) {{v9, v10, v11, v12, v13}, word},
#include "inspect/python/layouts.def"
#undef LAYOUT
};

uint64_t python_follow(const struct python *python, uint64_t base, enum python_member member)
{
	uint64_t pointer;

	if (!base || python->offsets[member] == NONE ||
	    !target_read_word(python->target, python_at(python, base, member), &pointer))
		return 0;
	return pointer;
}

/* "/usr/lib/libpython3.9.so.1.0": 9; 0: the name does not tell. */
static uint32_t minor_of_name(const char *name)
{
	const char *number = strstr(name, "python3.");

	return number ? (uint32_t)strtoul(number + strlen("python3."), NULL, 10) : 0;
}

static bool is_python(const struct target_module *module)
{
	const char *slash = strrchr(module->path, '/');

	return slash &&
	       (strncmp(slash + 1, "python3", 7) == 0 || strncmp(slash + 1, "libpython3", 10) == 0);
}

/* From 3.11 on the interpreter says it; until then only its file's name does. */
static enum python_version find_version(struct target *target, const struct target_module *module)
{
	uint64_t at, size_bytes;
	uint32_t number;
	uint32_t minor;

	if (!elf_image_find_symbol(module->image, "Py_Version", &at, &size_bytes))
		minor = minor_of_name(strrchr(module->path, '/'));
	else if (target_read(target, module->bias + at, &number, sizeof(number)) &&
		 number >> 24 == 3)
		minor = number >> 16 & 255u;
	else
		minor = 0;
	return minor >= MINOR_FIRST && minor - MINOR_FIRST < PYTHON_VERSION_COUNT
		       ? (enum python_version)(minor - MINOR_FIRST)
		       : PYTHON_VERSION_COUNT;
}

/* What the interpreter says of itself counts for more than the table.  False: its layout is
 * not that of the table's version. */
static bool fill_offsets(struct python *python)
{
	uint64_t words[WORD_COUNT];
	bool has_words = python->version == PYTHON_3_13 &&
			 target_read(python->target, python->runtime, words, sizeof(words)) &&
			 !memcmp(words, COOKIE, sizeof(*words));

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
		python->offsets[i] = has_words && rows[i].word != NONE
					     ? (uint32_t)words[rows[i].word]
					     : rows[i].offsets[python->version];
	/* Without a global lock objects are larger, and strings and locks other ones. */
	return !has_words || !words[WORD_FREE_THREADED];
}

bool python_layout_find(struct python *python)
{
	struct target *target = python->target;

	for (size_t i = 0; i < target->module_count; i++) {
		struct target_module *module = &target->modules[i];
		uint64_t runtime, size_bytes;

		if (!is_python(module))
			continue;
		if (!module->image)
			module->image =
				elf_image_open(target->pool, module->path, module->build_id);
		if (!elf_image_find_symbol(module->image, "_PyRuntime", &runtime, &size_bytes))
			continue;
		python->runtime = module->bias + runtime;
		python->version = find_version(target, module);
		if (python->version != PYTHON_VERSION_COUNT)
			return fill_offsets(python);
	}
	return false;
}
