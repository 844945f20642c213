#include "unwind/registers.h"

#include <errno.h>

#include "base/kernel.h"

#define PAGE_BYTES 4096

/* The program may have stored the word with another type. */
typedef uintptr_t __attribute__((may_alias)) stack_word;

/* Asks the kernel to read @page in a call that can change nothing: it fails with
 * EFAULT if it could not read, else with EINVAL for its first argument.  This call,
 * because every sandbox allows it. */
static bool page_is_mapped(uintptr_t page)
{
	return kernel_call4(SYS_rt_sigprocmask, ~0L, page, 0, 8) != -EFAULT;
}

static bool may_read(struct unwind_registers *registers, uintptr_t address)
{
	uintptr_t page = address & ~(uintptr_t)(PAGE_BYTES - 1);

	if (address % sizeof(uintptr_t) != 0)
		return false;
	if (page >= registers->readable_start && page < registers->readable_end)
		return true;
	if (!page_is_mapped(page)) {
		if (registers->result)
			registers->result->met_unmapped = true;
		return false;
	}
	if (page != registers->readable_end)
		registers->readable_start = page;
	registers->readable_end = page + PAGE_BYTES;
	return true;
}

/* Reads the word at @address and notes that the result depends on it. */
static bool read_and_note_word(struct unwind_registers *registers, uintptr_t address,
			       uintptr_t *value)
{
	struct unwind_result *result = registers->result;

	if (!may_read(registers, address))
		return false;
	*value = *(const stack_word *)address;
	if (!result)
		return true;
	if (result->word_count == UNWIND_WORD_MAX)
		return false;
	result->words[result->word_count++] = (struct unwind_word){address, *value};
	return true;
}

bool unwind_read_word(struct unwind_registers *registers, uintptr_t address, uintptr_t *value)
{
	if (address < registers->floor)
		return false;
	if (address > registers->highest_word)
		registers->highest_word = address;
	return read_and_note_word(registers, address, value);
}

static bool read_start(struct unwind_registers *registers, unsigned int number)
{
	if (registers->result && number == REGISTER_FRAME)
		registers->result->uses_frame_pointer = true;
	if (registers->result && number != REGISTER_FRAME)
		registers->result->uses_other = true;
	return number == REGISTER_FRAME || registers->start_is_known;
}

bool unwind_read_register(struct unwind_registers *registers, unsigned int number, uintptr_t *value)
{
	if (number >= ARCH_DWARF_RETURN_ADDRESS)
		return false;
	switch ((enum register_place)registers->places[number]) {
	case PLACE_VALUE:
		break;
	case PLACE_START:
		if (!read_start(registers, number))
			return false;
		break;
	case PLACE_WORD:
		/* It lies in an inner frame, which was checked when it was noted. */
		if (!read_and_note_word(registers, registers->values[number],
					&registers->values[number]))
			return false;
		registers->places[number] = PLACE_VALUE;
		break;
	case PLACE_LOST:
	default:
		return false;
	}
	*value = registers->values[number];
	return true;
}
