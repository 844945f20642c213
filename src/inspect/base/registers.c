#include <sys/user.h>

#include "inspect/base/target.h"

static bool is_in_call(const struct user_regs_struct *registers)
{
	return (int64_t)registers->orig_rax >= 0;
}

void target_set_registers(struct target_thread *thread, const struct user_regs_struct *registers)
{
	const uint64_t values[TARGET_REGISTERS] = {
		registers->rax, registers->rdx, registers->rcx, registers->rbx, registers->rsi,
		registers->rdi, registers->rbp, registers->rsp, registers->r8,	registers->r9,
		registers->r10, registers->r11, registers->r12, registers->r13, registers->r14,
		registers->r15, registers->rip};
	const uint64_t arguments[TARGET_ARGUMENTS] = {registers->rdi, registers->rsi,
						      registers->rdx, registers->r10,
						      registers->r8,  registers->r9};

	for (size_t i = 0; i < TARGET_REGISTERS; i++)
		thread->registers[i] = values[i];
	thread->known = (1u << TARGET_REGISTERS) - 1;
	thread->call = is_in_call(registers) ? (uint32_t)registers->orig_rax : STATE_RUNS;
	for (size_t i = 0; i < TARGET_ARGUMENTS && is_in_call(registers); i++)
		thread->arguments[i] = arguments[i];
}
