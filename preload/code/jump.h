/* Jumps that are written to the program's code, or read there. */
#ifndef PRELOAD_CODE_JUMP_H
#define PRELOAD_CODE_JUMP_H

#include "base/types.h"
#include "preload/arch/arch.h"

/* Where the jump at @pc leads; 0: there is none. */
uintptr_t jump_target(uintptr_t pc);

/* Can a jump replace the function at @code: does it nothing, and is there room? */
bool jump_has_room(const unsigned char *code);

/* Writes a jump from @code to @target, which is near: JUMP_BYTES to @bytes. */
void jump_write(unsigned char *bytes, uintptr_t code, uintptr_t target);

/* Writes a jump from anywhere to anywhere: JUMP_FAR_BYTES. */
void jump_write_far(unsigned char *bytes, uintptr_t target);

#endif
