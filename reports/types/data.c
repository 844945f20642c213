#include "reports/types/data.h"

#include <string.h>

#include "reports/symbols/elf_image.h"

#define BUCKET_COUNT 1024u

/* What an instruction accesses; in the chain of its bucket. */
struct known_pointee {
	struct known_pointee *next;
	uint64_t offset;
	uint64_t size_bytes;
	bool is_known;
	struct pointee pointee;
};

struct known_pointees {
	struct known_pointee *buckets[BUCKET_COUNT];
};

/* The module at @address in any code generation, as none is recorded for data. */
static const struct model_module *module_of_data(const struct model_process *process,
						 uint64_t address)
{
	const struct model_module *module = model_module(process, UINT32_MAX, address);
	const struct model_module *modules = process->modules.rows;

	for (size_t i = process->modules.count; i-- > 0 && !module;) {
		if (address >= modules[i].start && address < modules[i].end)
			module = &modules[i];
	}
	return module;
}

const char *data_name(struct symbolizer *symbolizer, const struct model_process *process,
		      uint64_t address)
{
	const struct model_module *module = module_of_data(process, address);
	struct elf_image *image;
	const char *symbol;
	const char *name;
	uint64_t distance;
	uint64_t offset;

	if (!module)
		return NULL;
	image = symbolizer_image(symbolizer, module);
	offset = address - module->bias;
	name = variable_name(image->pool, image, offset);
	if (name)
		return name;
	symbol = elf_image_symbol(image, offset, false, &distance);
	if (!symbol)
		return pool_format(image->pool, "%s+%#llx", model_module_name(module),
				   (unsigned long long)offset);
	symbol = demangle_name(image->pool, symbol);
	if (!distance)
		return symbol;
	return pool_format(image->pool, "%s+%llu", symbol, (unsigned long long)distance);
}

/* By the symbol alone, or without one by the offset in the module. */
static struct variable_place place_by_symbol(struct pool *pool, struct elf_image *image,
					     const struct model_module *module, uint64_t offset,
					     uint64_t size_bytes)
{
	struct variable_place place = {.part = {.path = "", .stable_path = ""}};
	const char *symbol = elf_image_symbol(image, offset, false, &place.offset);

	if (!symbol) {
		place.is_nameless = true;
		place.stable_name = pool_format(pool, "data of %s", model_module_name(module));
		place.name = pool_format(pool, "%s+%#llx", model_module_name(module),
					 (unsigned long long)offset);
		return place;
	}
	place.stable_name = place.name = demangle_name(pool, symbol);
	if (place.offset)
		place.name =
			pool_format(pool, "%s+%llu", place.name, (unsigned long long)place.offset);
	/* By a copy relocation it may be a library's variable. */
	variable_find_declared(pool, image, symbol, size_bytes, &place);
	return place;
}

bool data_find_variable(struct symbolizer *symbolizer, const struct model_process *process,
			uint64_t address, uint64_t size_bytes, struct variable_place *place)
{
	const struct model_module *module = module_of_data(process, address);
	struct elf_image *image;

	if (!module || strcmp(module->build_id, MODULE_IS_SCRIPT) == 0)
		return false;
	image = symbolizer_image(symbolizer, module);
	if (!variable_find(image->pool, image, address - module->bias, size_bytes, place))
		*place = place_by_symbol(image->pool, image, module, address - module->bias,
					 size_bytes);
	return true;
}

static const struct known_pointee *find_pointee(struct elf_image *image, uint64_t offset,
						uint64_t size_bytes)
{
	struct known_pointee **bucket;
	struct known_pointee *known;

	if (!image->pointees)
		image->pointees = pool_alloc(image->pool, sizeof(*image->pointees));
	bucket = &image->pointees->buckets[offset % BUCKET_COUNT];
	for (known = *bucket; known; known = known->next) {
		if (known->offset == offset && known->size_bytes == size_bytes)
			return known;
	}
	known = pool_alloc(image->pool, sizeof(*known));
	*known = (struct known_pointee){*bucket, offset, size_bytes, false, {0}};
	*bucket = known;
	known->is_known = pointee_find(image->pool, image, offset, size_bytes, &known->pointee);
	return known;
}

bool data_find_pointee(struct symbolizer *symbolizer, const struct model_process *process,
		       uint32_t stack, uint64_t size_bytes, struct pointee *pointee)
{
	const struct known_pointee *known;
	struct elf_image *image;
	uint64_t address;

	if (!symbolize_instruction(symbolizer, process, stack, &image, &address))
		return false;
	known = find_pointee(image, address, size_bytes);
	*pointee = known->pointee;
	return known->is_known;
}
