/* The program's registers in frames on its stack: a thunk's and a signal's. */
#ifndef PRELOAD_ARCH_X86_64_FRAME_H
#define PRELOAD_ARCH_X86_64_FRAME_H

#include <stddef.h>
#include <sys/ucontext.h>

#include "base/types.h"

struct thread;

/* By the kernel's REG_... numbers. */
struct context_registers {
	gregset_t all;
};

/* The program's registers in a thunk, as access.S pushes them. */
struct access_frame {
	uint64_t flags;
	uint64_t pc; /* of the site, plus 1 (so that unwinders take the site itself) */
	uint64_t frame_pointer, r11, r10, r9, r8, rdi, rsi, rdx, rcx, rax;
	uint64_t return_address; /* into the clone */
	uint64_t words[3];	 /* the id, and the address; a mask before both of them */
};

/* Those that C code gives back as they were. */
struct preserved_registers {
	uint64_t rbx, r12, r13, r14, r15;
};

/* Register @number, as instructions count them; not rsp. */
static inline uint64_t access_frame_register(const struct access_frame *frame,
					     const struct preserved_registers *preserved,
					     unsigned number)
{
#define OF_FRAME(name) offsetof(struct access_frame, name)
#define OF_PRESERVED(name) (FIRST_PRESERVED + offsetof(struct preserved_registers, name))
	enum { FIRST_PRESERVED = sizeof(struct access_frame) };
	static const uint8_t places[] = {
		OF_FRAME(rax),
		OF_FRAME(rcx),
		OF_FRAME(rdx),
		OF_PRESERVED(rbx),
		0,
		OF_FRAME(frame_pointer),
		OF_FRAME(rsi),
		OF_FRAME(rdi),
		OF_FRAME(r8),
		OF_FRAME(r9),
		OF_FRAME(r10),
		OF_FRAME(r11),
		OF_PRESERVED(r12),
		OF_PRESERVED(r13),
		OF_PRESERVED(r14),
		OF_PRESERVED(r15),
	};
#undef OF_FRAME
#undef OF_PRESERVED
	size_t place = places[number % ARRAY_LENGTH(places)];
	const char *value = place < FIRST_PRESERVED
				    ? (const char *)frame + place
				    : (const char *)preserved + place - FIRST_PRESERVED;

	return *(const uint64_t *)(const void *)value;
}

#define ZERO_FLAG (1u << 6)

/* Has the cmpxchg stored that was executed before the thunk was called? */
static inline bool access_frame_has_stored(const struct access_frame *frame)
{
	return frame->flags & ZERO_FLAG;
}

/* Jumps (code/jump.h), and how far they reach: a little less than 2 GiB. */
#define JUMP_BYTES 5u
#define JUMP_FAR_BYTES 14u
#define JUMP_REACH 0x7ff00000ul

/* Of a plain access: its size in bytes (0: see the site), and ... */
#define WHAT_BYTES 0xffu
#define WHAT_WRITE 0x100u
#define WHAT_AGAIN 0x200u /* the thunk has recorded it, and met another thread */
#define WHAT_CLAIMED 0x400u /* ... and somebody claimed the page of the word meanwhile */
#define WHAT_AND_NEXT 0x800u /* ... and the granule behind it is accessed, too */

/* How a struct guest_thread begins (preload/guest/guest.h): thunks raise its guard, too. */
struct guest_head {
	struct thread *thread;
	uintptr_t guard;
	uint8_t leaving;
};

/* What is to be done when the guard goes down: signals are blocked until then; events are noted
 * then. */
enum guest_leaving { LEAVING_DEFERRED = 1u, LEAVING_NOTED = 2u };

/* Which regions have shadow, by the address's upper bits. */
#define ACCESS_REGION_SHIFT 40
#define ACCESS_REGION_COUNT 128
extern const uint8_t access_regions[ACCESS_REGION_COUNT];

/* The seventh argument of a system call, on the stack.  It is no parameter of
 * the wrapper: compilers may write to a parameter's place, and where the caller
 * passes fewer arguments that place is a variable of its own. */
#define SYSCALL_LAST_ARGUMENT (((const volatile long *)__builtin_frame_address(0))[2])

#endif
