#include "tests/unit/preload/memo_lab.h"

#include <sys/mman.h>

#include "preload/guest/real.h"

__asm__(".text\n"
	".globl by_size_return, by_size_again, by_rbp_return\n"
	".type by_size, @function\n"
	"by_size:\n"
	"	.cfi_startproc\n"
	"	subq	$8, %rsp\n"
	"	.cfi_def_cfa_offset 16\n"
	"	call	*%rdi\n"
	"by_size_return:\n"
	"	call	*%rdi\n"
	"by_size_again:\n"
	"	addq	$8, %rsp\n"
	"	.cfi_def_cfa_offset 8\n"
	"	ret\n"
	"	.cfi_endproc\n"
	".size by_size, . - by_size\n"
	".type by_rbp, @function\n"
	"by_rbp:\n"
	"	.cfi_startproc\n"
	"	pushq	%rbp\n"
	"	.cfi_def_cfa_offset 16\n"
	"	.cfi_offset %rbp, -16\n"
	"	movq	%rsp, %rbp\n"
	"	.cfi_def_cfa_register %rbp\n"
	"	call	*%rdi\n"
	"by_rbp_return:\n"
	"	popq	%rbp\n"
	"	.cfi_def_cfa %rsp, 8\n"
	"	ret\n"
	"	.cfi_endproc\n"
	".size by_rbp, . - by_rbp\n");

/* What the memo needs of the guest library. */
struct guest_thread self;
__thread struct guest_thread *guest_known;
bool guest_is_quick = true;
uint32_t guest_code_generation = 1;

static struct module library;
uintptr_t library_address;

struct module *modules_find(uintptr_t address, uint32_t generation)
{
	(void)generation;
	return address == library_address || address == (uintptr_t)REAL(pthread_mutex_unlock)
		       ? &library
		       : NULL;
}

bool modules_is_own(uintptr_t address)
{
	(void)address;
	return false;
}

uintptr_t words[WORD_COUNT];
static uint32_t stack_count;
static stack_id number_stack(void *context, const struct unwind_result *result)
{
	(void)context;
	(void)result;
	return ++stack_count;
}

void memo_set_up(void)
{
	set_up_threads();
	__libc_single_threaded = 0;
	self = (struct guest_thread){
		.thread = a,
		.memo = mmap(NULL, stack_memo_bytes(), PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0),
	};
	lock_memo_open(&self);
	ck_assert_ptr_eq(guest_known, &self);
	stack_count = 0;
	library_address = 0;
	memset(words, 0, sizeof(words));
	for (unsigned i = 0; i < STACK_WORDS; i++)
		words[i] = (uintptr_t)by_size_return;
}

struct unwind_start start_of(const uintptr_t *frame)
{
	return (struct unwind_start){frame[1], (uintptr_t)(frame + 2), frame[0]};
}

stack_id stack_at(const uintptr_t *frame)
{
	struct unwind_start start = start_of(frame);

	return stack_memo_find(self.memo, guest_code_generation, &start, number_stack, NULL);
}
