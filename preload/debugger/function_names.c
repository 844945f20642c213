#include "preload/debugger/function_names.h"

#include <string.h>

#include "base/arena.h"
#include "base/kernel.h"
#include "preload/guest/text.h"
#include "x86/plan_names.h"

/* Is it the file that was loaded?  Another one may have got its name. */
static bool is_loaded_file(const struct elf_file *file, const struct clone_region *region)
{
	const void *loaded = NULL;

	for (uint32_t i = 0; i < region->header_count; i++)
		if (region->headers[i].p_type == PT_LOAD && region->headers[i].p_offset == 0)
			loaded = (const void *)(region->bias + region->headers[i].p_vaddr);
	return loaded && memcmp(&file->header, loaded, sizeof(file->header)) == 0;
}

void function_names_free(struct function_names *names)
{
	if (names->by_function)
		kernel_call2(SYS_munmap, names->by_function, names->page_bytes);
	names->by_function = NULL;
	mapped_file_close(&names->file);
}

void function_names_read(struct function_names *names, const char *path,
			 const struct clone_region *region, const struct image *image,
			 const struct plan *plan)
{
	const char *slash = strrchr(path, '/');
	struct elf_file elf;
	const char *why;

	*names = (struct function_names){
		.page_bytes = (plan->function_count * sizeof(*names->by_function) + 4095) &
			      ~(size_t)4095,
		.module = !*image->name ? "program"
			  : slash	? slash + 1
					: path,
	};
	if (mapped_file_open(&names->file, path) == 0 &&
	    elf_file_open(&elf, names->file.bytes, names->file.size_bytes, &why) &&
	    is_loaded_file(&elf, region))
		names->by_function = pages_from_kernel(names->page_bytes);
	if (names->by_function)
		plan_names_read(plan, image, &elf, names->by_function);
}

size_t function_name_write(const struct function_names *names, uint32_t index, uint64_t from,
			   char name[FUNCTION_NAME_BYTES])
{
	struct text text = text_begin(name, FUNCTION_NAME_BYTES);

	if (names->by_function && names->by_function[index]) {
		text_add(&text, names->by_function[index]);
	} else {
		text_add(&text, names->module);
		text_add(&text, "+0x");
		text_add_hexadecimal(&text, from);
	}
	return text.length;
}
