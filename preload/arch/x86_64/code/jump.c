#include "preload/code/jump.h"

#include <string.h>

#define JUMP 0xe9u	 /* with a distance of 4 bytes ... */
#define JUMP_SHORT 0xebu /* ... of one byte */

uintptr_t jump_target(uintptr_t pc)
{
	const unsigned char *code = (const unsigned char *)pc;
	int32_t distance;

	if (code[0] == JUMP_SHORT)
		return pc + 2 + (uintptr_t)(intptr_t)(int8_t)code[1];
	if (code[0] != JUMP)
		return 0;
	memcpy(&distance, code + 1, sizeof(distance));
	return pc + JUMP_BYTES + (uintptr_t)(intptr_t)distance;
}

/* Is it endbr64 and ret, or ret alone, and then only padding between functions? */
bool jump_has_room(const unsigned char *code)
{
	static const unsigned char landing[] = {0xf3, 0x0f, 0x1e, 0xfa};
	/* First bytes of the nops that assemblers use for padding. */
	static const unsigned char padding[] = {0x0f, 0x66, 0x2e, 0x90, 0xcc};

	if (memcmp(code, landing, sizeof(landing)) == 0)
		return code[4] == 0xc3;
	return code[0] == 0xc3 && memchr(padding, code[1], sizeof(padding)) &&
	       ((uintptr_t)code & 15) + JUMP_BYTES <= 16;
}

void jump_write(unsigned char *bytes, uintptr_t code, uintptr_t target)
{
	int32_t distance = (int32_t)(target - (code + JUMP_BYTES));

	bytes[0] = JUMP;
	memcpy(bytes + 1, &distance, sizeof(distance));
}

/* jmp *0(%rip), and the address */
void jump_write_far(unsigned char *bytes, uintptr_t target)
{
	static const unsigned char jump[] = {0xff, 0x25, 0, 0, 0, 0};

	memcpy(bytes, jump, sizeof(jump));
	memcpy(bytes + sizeof(jump), &target, sizeof(target));
}
