#include "reports/code/straight.h"

#include "reports/types/code.h"
#include "x86/decode/decode.h"

#define STEPS_MAX 12 /* moves that are followed */
#define NONE SIZE_MAX
#define POINTER_BYTES 8u

static bool is_caller_saved(int number)
{
	return number != RBX && number != RBP && number != RSP && number < R12;
}

/* The last instruction before @at that changes register @number: also a call, for its
 * result.  NONE if control does not come straight from there. */
static size_t find_change(const struct code *code, size_t at, int number)
{
	while (at-- > 0) {
		const struct instruction *instruction = &code->instructions[at];

		if (instruction_is_call(instruction) && is_caller_saved(number))
			return number == RAX ? at : NONE;
		if (!instruction_is_call(instruction) && !instruction_falls_through(instruction))
			return NONE;
		if (instruction->changes & REGISTER_BIT((unsigned)number))
			return at;
	}
	return NONE;
}

/* A slot of the function's own frame. */
static bool is_slot(const struct instruction *instruction)
{
	return (instruction->base == RSP || instruction->base == RBP) &&
	       instruction->index == NO_REGISTER && !(instruction->memory & MEMORY_SEGMENT);
}

/* The last store before @at to the slot that instruction @at loads; or NONE. */
static size_t find_store(const struct code *code, size_t at)
{
	const struct instruction *load = &code->instructions[at];

	while (at-- > 0) {
		const struct instruction *store = &code->instructions[at];

		if (!instruction_is_call(store) && !instruction_falls_through(store))
			return NONE;
		if (store->memory & MEMORY_WRITE && is_slot(store) && store->base == load->base &&
		    store->displacement == load->displacement)
			return store->source == NO_REGISTER ? NONE : at;
	}
	return NONE;
}

static bool loads_pointer(const struct instruction *instruction, int number)
{
	return instruction->memory & MEMORY_READ && instruction->destination == number &&
	       instruction->access_bytes == POINTER_BYTES;
}

/* The register that @instruction makes the value of @number of; or NO_REGISTER. */
static int source_of(const struct instruction *instruction, int number)
{
	enum instruction_form form = instruction_form(instruction);

	if (instruction->is_lea)
		return instruction->is_rip_relative ? NO_REGISTER : instruction->base;
	if (instruction->memory || instruction->destination != number)
		return NO_REGISTER;
	if (form == FORM_ADD)
		return number;
	return form == FORM_MOVE ? instruction->source : NO_REGISTER;
}

/* The instruction that made the value of register @number in front of @at: neither a
 * move, a sum, nor the load of a stack slot; or NONE. */
static size_t find_maker(const struct code *code, size_t at, int number)
{
	for (int i = 0; i < STEPS_MAX && number != NO_REGISTER; i++) {
		const struct instruction *instruction;
		int source;

		at = find_change(code, at, number);
		if (at == NONE)
			return NONE;
		instruction = &code->instructions[at];
		source = source_of(instruction, number);
		if (source == NO_REGISTER && loads_pointer(instruction, number) &&
		    is_slot(instruction)) {
			at = find_store(code, at);
			if (at == NONE)
				return NONE;
			source = code->instructions[at].source;
		}
		if (source == NO_REGISTER)
			return at;
		number = source;
	}
	return NONE;
}

/* True for what the loader fills in and then protects: the table of addresses. */
static bool is_read_only_after_start(struct elf_image *image, uint64_t address)
{
	GElf_Phdr header;

	return elf_image_header(image, PT_GNU_RELRO, &header) &&
	       address - header.p_vaddr < header.p_memsz;
}

bool straight_find_load(struct elf_image *image, uint64_t address,
			struct pointer_load *load)
{
	const struct instruction *last, *maker;
	struct code code;
	size_t at;
	int number;

	if (!code_read(image, address, &code))
		return false;
	last = &code.instructions[code.count - 1];
	if (last->is_rip_relative || is_slot(last))
		return false;
	/* Without a scale either register may be the pointer. */
	number = last->base == NO_REGISTER && last->scale <= 1 ? last->index : last->base;
	at = find_maker(&code, code.count - 1, number);
	maker = at == NONE ? NULL : &code.instructions[at];
	if (!maker || !(instruction_is_call(maker) ||
			(maker->memory & MEMORY_READ && maker->access_bytes == POINTER_BYTES)))
		return false;
	*load = (struct pointer_load){
		.address = code.start + maker->offset,
		.end = code.start + maker->offset + maker->length,
		.has_target = maker->is_rip_relative && !instruction_is_call(maker),
		.target = code.start + (uint64_t)maker->target,
	};
	return !(load->has_target && is_read_only_after_start(image, load->target));
}

/* The instruction that makes the value of register @number in front of @at, up to
 * constants that are added: *@added.  NULL if unknown. */
static const struct instruction *find_constant(const struct code *code, size_t at, int number,
					       int64_t *added)
{
	for (*added = 0; (at = find_change(code, at, number)) != NONE;) {
		const struct instruction *instruction = &code->instructions[at];

		if (instruction_form(instruction) != FORM_ADD || instruction->memory ||
		    instruction->source != NO_REGISTER)
			return instruction;
		*added += instruction_subtracts(instruction) ? -instruction->immediate
							     : instruction->immediate;
	}
	return NULL;
}

bool straight_find_stored(struct elf_image *image, uint64_t address,
			  uint64_t *value)
{
	const struct instruction *store, *maker;
	struct code code;
	int64_t added = 0;

	if (!code_read(image, address, &code))
		return false;
	store = maker = &code.instructions[code.count - 1];
	if (!(store->memory & MEMORY_WRITE) || store->access_bytes != POINTER_BYTES)
		return false;
	if (store->source != NO_REGISTER)
		maker = find_constant(&code, code.count - 1, store->source, &added);
	if (maker && maker->is_lea && maker->is_rip_relative)
		*value = code.start + (uint64_t)maker->target + (uint64_t)added;
	else if (maker && instruction_form(maker) == FORM_MOVE && maker->source == NO_REGISTER &&
		 !(maker->memory & MEMORY_READ))
		*value = (uint64_t)(maker->immediate + added);
	else
		return false;
	return true;
}

#define AHEAD_MAX 64u /* instructions that are looked at */

bool straight_is_compared(struct elf_image *image, uint64_t address)
{
	const struct instruction *next;
	struct code code;
	uint32_t size_bytes;

	if (!code_read(image, address, &code))
		return false;
	next = &code.instructions[code.count - 1];
	size_bytes = next->access_bytes;
	for (unsigned i = 0; i < AHEAD_MAX; i++) {
		address = next->kind == INSTRUCTION_BRANCH ? code.start + (uint64_t)next->target
							   : address + next->length;
		if (!code_decode(image, code.start, address, &code))
			return false;
		next = &code.instructions[code.count - 1];
		if (next->memory & MEMORY_COMPARES && next->access_bytes == size_bytes)
			return true;
		if (next->kind != INSTRUCTION_BRANCH && !instruction_is_call(next) &&
		    !instruction_falls_through(next))
			return false;
	}
	return false;
}
