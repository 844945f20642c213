#include "reports/types/code.h"

#include <gelf.h>

#include "reports/types/form.h"
#include "x86/decode/decode.h"

#define CODE_BYTES_MAX (256u * 1024) /* of a function: larger ones are not decoded */
#define INSTRUCTION_BYTES_MAX 15u
#define STEP_BYTES 4096u
#define BUCKET_COUNT 4096u

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

/* One function as far as it was asked for. */
struct known_code {
	struct known_code *next;
	uint64_t start;
	struct instruction *instructions;
	size_t count;
	size_t bytes;	/* that they take */
	bool has_ended; /* what follows cannot be read or decoded */
};

struct known_codes {
	struct known_code *buckets[BUCKET_COUNT];
};

static struct known_code *find_known(struct elf_image *image, uint64_t start)
{
	struct known_code **bucket;
	struct known_code *known;

	if (!image->codes)
		image->codes = pool_alloc(image->pool, sizeof(*image->codes));
	bucket = &image->codes->buckets[start / 16 % BUCKET_COUNT];
	for (known = *bucket; known && known->start != start; known = known->next)
		;
	if (!known) {
		known = pool_alloc(image->pool, sizeof(*known));
		known->next = *bucket;
		known->start = start;
		*bucket = known;
	}
	return known;
}

/* The bytes of the function at @start, at least up to those of an instruction at @offset if the
 * file has them: *@left.  In steps, as each size is kept by libelf. */
static const unsigned char *find_function_bytes(struct elf_image *image, uint64_t start,
						size_t offset, size_t *left)
{
	size_t steps = (offset + INSTRUCTION_BYTES_MAX) / STEP_BYTES + 1;

	return find_bytes(image, start, steps * STEP_BYTES, left);
}

/* Decodes on, up to and including the instruction at @wanted. */
static void decode_up_to(struct elf_image *image, struct known_code *known, size_t wanted)
{
	const struct decoder *decoder = shared_decoder();
	const unsigned char *bytes;
	size_t left = 0;

	if (known->has_ended || known->bytes > wanted)
		return;
	bytes = find_function_bytes(image, known->start, wanted, &left);
	known->has_ended = !bytes || !decoder;
	while (!known->has_ended && known->bytes <= wanted) {
		struct instruction *instruction;

		known->instructions = pool_grow(image->pool, known->instructions, known->count,
						sizeof(*known->instructions));
		instruction = &known->instructions[known->count];
		known->has_ended = known->bytes >= left ||
				   !instruction_decode(decoder, bytes + known->bytes,
						       left - known->bytes,
						       (uint32_t)known->bytes, instruction);
		if (known->has_ended)
			break;
		known->bytes += instruction->length;
		known->count++;
	}
}

/* How many of its instructions begin at @offset or before. */
static size_t count_up_to(const struct known_code *known, size_t offset)
{
	size_t low = 0;
	size_t high = known->count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (known->instructions[middle].offset <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool code_decode(struct elf_image *image, uint64_t start, uint64_t address, struct code *code)
{
	struct known_code *known;
	size_t count;

	if (address < start || address - start > CODE_BYTES_MAX)
		return false;
	known = find_known(image, start);
	decode_up_to(image, known, address - start);
	if (known->bytes <= address - start)
		return false;
	count = count_up_to(known, address - start);
	*code = (struct code){known->instructions, count, start};
	return count && start + known->instructions[count - 1].offset == address;
}

const unsigned char *code_bytes(struct elf_image *image, const struct code *code)
{
	const struct instruction *last = &code->instructions[code->count - 1];
	size_t left = 0;
	const unsigned char *bytes =
		find_function_bytes(image, code->start, last->offset, &left);

	return bytes && last->offset + last->length <= left ? bytes + last->offset : NULL;
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

bool code_read(struct elf_image *image, uint64_t address, struct code *code)
{
	uint64_t start;

	return find_function(image, address, &start) && code_decode(image, start, address, code);
}

bool code_content(struct elf_image *image, uint64_t address, uint64_t *content)
{
	struct code code = {.count = 0};
	uint64_t start;

	if (!find_function(image, address, &start))
		return false;
	/* At the return address of a call, minus one, no instruction begins. */
	(void)code_decode(image, start, address, &code);
	*content = code.count;
	for (size_t i = 0; i < code.count; i++) {
		const struct instruction *at = &code.instructions[i];

		*content = *content * 1099511628211ull +
			   (at->length | (uint64_t)at->kind << 4 | (uint64_t)at->memory << 8);
	}
	return code.count != 0;
}

bool form_find(struct elf_image *image, uint64_t address, struct access_form *form)
{
	const struct instruction *last;
	struct code code;
	uint64_t start;

	code.count = 0;
	if (!find_function(image, address, &start))
		return false;
	if (code_decode(image, start, address, &code)) {
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
