/*
 * What is called by code that the program makes while it runs is observed, that code is not:
 * what it orders is not known, so races are warnings.
 *
 * snarl-expect: status=0 kinds=data-race
 */
#include <string.h>
#include <sys/mman.h>

#include "../guest.h"

typedef void callback(int);
typedef void caller(callback *called, int argument);

static char shared[64];

static __attribute__((noinline)) void fill(int byte)
{
	memset(shared, byte, sizeof(shared));
}

#ifdef HAS_NO_TABLE
/* Code of the program, but without a table for unwinding: it is observed. */
void call_untabled(callback *called, int argument);
__asm__("call_untabled:\n"
	"	push %rbx\n"
	"	mov %rdi, %rax\n"
	"	mov %esi, %edi\n"
	"	call *%rax\n"
	"	pop %rbx\n"
	"	ret\n");

static caller *make_caller(void)
{
	return call_untabled;
}
#else
/* The same. */
static caller *make_caller(void)
{
	static const unsigned char code[] = {0x53, 0x48, 0x89, 0xf8, 0x89,
					     0xf7, 0xff, 0xd0, 0x5b, 0xc3};
	void *place = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(place != MAP_FAILED);
	memcpy(place, code, sizeof(code));
	CHECK_IS(mprotect(place, 4096, PROT_READ | PROT_EXEC), 0);
	return (caller *)place;
}
#endif

static void *call_fill(void *call)
{
	((caller *)call)(fill, 1);
	return NULL;
}

int main(void)
{
	caller *call = make_caller();
	pthread_t threads[2];

	for (int i = 0; i < 2; i++)
		threads[i] = guest_start(call_fill, (void *)call);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	return guest_passed();
}
