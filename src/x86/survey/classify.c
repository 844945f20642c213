#include "x86/survey/classify.h"

#include "x86/decode/masked.h"

/* A stack slot is private to the thread while its address does not escape. */
static bool is_private_slot(const struct function *function, const struct instruction *instruction)
{
	bool is_slot = instruction->memory & MEMORY_STACK || instruction->base == RSP;
	bool moves_rsp = (instruction->changes & REGISTER_BIT(RSP)) != 0;

	if (!is_slot)
		return false;
	/* pop into a slot: the address is relative to the rsp after the pop. */
	return !function->stack_escapes || (moves_rsp && instruction->memory & MEMORY_WRITE);
}

/* Thread-local variables lie below the thread pointer (ELF TLS, variant II); at it and
 * above is what glibc keeps of the thread, such as the canary of stack protectors. */
static bool is_thread_local_variable(const struct instruction *instruction)
{
	bool has_register =
		instruction->base != NO_REGISTER || instruction->index != NO_REGISTER;

	return !instruction->segment_is_gs && !instruction->is_rip_relative &&
	       instruction->base != RSP && (has_register || instruction->displacement < 0) &&
	       !(instruction->memory & (MEMORY_STRING | MEMORY_GATHER | MEMORY_MASKED));
}

static bool is_in_read_only(const struct module *module, const struct instruction *instruction)
{
	uint64_t address;

	if (instruction->memory & MEMORY_WRITE || !module->is_read_only)
		return false;
	if (instruction->is_rip_relative)
		address = module->text_address + (uint64_t)instruction->target;
	else if (module->is_fixed && instruction->base == NO_REGISTER &&
		 !(instruction->memory & (MEMORY_STRING | MEMORY_GATHER)))
		address = (uint64_t)(int64_t)instruction->displacement;
	else
		return false;
	return module->is_read_only(module->context, address);
}

/* A jump through the GOT, or through a table of cases. */
static bool is_table_jump(const struct function *function, const struct instruction *instruction)
{
	return instruction->kind == INSTRUCTION_JUMP_INDIRECT &&
	       (instruction->is_rip_relative ||
		(function->has_jump_table && instruction->index != NO_REGISTER));
}

static enum access_class classify_string(const struct instruction *instruction)
{
	if (!instruction->is_prefix_repeated)
		return ACCESS_SIMPLE;
	return instruction->string == STRING_NONE ? ACCESS_UNCHECKED : ACCESS_STRING;
}

static bool has_simple_size(const struct instruction *instruction)
{
	uint32_t size = instruction->access_bytes;

	return size >= 1 && size <= 64 && (size & (size - 1)) == 0;
}

enum access_class checks_classify(const struct module *module, const struct function *function,
				  const struct instruction *instruction)
{
	uint32_t memory = instruction->memory;
	struct masked_operands operands;

	if (instruction->is_prefetch)
		return ACCESS_PREFETCH;
	if (!(memory &
	      (MEMORY_READ | MEMORY_WRITE | MEMORY_STRING | MEMORY_UNCHECKED | MEMORY_SEGMENT)) ||
	    instruction->is_lea)
		return ACCESS_NONE;
	if (memory & MEMORY_SEGMENT) {
		if (!is_thread_local_variable(instruction))
			return ACCESS_THREAD_LOCAL;
	} else if (is_private_slot(function, instruction)) {
		return ACCESS_STACK;
	} else if (is_in_read_only(module, instruction) || is_table_jump(function, instruction)) {
		return ACCESS_READ_ONLY;
	}
	if (memory & MEMORY_UNCHECKED)
		return ACCESS_UNCHECKED;
	if (memory & (MEMORY_GATHER | MEMORY_MASKED))
		return masked_decode(module->text + instruction->offset, instruction, &operands)
			       ? ACCESS_MASKED
			       : ACCESS_UNCHECKED;
	if (memory & MEMORY_STRING)
		return classify_string(instruction);
	if (memory & MEMORY_LOCKED)
		return ACCESS_LOCKED;
	if (!instruction->access_bytes)
		return ACCESS_UNCHECKED;
	return has_simple_size(instruction) ? ACCESS_SIMPLE : ACCESS_SIZED;
}

static uint32_t count_class(enum access_class class, struct plan_statistics *statistics)
{
	statistics->accesses += class > ACCESS_PREFETCH;
	switch (class) {
	case ACCESS_NONE:
	case ACCESS_PREFETCH:
		return 0;
	case ACCESS_STACK:
		statistics->on_stack++;
		return 0;
	case ACCESS_READ_ONLY:
		statistics->read_only++;
		return 0;
	case ACCESS_THREAD_LOCAL:
		statistics->thread_local_++;
		return 0;
	case ACCESS_UNCHECKED:
		statistics->unchecked++;
		return 0;
	case ACCESS_LOCKED:
		statistics->atomics++;
		return 1;
	case ACCESS_STRING:
		statistics->strings++;
		return 1;
	case ACCESS_SIMPLE:
	case ACCESS_SIZED:
	case ACCESS_MASKED:
		break;
	}
	return 1;
}

uint32_t checks_survey(const struct module *module, const struct function *function,
		       struct plan_statistics *statistics)
{
	uint32_t wanted = 0;

	for (uint32_t i = 0; i < function->count; i++)
		wanted += count_class(checks_class(module, function, i), statistics);
	return wanted;
}

static bool is_system_call(const struct module *module, const struct instruction *instruction)
{
	const unsigned char *bytes = module->text + instruction->offset;

	return instruction->length == 2 && bytes[0] == 0x0f &&
	       (bytes[1] == 0x05 || bytes[1] == 0x34);
}

bool checks_is_barrier(const struct module *module, const struct instruction *instruction)
{
	return instruction->kind != INSTRUCTION_PLAIN ||
	       instruction->memory & (MEMORY_LOCKED | MEMORY_STRING) ||
	       is_system_call(module, instruction);
}
