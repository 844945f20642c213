#include "inspect/objects/functions.h"

#include <string.h>

#include "reports/symbols/elf_image.h"

#define BUCKET_COUNT 256u
#define CODE_BYTES_MAX 1024u

static const struct wait_function wait_functions[] = {
#define FUNCTION(name, kind, mode) {name, OBJECT_##kind, HOLD_##mode},
#include "inspect/objects/functions.def"
#undef FUNCTION
};

/* A place in the code that was looked up: threads wait in few. */
struct known_code {
	struct known_code *next;
	uint64_t code;
	const struct wait_function *function; /* or NULL */
};

/* "__GI___pthread_join" becomes "pthread_join". */
static const char *plain_name(const char *name)
{
	name += strspn(name, "_");
	if (strncmp(name, "GI_", 3) == 0)
		name += 3;
	return name + strspn(name, "_");
}

/* "pthread_mutex_lock" and "pthread_mutex_lock.cold" are one. */
static bool is_name(const char *symbol, const char *name)
{
	size_t length = strlen(name);

	return strncmp(symbol, name, length) == 0 && (!symbol[length] || symbol[length] == '.');
}

static bool is_c_library(const struct target_module *module)
{
	const char *slash = strrchr(module->path, '/');
	const char *name = slash ? slash + 1 : module->path;

	return strncmp(name, "libc.so", 7) == 0 || strncmp(name, "libc-2", 6) == 0 ||
	       strncmp(name, "libpthread", 10) == 0;
}

/* Where a function of the table is, in its file. */
struct function_place {
	uint64_t address, size_bytes; /* 0: the library has none */
};

static const struct function_place *list_places(struct target *target, struct elf_image *image)
{
	if (target->places)
		return target->places;
	target->places =
		pool_alloc(target->pool, ARRAY_LENGTH(wait_functions) * sizeof(*target->places));
	for (size_t i = 0; i < ARRAY_LENGTH(wait_functions); i++) {
		struct function_place *place = &target->places[i];

		if (!elf_image_find_symbol(image, wait_functions[i].name, &place->address,
					   &place->size_bytes))
			*place = (struct function_place){0};
	}
	return target->places;
}

/* Does the code of @place have a jump, conditional or not, or a call to @address? */
static bool leads_to(struct target *target, uint64_t bias, const struct function_place *place,
		     uint64_t address)
{
	unsigned char code[CODE_BYTES_MAX];
	uint64_t size_bytes = place->size_bytes < sizeof(code) ? place->size_bytes : sizeof(code);

	if (!size_bytes || !target_read(target, bias + place->address, code, size_bytes))
		return false;
	for (uint64_t i = 0; i + 5 <= size_bytes; i++) {
		int32_t distance;

		if (code[i] != 0xe8 && code[i] != 0xe9 && (code[i] & 0xf0) != 0x80)
			continue;
		memcpy(&distance, code + i + 1, sizeof(distance));
		if (place->address + i + 5 + (uint64_t)(int64_t)distance == address)
			return true;
	}
	return false;
}

/* A function without a name, as in a library without debug information, that one of the
 * table goes on in. */
static const struct wait_function *
look_up_nameless(struct target *target, const struct target_module *module, uint64_t address)
{
	const struct function_place *places = list_places(target, module->image);
	uint64_t start;

	if (!elf_image_function_start(module->image, address, &start))
		return NULL;
	for (size_t i = 0; i < ARRAY_LENGTH(wait_functions); i++)
		if (leads_to(target, module->bias, &places[i], start))
			return &wait_functions[i];
	return NULL;
}

static const struct wait_function *look_up(struct target *target, uint64_t code)
{
	struct target_module *module = target_find_module(target, code);
	const char *symbol;
	uint64_t distance;

	if (!module || !is_c_library(module))
		return NULL;
	if (!module->image)
		module->image = elf_image_open(target->pool, module->path, module->build_id);
	symbol = elf_image_symbol(module->image, code - module->bias - 1, true, &distance);
	if (!symbol)
		return look_up_nameless(target, module, code - module->bias - 1);
	for (size_t i = 0; i < ARRAY_LENGTH(wait_functions); i++)
		if (is_name(plain_name(symbol), wait_functions[i].name))
			return &wait_functions[i];
	return NULL;
}

const struct wait_function *functions_find(struct target *target, uint64_t code)
{
	struct known_code **bucket;
	struct known_code *known;

	if (!target->codes)
		target->codes = pool_alloc(target->pool, BUCKET_COUNT * sizeof(*target->codes));
	bucket = &target->codes[code % BUCKET_COUNT].next;
	for (known = *bucket; known; known = known->next)
		if (known->code == code)
			return known->function;
	known = pool_alloc(target->pool, sizeof(*known));
	*known = (struct known_code){*bucket, code, look_up(target, code)};
	*bucket = known;
	return known->function;
}

const struct wait_function *functions_of_thread(struct target *target,
						const struct target_thread *thread, uint32_t *frame)
{
	const struct target_module *module = NULL;

	for (uint32_t i = 0; i < thread->frame_count; i++) {
		const struct wait_function *function;

		module = target_find_module(target, thread->frames[i].code - 1);
		if (!module || !is_c_library(module))
			return NULL;
		function = functions_find(target, thread->frames[i].code);
		*frame = i;
		if (function)
			return function;
	}
	return NULL;
}
