#include "x86/decode/decode.h"

#include "x86/decode/raw.h"
#include "x86/decode/thunk.h"

typedef ZyanStatus (*init_function)(ZydisDecoder *, ZydisMachineMode, ZydisStackWidth);
typedef ZyanU64 (*version_function)(void);
typedef ZyanStatus (*decode_function)(const ZydisDecoder *, const void *, ZyanUSize,
				      ZydisDecodedInstruction *, ZydisDecodedOperand *);

_Static_assert(sizeof(ZydisDecoder) <= sizeof(((struct decoder *)0)->state), "room for Zydis");

bool decoder_init(struct decoder *decoder, void *init, void *decode_full, void *get_version)
{
	init_function call = (init_function)init;

	decoder->decode_full = decode_full;
	decoder->version = ((version_function)get_version)();
	return ZYAN_SUCCESS(call((ZydisDecoder *)decoder->state, ZYDIS_MACHINE_MODE_LONG_64,
				 ZYDIS_STACK_WIDTH_64));
}

/* --- Registers and flags ---------------------------------------------------- */

int8_t decode_register(ZydisRegister name)
{
	int number = (int)name - ZYDIS_REGISTER_AL;

	if (name >= ZYDIS_REGISTER_AX && name <= ZYDIS_REGISTER_R15)
		return (int8_t)(((int)name - ZYDIS_REGISTER_AX) % 16);
	if (name < ZYDIS_REGISTER_AL || name > ZYDIS_REGISTER_R15B)
		return NO_REGISTER;
	/* al cl dl bl ah ch dh bh spl bpl sil dil r8b ... */
	return (int8_t)(number < 4 ? number : number - 4);
}

static uint32_t register_bit(ZydisRegister name)
{
	int8_t number = decode_register(name);

	return number == NO_REGISTER ? 0 : REGISTER_BIT((unsigned)number);
}

static uint32_t flag_bits(ZydisAccessedFlagsMask mask)
{
	static const uint8_t positions[] = {0, 2, 4, 6, 7, 11}; /* CF PF AF ZF SF OF */
	uint32_t bits = 0;

	for (unsigned i = 0; i < ARRAY_LENGTH(positions); i++)
		bits |= (mask >> positions[i] & 1u) << (16 + i);
	return bits;
}

bool decode_is_repeated(const ZydisDecodedInstruction *instruction)
{
	return (instruction->meta.category == ZYDIS_CATEGORY_STRINGOP ||
		instruction->meta.category == ZYDIS_CATEGORY_IOSTRINGOP) &&
	       instruction->attributes &
		       (ZYDIS_ATTRIB_HAS_REP | ZYDIS_ATTRIB_HAS_REPE | ZYDIS_ATTRIB_HAS_REPNE);
}

/* A shift by 0 leaves the flags as they are. */
static bool may_shift_by_zero(const struct raw *raw)
{
	const ZydisDecodedOperand *count =
		&raw->operands[raw->instruction.operand_count_visible - 1];

	switch ((unsigned)raw->instruction.mnemonic) {
	case ZYDIS_MNEMONIC_SHL:
	case ZYDIS_MNEMONIC_SHR:
	case ZYDIS_MNEMONIC_SAR:
	case ZYDIS_MNEMONIC_ROL:
	case ZYDIS_MNEMONIC_ROR:
	case ZYDIS_MNEMONIC_RCL:
	case ZYDIS_MNEMONIC_RCR:
	case ZYDIS_MNEMONIC_SHLD:
	case ZYDIS_MNEMONIC_SHRD:
		return count->type != ZYDIS_OPERAND_TYPE_IMMEDIATE ||
		       (count->imm.value.u & 0x1f) == 0;
	default:
		return false;
	}
}

/* Instructions whose undefined flags (by the manual) processors keep. */
static bool may_keep_undefined(ZydisMnemonic mnemonic)
{
	switch ((unsigned)mnemonic) {
	case ZYDIS_MNEMONIC_BT:
	case ZYDIS_MNEMONIC_BTC:
	case ZYDIS_MNEMONIC_BTR:
	case ZYDIS_MNEMONIC_BTS:
	case ZYDIS_MNEMONIC_BSF:
	case ZYDIS_MNEMONIC_BSR:
	case ZYDIS_MNEMONIC_TZCNT:
	case ZYDIS_MNEMONIC_LZCNT:
	case ZYDIS_MNEMONIC_DIV:
	case ZYDIS_MNEMONIC_IDIV:
		return true;
	default:
		return false;
	}
}

static void note_flags(const struct raw *raw, struct instruction *to)
{
	const ZydisAccessedFlags *flags = raw->instruction.cpu_flags;
	ZydisMnemonic mnemonic = raw->instruction.mnemonic;
	uint32_t changed, undefined;

	if (mnemonic == ZYDIS_MNEMONIC_PUSHF || mnemonic == ZYDIS_MNEMONIC_PUSHFQ ||
	    mnemonic == ZYDIS_MNEMONIC_LAHF)
		to->reads |= FLAGS_ALL;
	if (!flags)
		return;
	changed = flag_bits(flags->modified | flags->set_0 | flags->set_1);
	undefined = flag_bits(flags->undefined);
	to->reads |= flag_bits(flags->tested);
	to->changes |= changed | undefined;
	if (decode_is_repeated(&raw->instruction) || may_shift_by_zero(raw))
		return;
	to->kills |= changed;
	if (!may_keep_undefined(mnemonic))
		to->kills |= undefined;
}

/* xor r,r and sub r,r make a zero of any value. */
static bool makes_zero(const struct raw *raw)
{
	const ZydisDecodedOperand *operands = raw->operands;

	return (raw->instruction.mnemonic == ZYDIS_MNEMONIC_XOR ||
		raw->instruction.mnemonic == ZYDIS_MNEMONIC_SUB) &&
	       operands[0].type == ZYDIS_OPERAND_TYPE_REGISTER &&
	       operands[1].type == ZYDIS_OPERAND_TYPE_REGISTER &&
	       operands[0].reg.value == operands[1].reg.value && operands[0].size >= 32;
}

/* Instructions that keep the destination if the source is 0 (the counts, on
 * processors that run them as bsf and bsr). */
static bool may_keep_destination(ZydisMnemonic mnemonic)
{
	return mnemonic == ZYDIS_MNEMONIC_BSF || mnemonic == ZYDIS_MNEMONIC_BSR ||
	       mnemonic == ZYDIS_MNEMONIC_TZCNT || mnemonic == ZYDIS_MNEMONIC_LZCNT;
}

static void note_register(const struct raw *raw, unsigned index, struct instruction *to)
{
	const ZydisDecodedOperand *operand = &raw->operands[index];
	uint32_t bit = register_bit(operand->reg.value);
	bool is_kill = operand->actions & ZYDIS_OPERAND_ACTION_WRITE && operand->size >= 32 &&
		       !may_keep_destination(raw->instruction.mnemonic) &&
		       !decode_is_repeated(&raw->instruction);

	if (operand->actions & ZYDIS_OPERAND_ACTION_MASK_READ && !(makes_zero(raw) && index < 2))
		to->reads |= bit;
	if (!(operand->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE))
		return;
	to->changes |= bit;
	if (is_kill)
		to->kills |= bit;
	else
		to->reads |= bit;
}

/* Effects that no operand shows. */
static void note_unnamed_registers(ZydisMnemonic mnemonic, ZydisInstructionCategory category,
				   struct instruction *to)
{
	if (category != ZYDIS_CATEGORY_SYSCALL && category != ZYDIS_CATEGORY_INTERRUPT &&
	    mnemonic != ZYDIS_MNEMONIC_INT)
		return;
	to->reads |= REGISTERS_ALL;
	to->changes |= REGISTER_BIT(RAX) | REGISTER_BIT(RCX) | REGISTER_BIT(R11);
	/* The kernel restores the flags. */
	to->kills &= ~FLAGS_ALL;
}

static void note_registers(const struct raw *raw, struct instruction *to)
{
	for (unsigned i = 0; i < raw->instruction.operand_count; i++) {
		const ZydisDecodedOperand *operand = &raw->operands[i];

		if (operand->type == ZYDIS_OPERAND_TYPE_REGISTER)
			note_register(raw, i, to);
		if (operand->type == ZYDIS_OPERAND_TYPE_MEMORY)
			to->reads |=
				register_bit(operand->mem.base) | register_bit(operand->mem.index);
	}
	note_unnamed_registers(raw->instruction.mnemonic, raw->instruction.meta.category, to);
}

/* The general registers that a value comes from and goes to. */
static void note_values(const struct raw *raw, struct instruction *to)
{
	for (unsigned i = 0; i < raw->instruction.operand_count_visible; i++) {
		const ZydisDecodedOperand *operand = &raw->operands[i];
		int8_t number;

		if (operand->type == ZYDIS_OPERAND_TYPE_IMMEDIATE && !operand->imm.is_relative)
			to->immediate = operand->imm.value.s;
		if (operand->type != ZYDIS_OPERAND_TYPE_REGISTER)
			continue;
		number = decode_register(operand->reg.value);
		if (number == NO_REGISTER)
			continue;
		if (operand->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE &&
		    to->destination == NO_REGISTER)
			to->destination = number;
		/* mov r,r has the second as source; xchg m,r the same register twice. */
		if (operand->actions & ZYDIS_OPERAND_ACTION_MASK_READ &&
		    (i > 0 || !(operand->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE)))
			to->source = number;
	}
}

/* --- Control flow ------------------------------------------------------------- */

static bool is_immediate(const struct raw *raw)
{
	return raw->operands[0].type == ZYDIS_OPERAND_TYPE_IMMEDIATE;
}

static bool is_far(const ZydisDecodedInstruction *instruction)
{
	return instruction->meta.branch_type == ZYDIS_BRANCH_TYPE_FAR;
}

static enum instruction_kind kind_of_branch_if(ZydisMnemonic mnemonic)
{
	switch ((unsigned)mnemonic) {
	case ZYDIS_MNEMONIC_JCXZ:
	case ZYDIS_MNEMONIC_JECXZ:
	case ZYDIS_MNEMONIC_JRCXZ:
	case ZYDIS_MNEMONIC_LOOP:
	case ZYDIS_MNEMONIC_LOOPE:
	case ZYDIS_MNEMONIC_LOOPNE:
	case ZYDIS_MNEMONIC_XBEGIN:
		return INSTRUCTION_LOOP;
	case ZYDIS_MNEMONIC_XEND:
		return INSTRUCTION_PLAIN;
	default:
		return INSTRUCTION_BRANCH_IF;
	}
}

static enum instruction_kind kind_of_other(ZydisMnemonic mnemonic)
{
	switch ((unsigned)mnemonic) {
	case ZYDIS_MNEMONIC_UD0:
	case ZYDIS_MNEMONIC_UD1:
	case ZYDIS_MNEMONIC_UD2:
	case ZYDIS_MNEMONIC_HLT:
	case ZYDIS_MNEMONIC_INT3:
		return INSTRUCTION_STOP;
	case ZYDIS_MNEMONIC_UIRET:
		return INSTRUCTION_UNKNOWN;
	default:
		return INSTRUCTION_PLAIN;
	}
}

static enum instruction_kind kind_of(const struct raw *raw)
{
	const ZydisDecodedInstruction *instruction = &raw->instruction;

	switch ((unsigned)instruction->meta.category) {
	case ZYDIS_CATEGORY_COND_BR:
		return kind_of_branch_if(instruction->mnemonic);
	case ZYDIS_CATEGORY_UNCOND_BR:
		if (instruction->mnemonic == ZYDIS_MNEMONIC_XABORT)
			return INSTRUCTION_PLAIN; /* does nothing without a transaction */
		if (is_far(instruction))
			return INSTRUCTION_UNKNOWN;
		return is_immediate(raw) ? INSTRUCTION_BRANCH : INSTRUCTION_JUMP_INDIRECT;
	case ZYDIS_CATEGORY_CALL:
		if (is_far(instruction))
			return INSTRUCTION_UNKNOWN;
		return is_immediate(raw) ? INSTRUCTION_CALL : INSTRUCTION_CALL_INDIRECT;
	case ZYDIS_CATEGORY_RET:
		return instruction->mnemonic == ZYDIS_MNEMONIC_RET && !is_far(instruction)
			       ? INSTRUCTION_RETURN
			       : INSTRUCTION_UNKNOWN;
	case ZYDIS_CATEGORY_SYSRET:
		return INSTRUCTION_UNKNOWN;
	default:
		return kind_of_other(instruction->mnemonic);
	}
}

static bool has_target(enum instruction_kind kind)
{
	return kind == INSTRUCTION_BRANCH || kind == INSTRUCTION_BRANCH_IF ||
	       kind == INSTRUCTION_LOOP || kind == INSTRUCTION_CALL;
}

/* Instructions whose copy would behave differently. */
static bool is_not_movable(const struct raw *raw)
{
	for (unsigned i = 0; i < raw->instruction.operand_count; i++)
		if (raw->operands[i].type == ZYDIS_OPERAND_TYPE_MEMORY &&
		    raw->operands[i].mem.base == ZYDIS_REGISTER_EIP)
			return true;
	return false;
}

static bool decode_raw(const struct decoder *decoder, const unsigned char *bytes, size_t left,
		       uint32_t offset, struct instruction *instruction, struct raw *raw)
{
	decode_function decode = (decode_function)decoder->decode_full;

	*instruction = (struct instruction){
		.offset = offset,
		.length = 1,
		.kind = INSTRUCTION_UNKNOWN,
		.base = NO_REGISTER,
		.index = NO_REGISTER,
		.source = NO_REGISTER,
		.destination = NO_REGISTER,
		.target = NO_TARGET,
	};
	if (!ZYAN_SUCCESS(decode((const ZydisDecoder *)decoder->state, bytes, left,
				 &raw->instruction, raw->operands)))
		return false;
	instruction->length = raw->instruction.length;
	instruction->mnemonic = (uint16_t)raw->instruction.mnemonic;
	instruction->kind = (uint8_t)kind_of(raw);
	if (instruction->kind == INSTRUCTION_UNKNOWN || is_not_movable(raw)) {
		instruction->kind = INSTRUCTION_UNKNOWN;
		return false;
	}
	note_flags(raw, instruction);
	note_registers(raw, instruction);
	note_values(raw, instruction);
	decode_memory(raw, instruction);
	if (has_target((enum instruction_kind)instruction->kind))
		instruction->target =
			(int64_t)offset + raw->instruction.length + raw->operands[0].imm.value.s;
	return true;
}

/* The scale is unknown if the displacement is 0. */
static void note_displacement(const struct raw *raw, const struct instruction *instruction,
			      struct instruction_layout *layout)
{
	int64_t value = raw->instruction.raw.disp.value;

	layout->displacement_at = raw->instruction.raw.disp.offset;
	layout->displacement_bytes = raw->instruction.raw.disp.size / 8;
	layout->displacement_scale = 1;
	if (layout->displacement_bytes == 1 &&
	    raw->instruction.encoding != ZYDIS_INSTRUCTION_ENCODING_LEGACY &&
	    raw->instruction.encoding != ZYDIS_INSTRUCTION_ENCODING_VEX) {
		layout->is_irregular |= value == 0 || instruction->displacement % value != 0;
		if (value != 0)
			layout->displacement_scale = (uint8_t)(instruction->displacement / value);
	}
}

static void note_immediate(const struct raw *raw, struct instruction_layout *layout)
{
	bool is_shown = false;

	for (unsigned i = 0; i < raw->instruction.operand_count_visible; i++)
		is_shown |= raw->operands[i].type == ZYDIS_OPERAND_TYPE_IMMEDIATE;
	layout->is_irregular |= raw->instruction.raw.imm[1].size != 0 ||
				(may_shift_by_zero(raw) && raw->instruction.raw.imm[0].size);
	if (!is_shown)
		return;
	layout->immediate_at = raw->instruction.raw.imm[0].offset;
	layout->immediate_bytes = raw->instruction.raw.imm[0].size / 8;
	layout->is_immediate_signed = raw->instruction.raw.imm[0].is_signed;
}

bool instruction_decode(const struct decoder *decoder, const unsigned char *bytes, size_t left,
			uint32_t offset, struct instruction *instruction)
{
	struct raw raw;

	return decode_raw(decoder, bytes, left, offset, instruction, &raw);
}

bool instruction_decode_layout(const struct decoder *decoder, const unsigned char *bytes,
			       size_t left, uint32_t offset, struct instruction *instruction,
			       struct instruction_layout *layout)
{
	struct raw raw;

	*layout = (struct instruction_layout){.displacement_at = 0};
	if (!decode_raw(decoder, bytes, left, offset, instruction, &raw))
		return false;
	note_displacement(&raw, instruction, layout);
	note_immediate(&raw, layout);
	return true;
}

static enum idle_operand idle_operand_of(const struct instruction *instruction)
{
	switch ((unsigned)instruction->mnemonic) {
	case ZYDIS_MNEMONIC_ADD:
	case ZYDIS_MNEMONIC_SUB:
	case ZYDIS_MNEMONIC_XADD:
	case ZYDIS_MNEMONIC_OR:
	case ZYDIS_MNEMONIC_XOR:
		return IDLE_IF_ZERO;
	case ZYDIS_MNEMONIC_AND:
		return IDLE_IF_ONES;
	default:
		return IDLE_NOT_KNOWN;
	}
}

uint16_t instruction_idle_operand(const struct instruction *instruction)
{
	enum idle_operand when = idle_operand_of(instruction);

	if (when == IDLE_NOT_KNOWN)
		return 0;
	if (instruction->source != NO_REGISTER)
		return (uint16_t)(when | (unsigned)instruction->source << IDLE_REGISTER_SHIFT);
	return instruction->immediate == (when == IDLE_IF_ONES ? -1 : 0) ? IDLE_ALWAYS : 0;
}

bool instruction_subtracts(const struct instruction *instruction)
{
	return instruction->mnemonic == ZYDIS_MNEMONIC_SUB;
}

enum instruction_form instruction_form(const struct instruction *instruction)
{
	switch ((unsigned)instruction->mnemonic) {
	case ZYDIS_MNEMONIC_MOV:
		return FORM_MOVE;
	case ZYDIS_MNEMONIC_MOVSX:
	case ZYDIS_MNEMONIC_MOVSXD:
	case ZYDIS_MNEMONIC_MOVZX:
		return FORM_EXTEND;
	case ZYDIS_MNEMONIC_ADD:
	case ZYDIS_MNEMONIC_SUB:
		return FORM_ADD;
	case ZYDIS_MNEMONIC_CMP:
	case ZYDIS_MNEMONIC_TEST:
		return FORM_COMPARE;
	case ZYDIS_MNEMONIC_PUSH:
		return FORM_PUSH;
	case ZYDIS_MNEMONIC_POP:
		return FORM_POP;
	case ZYDIS_MNEMONIC_LEAVE:
		return FORM_LEAVE;
	case ZYDIS_MNEMONIC_NOP:
		return FORM_NOP;
	case ZYDIS_MNEMONIC_INT3:
		return FORM_BREAK;
	case ZYDIS_MNEMONIC_ENDBR64:
		return FORM_ENDBR;
	case ZYDIS_MNEMONIC_XBEGIN:
		return FORM_XBEGIN;
	default:
		return FORM_OTHER;
	}
}
