/*
 * A thunk's frame on the program's stack, and what the thunk tells C of the access.
 */
#ifndef PRELOAD_ARCH_X86_64_FRAME_H
#define PRELOAD_ARCH_X86_64_FRAME_H

#include "base/types.h"

/* The program's registers in a thunk, as access.S pushes them. */
struct access_frame {
	uint64_t flags;
	uint64_t pc; /* of the site, plus 1 (so that unwinders take the site itself) */
	uint64_t rbp, r11, r10, r9, r8, rdi, rsi, rdx, rcx, rax;
	uint64_t return_address; /* into the clone */
	uint64_t words[3];	 /* the id, and the address; a mask before both of them */
};

/* Of a plain access: its size in bytes (0: see the site), and ... */
#define WHAT_BYTES 0xffu
#define WHAT_WRITE 0x100u
#define WHAT_AGAIN 0x200u /* the thunk has recorded it, and met another thread */

/* Which regions have shadow, by the address's upper bits. */
#define ACCESS_REGION_SHIFT 40
#define ACCESS_REGION_COUNT 128
extern const uint8_t access_regions[ACCESS_REGION_COUNT];

#endif
