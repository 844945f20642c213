#define _GNU_SOURCE
#include "preload/instrument/rendezvous.h"

#include <link.h>
#include <string.h>
#include <sys/mman.h>

#include "base/kernel.h"
#include "preload/guest/guest.h"
#include "preload/code/jump.h"
#include "preload/code/near.h"
#include "preload/instrument/races.h"

#define PAGE 4096ul

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
	unsigned char jump[JUMP_BYTES];
	unsigned char *block;

	if (!code || !jump_has_room(code))
		return false;
	block = near_allocate(JUMP_FAR_BYTES, (uintptr_t)code, (uintptr_t)code + PAGE, 0);
	if (!block)
		return false;
	jump_write_far(block, (uintptr_t)handle_change);
	jump_write(jump, (uintptr_t)code, (uintptr_t)block);
	return near_seal(block, JUMP_FAR_BYTES) && write_code(code, jump, sizeof(jump));
}
