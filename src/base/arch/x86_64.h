/* arch.h for x86-64. */
#ifndef BASE_ARCH_X86_64_H
#define BASE_ARCH_X86_64_H

#include <cpuid.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARCH_ELF_MACHINE EM_X86_64 /* <elf.h> */
#define ARCH_NAME "x86-64"
#define ARCH_FILTERED AUDIT_ARCH_X86_64 /* <linux/audit.h> */

#define ARCH_RELOCATION_RELATIVE R_X86_64_RELATIVE
#define ARCH_RELOCATION_FUNCTION R_X86_64_IRELATIVE
#define ARCH_RELOCATION_ADDRESS R_X86_64_64
#define ARCH_RELOCATION_GOT R_X86_64_GLOB_DAT
#define ARCH_RELOCATION_PLT R_X86_64_JUMP_SLOT

#define ARCH_DWARF_RETURN_ADDRESS 16

static inline long arch_call_kernel(long number, long a, long b, long c, long d, long e, long f)
{
	long result;
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}

static inline void arch_pause(void)
{
	__builtin_ia32_pause();
}

/* Its first word points at itself (ELF TLS, variant II). */
static inline uintptr_t arch_thread_pointer(void)
{
	uintptr_t pointer;

	__asm__("movq %%fs:0, %0" : "=r"(pointer));
	return pointer;
}

/* The first processors of this architecture have no instruction for pairs. */
static inline bool arch_has_pairs(void)
{
	uint32_t eax, ebx, ecx, edx;

	__cpuid(1, eax, ebx, ecx, edx);
	return ecx & bit_CMPXCHG16B;
}

/* @words, aligned to their size: true if they were @old, and both are now @word. */
static inline bool arch_exchange_pair(uint64_t *words, const uint64_t old[2], uint64_t word)
{
	uint64_t low = old[0], high = old[1];
	bool is_done;

	__asm__ volatile("lock cmpxchg16b (%1)\n\tsete %0"
			 : "=q"(is_done), "+r"(words), "+a"(low), "+d"(high)
			 : "b"(word), "c"(word)
			 : "memory", "cc");
	return is_done;
}

static inline void arch_copy(void *to, const void *from, size_t size_bytes)
{
	__asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size_bytes) : : "memory");
}

static inline void arch_fill(void *to, int value, size_t size_bytes)
{
	__asm__ volatile("rep stosb" : "+D"(to), "+c"(size_bytes) : "a"(value) : "memory");
}

#endif
