#define _GNU_SOURCE
#include "preload/instrument/rendezvous.h"

#include <link.h>
#include <string.h>
#include <sys/mman.h>

#include "base/kernel.h"
#include "preload/guest/guest.h"
#include "preload/code/near.h"
#include "preload/instrument/races.h"

#define PAGE 4096ul
#define JUMP_BYTES 5u
#define ISLAND_BYTES 14u /* jmp *0(%rip), and the address */

/* Called by the loader in place of a function that does nothing. */
static void handle_change(void)
{
	struct guest_thread *self;

	if (_r_debug.r_state != RT_CONSISTENT)
		return;
	self = guest_enter();
	if (!self)
		return;
	races_modules_changed(self);
	guest_leave(self);
}

/* Is it endbr64 and ret, or ret alone, and then only padding between functions? */
static bool is_as_expected(const unsigned char *code)
{
	static const unsigned char landing[] = {0xf3, 0x0f, 0x1e, 0xfa};
	/* First bytes of the nops that assemblers use for padding. */
	static const unsigned char padding[] = {0x0f, 0x66, 0x2e, 0x90, 0xcc};

	if (memcmp(code, landing, sizeof(landing)) == 0)
		return code[4] == 0xc3;
	return code[0] == 0xc3 && memchr(padding, code[1], sizeof(padding)) &&
	       ((uintptr_t)code & 15) + JUMP_BYTES <= 16;
}

static bool write_code(unsigned char *code, const unsigned char *bytes, size_t count)
{
	uintptr_t page = (uintptr_t)code & ~(PAGE - 1);
	size_t size_bytes = (uintptr_t)code + count - page;

	if (kernel_call3(SYS_mprotect, page, size_bytes, PROT_READ | PROT_WRITE) != 0)
		return false;
	memcpy(code, bytes, count);
	return kernel_call3(SYS_mprotect, page, size_bytes, PROT_READ | PROT_EXEC) == 0;
}

bool rendezvous_watch(void)
{
	unsigned char *code = (unsigned char *)_r_debug.r_brk;
	unsigned char island[ISLAND_BYTES] = {0xff, 0x25};
	unsigned char jump[JUMP_BYTES] = {0xe9};
	uintptr_t target = (uintptr_t)handle_change;
	unsigned char *block;
	int32_t distance;

	if (!code || !is_as_expected(code))
		return false;
	block = near_allocate(sizeof(island), (uintptr_t)code, (uintptr_t)code + PAGE);
	if (!block)
		return false;
	memcpy(island + 6, &target, sizeof(target));
	memcpy(block, island, sizeof(island));
	distance = (int32_t)(block - (code + JUMP_BYTES));
	memcpy(jump + 1, &distance, sizeof(distance));
	return near_seal(block, sizeof(island)) && write_code(code, jump, sizeof(jump));
}
