#include "code_lab.h"

#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "base/arch/arch.h"
#include "base/shadow_place.h"
#include "x86/checks/checks.h"
#include "x86/plan.h"
#include "x86/liveness/liveness.h"
#include "x86/decode/masked.h"

#define PLANE_BYTES (LAB_END - LAB_MEMORY + SHADOW_AT_END)
#define SUMMARIES (SHADOW_SUMMARY_PLACE(LAB_MEMORY) & ~4095ul)
#define SUMMARIES_BYTES (SHADOW_SUMMARY_PLACE(LAB_END) - SHADOW_SUMMARY_PLACE(LAB_MEMORY) + 8192)
#define STEP_LIMIT 200000u
#define TRAP_FLAG 0x100u
#define GENERAL_ONLY __attribute__((target("general-regs-only")))

/* A row of section lab_names. */
struct lab_name {
	const char *name;
	const unsigned char *start, *end;
};

/* A row of section lab_kernels: a compiled function, which ends somewhere. */
struct lab_kernel {
	const char *name;
	const unsigned char *start;
};

extern struct lab_name __start_lab_names[], __stop_lab_names[];
extern struct lab_kernel __start_lab_kernels[], __stop_lab_kernels[];
extern unsigned char __start_lab_text[], __stop_lab_text[];
extern struct lab_machine lab_state;
extern const uint64_t lab_thunks[THUNK_COUNT];
void lab_enter(uint64_t code);

static __thread uint64_t current_word, shared_word, access_count;
static struct lab_step *steps;
static uint32_t step_count;

/* --- Memory ------------------------------------------------------------------------ */

static void map_memory(uint64_t address, size_t bytes, int protection)
{
	void *at = mmap((void *)address, bytes, protection,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);

	ck_assert_ptr_eq(at, (void *)address);
}

static void map_all(void)
{
	int data = PROT_READ | PROT_WRITE;

	map_memory(LAB_MEMORY, LAB_MEMORY_BYTES, data);
	map_memory(LAB_STACK_TOP - LAB_STACK_BYTES, LAB_STACK_BYTES + 4096, data);
	map_memory(LAB_TEXT, LAB_CLONES - LAB_TEXT, data | PROT_EXEC);
	map_memory(LAB_CLONES, LAB_END - LAB_CLONES, data | PROT_EXEC);
	map_memory(LAB_MEMORY ^ 1ul << SHADOW_WRITE_BIT, PLANE_BYTES, data);
	map_memory(LAB_MEMORY ^ 1ul << SHADOW_READ_BIT, PLANE_BYTES, data);
	map_memory(SUMMARIES, SUMMARIES_BYTES, data);
	lab_seen = mmap(NULL, LAB_END - LAB_MEMORY, data,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	steps = malloc(STEP_LIMIT * sizeof(*steps));
}

void lab_tear_down(void)
{
	munmap((void *)LAB_MEMORY, LAB_END - LAB_MEMORY);
	munmap((void *)(LAB_MEMORY ^ 1ul << SHADOW_WRITE_BIT), PLANE_BYTES);
	munmap((void *)(LAB_MEMORY ^ 1ul << SHADOW_READ_BIT), PLANE_BYTES);
	munmap((void *)SUMMARIES, SUMMARIES_BYTES);
	munmap(lab_seen, LAB_END - LAB_MEMORY);
	free(steps);
}

static void fill_words(uint64_t address, size_t bytes, uint64_t value)
{
	for (size_t i = 0; i < bytes; i += 8)
		*(uint64_t *)(address + i) = value;
}

static uint64_t place_of(uint64_t granule, bool is_write)
{
	return is_write ? SHADOW_WRITE_PLACE(granule) : SHADOW_READ_PLACE(granule);
}

static void fill_plane(bool is_write, uint64_t value)
{
	fill_words(place_of(LAB_MEMORY, is_write), LAB_MEMORY_BYTES, value);
	fill_words(place_of(LAB_STACK_TOP - 8192, is_write), 8192 + 4096, value);
	fill_words(place_of(LAB_TEXT, is_write), 0x10000, value);
}

static void fill_shadow(enum lab_shadow shadow)
{
	uint64_t own = 0x7000000123450ff, set = 0x9000000543212ff;

	current_word = shadow == LAB_NEVER_EQUAL ? UINT64_MAX : own;
	shared_word = shadow == LAB_NEVER_EQUAL ? UINT64_MAX : set;
	fill_plane(true, shadow == LAB_EQUAL ? own : 0);
	fill_plane(false, shadow == LAB_EQUAL ? own : shadow == LAB_SHARED ? set : 0);
	fill_words(SHADOW_SUMMARY_PLACE(LAB_MEMORY),
		   SHADOW_SUMMARY_PLACE(LAB_END) - SHADOW_SUMMARY_PLACE(LAB_MEMORY),
		   shadow == LAB_SUMMARY ? set : 0);
}

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static void fill_memory(uint64_t seed)
{
	uint64_t state = seed * 0x9e3779b97f4a7c15ul + 1;

	for (uint64_t i = 0; i < LAB_MEMORY_BYTES; i += 8)
		*(uint64_t *)(LAB_MEMORY + i) = next_random(&state);
	memset((void *)(LAB_STACK_TOP - LAB_STACK_USED), 0xa5, LAB_STACK_USED + 4096);
	memcpy((void *)LAB_TEXT, __start_lab_text, (size_t)(__stop_lab_text - __start_lab_text));
	memset(lab_seen, 0, LAB_MEMORY_BYTES);
	memset(lab_seen + (LAB_STACK_TOP - LAB_STACK_USED - LAB_MEMORY), 0, 65536 + 4096);
	memset(lab_seen + (LAB_TEXT - LAB_MEMORY), 0, 0x10000);
	lab_thunk_calls = lab_range_calls = lab_prefetch_count = 0;
	access_count = 0;
}

/* --- Running --------------------------------------------------------------------------- */

void lab_run(uint64_t code, struct lab_machine *machine, uint64_t seed, enum lab_shadow shadow)
{
	fill_memory(seed);
	fill_shadow(shadow);
	lab_state = *machine;
	lab_state.registers[RSP] = LAB_STACK_TOP;
	lab_enter(code);
	*machine = lab_state;
	machine->flags &= ~(uint64_t)TRAP_FLAG;
}

uint64_t lab_accesses_counted(void)
{
	return access_count;
}

/* What a clone's state says is saved on the stack. */
static void keep_saved(struct lab_step *step)
{
	struct plan_state state;

	if (step->pc < LAB_CLONES ||
	    !plan_state_at(&lab_plan->states, (uint32_t)(step->pc - LAB_CLONES), &state))
		return;
	for (unsigned i = 0; i < 3; i++)
		if (state.saved_register[i] != NO_REGISTER)
			step->saved[i] =
				*(uint64_t *)(step->registers[RSP] +
					      (uint64_t)(STATE_WORD * (state.rsp_lowered_by +
								       state.saved_at[i])));
}

#define YMM_HIGH 576 /* in the frame of a signal */

static void keep_vector(uint64_t *vector, const ucontext_t *context, unsigned number)
{
	const char *state = (const char *)context->uc_mcontext.fpregs;

	memcpy(vector, &context->uc_mcontext.fpregs->_xmm[number], 16);
	if (__builtin_cpu_supports("avx"))
		memcpy(vector + 2, state + YMM_HIGH + 16ul * number, 16);
}

/* What selects the elements of a masked move or gather. */
static void keep_elements(struct lab_step *step, const ucontext_t *context)
{
	const struct instruction any = {.length = 15};
	struct masked_operands operands;

	if (!masked_decode((const unsigned char *)step->pc, &any, &operands))
		return;
	keep_vector(step->mask, context, operands.mask);
	keep_vector(step->indexes, context, operands.index);
}

static void on_step(int signal, siginfo_t *info, void *context)
{
	static const int order[] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP,
				    REG_RSI, REG_RDI, REG_R8,  REG_R9,	REG_R10, REG_R11,
				    REG_R12, REG_R13, REG_R14, REG_R15};
	const greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
	uint64_t pc = (uint64_t)registers[REG_RIP];

	(void)signal;
	(void)info;
	if (pc < LAB_TEXT || pc >= LAB_END || step_count == STEP_LIMIT)
		return;
	/* As if a handler had released amid a loop. */
	if (step_count % 256 == 200)
		lab_ahead_word = 0;
	steps[step_count].pc = pc;
	for (unsigned i = 0; i < 16; i++)
		steps[step_count].registers[i] = (uint64_t)registers[order[i]];
	steps[step_count].flags = (uint64_t)registers[REG_EFL];
	keep_elements(&steps[step_count], context);
	keep_saved(&steps[step_count++]);
}

const struct lab_step *lab_trace(uint64_t code, struct lab_machine *machine, uint64_t seed,
				 enum lab_shadow shadow, uint32_t *count)
{
	static char handler_stack[65536];
	stack_t stack = {.ss_sp = handler_stack, .ss_size = sizeof(handler_stack)};
	struct sigaction action = {.sa_sigaction = on_step, .sa_flags = SA_SIGINFO | SA_ONSTACK};

	sigaltstack(&stack, NULL);
	sigaction(SIGTRAP, &action, NULL);
	step_count = 0;
	machine->flags |= TRAP_FLAG;
	lab_run(code, machine, seed, shadow);
	ck_assert_uint_lt(step_count, STEP_LIMIT);
	*count = step_count;
	return steps;
}

/* --- Decoding ----------------------------------------------------------------------------- */

static void mark_reach(struct function *function)
{
	function->reach[0] = REACH_ENTRY;
	for (uint32_t i = 0; i < function->count; i++) {
		const struct instruction *instruction = &function->instructions[i];
		bool is_call = instruction->kind == INSTRUCTION_CALL ||
			       instruction->kind == INSTRUCTION_CALL_INDIRECT;
		uint32_t target;

		if (is_call) {
			function->has_call = true;
			function->reach[i] |= REACH_ANCHOR;
			function->reach[i + 1] |= REACH_ENTRY;
		}
		if (is_call || instruction->is_rip_relative ||
		    instruction->target < function->start || instruction->target >= function->end)
			continue;
		target = function_find(function, (uint32_t)instruction->target);
		ck_assert_uint_ne(target, UINT32_MAX);
		function->reach[target] |= REACH_BRANCH;
	}
}

/* The part of the red zone that these functions use. */
static void find_stack_use(const struct lab *lab, struct function *function)
{
	for (uint32_t i = 0; i < function->count; i++) {
		struct instruction *instruction = &function->instructions[i];
		const unsigned char *bytes = lab->module.text + instruction->offset;

		if (instruction->length == 3 && !memcmp(bytes, "\x48\x89\xe5", 3))
			function->has_frame_pointer = true;
		if (instruction->base == RBP && function->has_frame_pointer && instruction->memory)
			instruction->memory |= MEMORY_STACK;
		if (instruction->base == RSP && instruction->memory)
			instruction->memory |= MEMORY_STACK;
		if (instruction->base == RSP &&
		    -instruction->displacement > function->red_zone_bytes)
			function->red_zone_bytes = (uint16_t)-instruction->displacement;
	}
}

static void decode_function(struct lab *lab, struct function *function)
{
	uint32_t room = function->end - function->start;

	function->instructions = calloc(room + 1, sizeof(*function->instructions));
	function->reach = calloc(room + 1, 1);
	for (uint32_t at = function->start; at < function->end;) {
		struct instruction *instruction = &function->instructions[function->count++];

		ck_assert(instruction_decode(&lab->decoder, lab->module.text + at,
					     function->end - at, at, instruction));
		at += instruction->length;
	}
	function->is_usable = true;
	function->is_exported = true;
	function->live_at_return = function->live_at_entry = REGISTERS_ALL | FLAGS_ALL;
	find_stack_use(lab, function);
	mark_reach(function);
}

static int by_start(const void *a, const void *b)
{
	const struct function *one = a, *other = b;

	return one->start < other->start ? -1 : 1;
}

/* Where code begins that is not @start's. */
static uint32_t end_of(uint32_t start)
{
	uint32_t end = (uint32_t)(__stop_lab_text - __start_lab_text);

	for (const struct lab_name *row = __start_lab_names; row < __stop_lab_names; row++) {
		uint32_t other = (uint32_t)(row->start - __start_lab_text);

		if (other > start && other < end)
			end = other;
	}
	for (const struct lab_kernel *row = __start_lab_kernels; row < __stop_lab_kernels; row++) {
		uint32_t other = (uint32_t)(row->start - __start_lab_text);

		if (other > start && other < end)
			end = other;
	}
	return end;
}

static void decode_all(struct lab *lab)
{
	uint32_t name_count = (uint32_t)(__stop_lab_names - __start_lab_names);
	uint32_t kernel_count = (uint32_t)(__stop_lab_kernels - __start_lab_kernels);
	uint32_t count = name_count + kernel_count;
	struct function *function;

	lab->module.functions = function = calloc(count, sizeof(*function));
	for (uint32_t i = 0; i < name_count; i++, function++) {
		function->start = (uint32_t)(__start_lab_names[i].start - __start_lab_text);
		function->end = (uint32_t)(__start_lab_names[i].end - __start_lab_text);
	}
	for (uint32_t i = 0; i < kernel_count; i++, function++) {
		function->start = (uint32_t)(__start_lab_kernels[i].start - __start_lab_text);
		function->end = end_of(function->start);
	}
	qsort(lab->module.functions, count, sizeof(*function), by_start);
	for (uint32_t i = 0; i < count; i++)
		decode_function(lab, &lab->module.functions[i]);
	lab->module.function_count = count;
}

static void *place_clones(void *context, size_t size_bytes, uint64_t *address)
{
	(void)context;
	ck_assert_uint_lt(size_bytes, LAB_END - LAB_CLONES);
	*address = LAB_CLONES;
	return (void *)LAB_CLONES;
}

static int32_t tls_offset(const uint64_t *word)
{
	return (int32_t)((const char *)word - (const char *)__builtin_thread_pointer());
}

static void clone_all(struct lab *lab)
{
	struct emitter *emitter = &lab->emitter;
	const char *why = NULL;

	ck_assert(
		emitter_init(emitter, &lab->module, &lab->options, &lab->arena, &lab->statistics));
	for (uint32_t i = 0; i < lab->module.function_count; i++)
		ck_assert(emit_function(emitter, i));
	ck_assert(emitter_finish(emitter, &lab->plan, &why));
	lab->plan.module = &lab->module;
	lab_plan = &lab->plan;
	lab->live = calloc(lab->module.function_count, sizeof(*lab->live));
	for (uint32_t i = 0; i < lab->module.function_count; i++) {
		const struct function *function = &lab->module.functions[i];

		lab->live[i] = calloc(function->count + 1, sizeof(**lab->live));
		liveness_compute(&lab->module, function, lab->live[i]);
	}
}

void lab_set_up(struct lab *lab, bool counts)
{
	memset(lab, 0, sizeof(*lab));
	map_all();
	memcpy((void *)LAB_TEXT, __start_lab_text, (size_t)(__stop_lab_text - __start_lab_text));
	ck_assert(decoder_init_linked(&lab->decoder));
	arena_init(&lab->arena, pages_from_kernel);
	lab->module.text = __start_lab_text;
	lab->module.text_address = LAB_TEXT;
	lab->module.text_bytes = (uint32_t)(__stop_lab_text - __start_lab_text);
	memcpy(lab->options.thunks.address, lab_thunks, sizeof(lab->options.thunks));
	lab->options.current_tls = tls_offset(&current_word);
	lab->options.shared_tls = tls_offset(&shared_word);
	lab->options.ahead_tls = tls_offset(&lab_ahead_word);
	lab->options.count_tls = tls_offset(&access_count);
	lab->options.counts = counts;
	lab->options.force = counts ? PLAN_FORCE_NO_SUMMARIES : PLAN_FORCE_ALL;
	lab->options.keeps_instructions = true;
	lab->options.first_site = 1;
	lab->options.place = place_clones;
	decode_all(lab);
	clone_all(lab);
}

struct function *lab_function(struct lab *lab, const char *name)
{
	for (const struct lab_name *row = __start_lab_names; row < __stop_lab_names; row++)
		if (!strcmp(row->name, name))
			return module_find(&lab->module, row->start - __start_lab_text);
	for (const struct lab_kernel *row = __start_lab_kernels; row < __stop_lab_kernels; row++)
		if (!strcmp(row->name, name))
			return module_find(&lab->module, row->start - __start_lab_text);
	ck_abort_msg("no function %s", name);
}

uint64_t lab_original(const struct lab *lab, const struct function *function)
{
	return lab->module.text_address + function->start;
}

uint64_t lab_clone(const struct lab *lab, const struct function *function)
{
	return lab->plan.clone_address + emitter_clone_offset(&lab->emitter, function->start);
}
