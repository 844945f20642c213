#include "preload/confinement/filter.h"

#include <string.h>

struct machine {
	uint32_t a, x;
	uint32_t memory[BPF_MEMWORDS];
};

static uint32_t load_value(const struct machine *machine, const struct sock_filter *step,
			   const struct seccomp_data *call)
{
	uint32_t value = 0;

	switch (BPF_MODE(step->code)) {
	case BPF_IMM:
		return step->k;
	case BPF_MEM:
		return machine->memory[step->k % BPF_MEMWORDS];
	case BPF_LEN:
		return sizeof(*call);
	default: /* BPF_ABS */
		if (step->k <= sizeof(*call) - sizeof(value))
			memcpy(&value, (const char *)call + step->k, sizeof(value));
		return value;
	}
}

static uint32_t compute_value(uint32_t a, uint32_t operation, uint32_t by)
{
	switch (operation) {
	case BPF_ADD:
		return a + by;
	case BPF_SUB:
		return a - by;
	case BPF_MUL:
		return a * by;
	case BPF_DIV:
		return by ? a / by : 0;
	case BPF_OR:
		return a | by;
	case BPF_AND:
		return a & by;
	case BPF_XOR:
		return a ^ by;
	case BPF_LSH:
		return by < 32 ? a << by : 0;
	case BPF_RSH:
		return by < 32 ? a >> by : 0;
	default: /* BPF_NEG */
		return -a;
	}
}

static bool meets_condition(uint32_t a, uint32_t condition, uint32_t by)
{
	switch (condition) {
	case BPF_JEQ:
		return a == by;
	case BPF_JGT:
		return a > by;
	case BPF_JGE:
		return a >= by;
	default: /* BPF_JSET */
		return a & by;
	}
}

/* How many instructions are left out. */
static uint32_t find_jump(const struct machine *machine, const struct sock_filter *step)
{
	uint32_t by = BPF_SRC(step->code) == BPF_X ? machine->x : step->k;

	if (BPF_OP(step->code) == BPF_JA)
		return step->k;
	return meets_condition(machine->a, BPF_OP(step->code), by) ? step->jt : step->jf;
}

static void move_register(struct machine *machine, const struct sock_filter *step)
{
	if (BPF_MISCOP(step->code) == BPF_TAX)
		machine->x = machine->a;
	else
		machine->a = machine->x;
}

uint32_t filter_run(const struct sock_filter *code, uint32_t length,
		    const struct seccomp_data *call)
{
	struct machine machine = {0};

	for (uint32_t i = 0; i < length; i++) {
		const struct sock_filter *step = &code[i];
		uint32_t by = BPF_SRC(step->code) == BPF_X ? machine.x : step->k;

		switch (BPF_CLASS(step->code)) {
		case BPF_LD:
			machine.a = load_value(&machine, step, call);
			break;
		case BPF_LDX:
			machine.x = load_value(&machine, step, call);
			break;
		case BPF_ST:
			machine.memory[step->k % BPF_MEMWORDS] = machine.a;
			break;
		case BPF_STX:
			machine.memory[step->k % BPF_MEMWORDS] = machine.x;
			break;
		case BPF_ALU:
			machine.a = compute_value(machine.a, BPF_OP(step->code), by);
			break;
		case BPF_JMP:
			i += find_jump(&machine, step);
			break;
		case BPF_MISC:
			move_register(&machine, step);
			break;
		default: /* BPF_RET */
			return BPF_RVAL(step->code) == BPF_A ? machine.a : step->k;
		}
	}
	return SECCOMP_RET_KILL_PROCESS;
}
