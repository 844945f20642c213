#include "reports/types/code.h"

#include <gelf.h>

#include "reports/types/form.h"
#include "x86/decode/decode.h"

#define CODE_BYTES_MAX (256u * 1024) /* of a function: larger ones are not decoded */
#define INSTRUCTION_BYTES_MAX 15u

/* The file's bytes from @address on, at least @wanted of them; or NULL. */
static const unsigned char *find_bytes(struct elf_image *image, uint64_t address, size_t wanted,
				       size_t *left)
{
	GElf_Addr bias;
	Elf *elf = image->module ? dwfl_module_getelf(image->module, &bias) : NULL;
	size_t count = 0;

	if (!elf || elf_getphdrnum(elf, &count) != 0)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		GElf_Phdr header;
		Elf_Data *data;

		if (!gelf_getphdr(elf, (int)i, &header) || header.p_type != PT_LOAD ||
		    address < header.p_vaddr || address - header.p_vaddr >= header.p_filesz)
			continue;
		*left = header.p_filesz - (address - header.p_vaddr);
		if (*left > wanted)
			*left = wanted;
		data = elf_getdata_rawchunk(elf,
					    (int64_t)(header.p_offset + address - header.p_vaddr),
					    *left, ELF_T_BYTE);
		return data ? data->d_buf : NULL;
	}
	return NULL;
}

static const struct decoder *shared_decoder(void)
{
	static struct decoder decoder;
	static bool is_ready;

	if (!is_ready)
		is_ready = decoder_init_linked(&decoder);
	return is_ready ? &decoder : NULL;
}

bool code_decode(struct pool *pool, struct elf_image *image, uint64_t start, uint64_t address,
		 struct code *code)
{
	const struct decoder *decoder = shared_decoder();
	struct instruction *instructions = NULL;
	const unsigned char *bytes;
	size_t count = 0;
	size_t offset = 0;
	size_t left;

	if (!decoder || address < start || address - start > CODE_BYTES_MAX)
		return false;
	bytes = find_bytes(image, start, address - start + INSTRUCTION_BYTES_MAX, &left);
	while (bytes && offset <= address - start) {
		instructions = pool_grow(pool, instructions, count, sizeof(*instructions));
		if (offset >= left || !instruction_decode(decoder, bytes + offset, left - offset,
							  (uint32_t)offset, &instructions[count]))
			return false;
		offset += instructions[count++].length;
	}
	*code = (struct code){instructions, count, start};
	return count && start + instructions[count - 1].offset == address;
}

/* The start of the function at @address, by its symbol or the unwind table. */
static bool find_function(struct elf_image *image, uint64_t address, uint64_t *start)
{
	uint64_t distance;

	if (!elf_image_symbol(image, address, true, &distance))
		return elf_image_function_start(image, address, start);
	*start = address - distance;
	return true;
}

bool code_read(struct pool *pool, struct elf_image *image, uint64_t address, struct code *code)
{
	uint64_t start;

	return find_function(image, address, &start) &&
	       code_decode(pool, image, start, address, code);
}

bool code_content(struct pool *pool, struct elf_image *image, uint64_t address, uint64_t *content)
{
	struct code code = {.count = 0};
	uint64_t start;

	if (!find_function(image, address, &start))
		return false;
	/* At the return address of a call, minus one, no instruction begins. */
	(void)code_decode(pool, image, start, address, &code);
	*content = code.count;
	for (size_t i = 0; i < code.count; i++) {
		const struct instruction *at = &code.instructions[i];

		*content = *content * 1099511628211ull +
			   (at->length | (uint64_t)at->kind << 4 | (uint64_t)at->memory << 8);
	}
	return code.count != 0;
}

bool form_find(struct pool *pool, struct elf_image *image, uint64_t address,
	       struct access_form *form)
{
	const struct instruction *last;
	struct code code;
	uint64_t start;

	code.count = 0;
	if (!find_function(image, address, &start))
		return false;
	if (code_decode(pool, image, start, address, &code)) {
		last = &code.instructions[code.count - 1];
		*form = (struct access_form){access_shape_of(last), last->access_bytes};
		return true;
	}
	/* Not the start of an instruction: the return address of a call, minus one. */
	last = code.count ? &code.instructions[code.count - 1] : NULL;
	if (!last || (last->kind != INSTRUCTION_CALL && last->kind != INSTRUCTION_CALL_INDIRECT))
		return false;
	*form = (struct access_form){SHAPE_NONE, 0};
	return true;
}
