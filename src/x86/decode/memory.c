#include "x86/decode/raw.h"

/* What an instruction reads and writes in memory. */

static bool touches_nothing(const ZydisDecodedInstruction *instruction)
{
	switch ((unsigned)instruction->meta.category) {
	case ZYDIS_CATEGORY_NOP:
	case ZYDIS_CATEGORY_WIDENOP:
	case ZYDIS_CATEGORY_PREFETCH:
	case ZYDIS_CATEGORY_PREFETCHWT1:
	case ZYDIS_CATEGORY_CLDEMOTE:
	case ZYDIS_CATEGORY_CLFLUSHOPT:
	case ZYDIS_CATEGORY_CLWB:
		return true;
	default:
		return instruction->mnemonic == ZYDIS_MNEMONIC_CLFLUSH;
	}
}

static bool is_masked_bytes(ZydisMnemonic mnemonic)
{
	return mnemonic == ZYDIS_MNEMONIC_MASKMOVDQU || mnemonic == ZYDIS_MNEMONIC_VMASKMOVDQU;
}

static bool is_masked_move(const ZydisDecodedInstruction *instruction)
{
	switch ((unsigned)instruction->mnemonic) {
	case ZYDIS_MNEMONIC_MASKMOVQ:
	case ZYDIS_MNEMONIC_MASKMOVDQU:
	case ZYDIS_MNEMONIC_VMASKMOVDQU:
	case ZYDIS_MNEMONIC_VMASKMOVPS:
	case ZYDIS_MNEMONIC_VMASKMOVPD:
	case ZYDIS_MNEMONIC_VPMASKMOVD:
	case ZYDIS_MNEMONIC_VPMASKMOVQ:
		return true;
	default:
		return instruction->avx.mask.mode != ZYDIS_MASK_MODE_INVALID &&
		       instruction->avx.mask.mode != ZYDIS_MASK_MODE_DISABLED;
	}
}

/* Moves that compilers also use for relaxed atomic loads and stores. */
static bool is_plain_move(ZydisMnemonic mnemonic)
{
	switch ((unsigned)mnemonic) {
	case ZYDIS_MNEMONIC_MOV:
	case ZYDIS_MNEMONIC_MOVZX:
	case ZYDIS_MNEMONIC_MOVSX:
	case ZYDIS_MNEMONIC_MOVSXD:
	case ZYDIS_MNEMONIC_MOVD:
	case ZYDIS_MNEMONIC_MOVQ:
	case ZYDIS_MNEMONIC_MOVSS:
	case ZYDIS_MNEMONIC_MOVSD:
	case ZYDIS_MNEMONIC_VMOVD:
	case ZYDIS_MNEMONIC_VMOVQ:
	case ZYDIS_MNEMONIC_VMOVSS:
	case ZYDIS_MNEMONIC_VMOVSD:
	case ZYDIS_MNEMONIC_CMP:
	case ZYDIS_MNEMONIC_TEST:
		return true;
	default:
		return false;
	}
}

static bool only_compares(ZydisMnemonic mnemonic)
{
	return mnemonic == ZYDIS_MNEMONIC_CMP || mnemonic == ZYDIS_MNEMONIC_TEST ||
	       mnemonic == ZYDIS_MNEMONIC_BT;
}

static bool stores_constant(const struct raw *raw)
{
	return raw->instruction.mnemonic == ZYDIS_MNEMONIC_MOV &&
	       raw->operands[1].type == ZYDIS_OPERAND_TYPE_IMMEDIATE;
}

static bool is_compare_exchange(ZydisMnemonic mnemonic)
{
	return mnemonic == ZYDIS_MNEMONIC_CMPXCHG || mnemonic == ZYDIS_MNEMONIC_CMPXCHG8B ||
	       mnemonic == ZYDIS_MNEMONIC_CMPXCHG16B;
}

/* Whether the bytes accessed depend on more than the operand's address. */
static bool has_unknown_extent(const struct raw *raw, const ZydisDecodedOperand *operand)
{
	const ZydisDecodedInstruction *instruction = &raw->instruction;

	switch ((unsigned)instruction->mnemonic) {
	/* A bit number in a register may be beyond the operand.  With a lock prefix it is taken
	 * to be in there, as compilers have it for a flag in a word, since that may be a lock. */
	case ZYDIS_MNEMONIC_BT:
	case ZYDIS_MNEMONIC_BTC:
	case ZYDIS_MNEMONIC_BTR:
	case ZYDIS_MNEMONIC_BTS:
		if (raw->operands[1].type == ZYDIS_OPERAND_TYPE_REGISTER &&
		    !(instruction->attributes & ZYDIS_ATTRIB_HAS_LOCK))
			return true;
		break;
	default:
		break;
	}
	if (instruction->encoding == ZYDIS_INSTRUCTION_ENCODING_EVEX &&
	    instruction->avx.broadcast.mode != ZYDIS_BROADCAST_MODE_INVALID)
		return true;
	return operand->size == 0 || operand->size % 8 ||
	       instruction->meta.category == ZYDIS_CATEGORY_XSAVE ||
	       instruction->meta.category == ZYDIS_CATEGORY_XSAVEOPT ||
	       instruction->meta.category == ZYDIS_CATEGORY_AMX_TILE ||
	       instruction->encoding == ZYDIS_INSTRUCTION_ENCODING_MVEX;
}

/* A base or index that is present but no 64-bit general register. */
static bool is_odd_register(ZydisRegister name)
{
	return name != ZYDIS_REGISTER_NONE && name != ZYDIS_REGISTER_RIP &&
	       (name < ZYDIS_REGISTER_RAX || name > ZYDIS_REGISTER_R15);
}

static void note_address(const struct raw *raw, const ZydisDecodedOperand *operand,
			 struct instruction *to)
{
	to->base = decode_register(operand->mem.base);
	to->index = decode_register(operand->mem.index);
	to->scale = operand->mem.scale;
	to->displacement = (int32_t)operand->mem.disp.value;
	if (operand->mem.base == ZYDIS_REGISTER_RIP) {
		to->is_rip_relative = true;
		to->displacement_at = raw->instruction.raw.disp.offset;
		to->target = (int64_t)to->offset + to->length + operand->mem.disp.value;
	}
}

/* Of a place that general registers tell. */
static bool is_prefetch(const struct raw *raw, const ZydisDecodedOperand *operand)
{
	return (raw->instruction.meta.category == ZYDIS_CATEGORY_PREFETCH ||
		raw->instruction.meta.category == ZYDIS_CATEGORY_PREFETCHWT1) &&
	       raw->instruction.address_width == 64 &&
	       operand->mem.segment != ZYDIS_REGISTER_FS &&
	       operand->mem.segment != ZYDIS_REGISTER_GS && !is_odd_register(operand->mem.base) &&
	       !is_odd_register(operand->mem.index);
}

static uint32_t segment_flag(const ZydisDecodedOperand *operand, struct instruction *to)
{
	to->segment_is_gs |= operand->mem.segment == ZYDIS_REGISTER_GS;
	return operand->mem.segment == ZYDIS_REGISTER_FS ||
			       operand->mem.segment == ZYDIS_REGISTER_GS
		       ? MEMORY_SEGMENT
		       : 0;
}

static uint32_t direction_flags(const ZydisDecodedOperand *operand)
{
	return (operand->actions & ZYDIS_OPERAND_ACTION_MASK_READ ? MEMORY_READ : 0u) |
	       (operand->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE ? MEMORY_WRITE : 0u);
}

static uint32_t extra_flags(const struct raw *raw, const ZydisDecodedOperand *operand)
{
	const ZydisDecodedInstruction *instruction = &raw->instruction;
	ZydisMnemonic mnemonic = instruction->mnemonic;
	uint32_t flags = 0;

	if (instruction->attributes & ZYDIS_ATTRIB_HAS_LOCK || mnemonic == ZYDIS_MNEMONIC_XCHG)
		flags |= MEMORY_LOCKED;
	if (mnemonic == ZYDIS_MNEMONIC_XCHG)
		flags |= MEMORY_EXCHANGE;
	if (is_compare_exchange(mnemonic))
		flags |= MEMORY_COMPARES;
	if (is_plain_move(mnemonic) && operand->size <= 64)
		flags |= MEMORY_PLAIN_MOVE;
	if (only_compares(mnemonic) || stores_constant(raw))
		flags |= MEMORY_CONSTANT;
	if (operand->mem.type == ZYDIS_MEMOP_TYPE_VSIB)
		flags |= MEMORY_GATHER;
	if (is_masked_move(instruction))
		flags |= MEMORY_MASKED;
	if (flags & (MEMORY_GATHER | MEMORY_MASKED) &&
	    instruction->encoding != ZYDIS_INSTRUCTION_ENCODING_VEX)
		flags |= MEMORY_UNCHECKED;
	if (has_unknown_extent(raw, operand) || instruction->address_width != 64 ||
	    is_odd_register(operand->mem.base) ||
	    (!(flags & MEMORY_GATHER) && is_odd_register(operand->mem.index)))
		flags |= MEMORY_UNCHECKED;
	return flags;
}

static void note_access(const struct raw *raw, const ZydisDecodedOperand *operand,
			struct instruction *to)
{
	note_address(raw, operand, to);
	if (operand->mem.type == ZYDIS_MEMOP_TYPE_AGEN) {
		to->is_lea = raw->instruction.mnemonic == ZYDIS_MNEMONIC_LEA;
		return;
	}
	if (touches_nothing(&raw->instruction)) {
		to->is_prefetch = is_prefetch(raw, operand);
		return;
	}
	to->memory |= (uint16_t)(direction_flags(operand) | segment_flag(operand, to) |
				 extra_flags(raw, operand));
	to->access_bytes = operand->size / 8;
}

/* --- String instructions ------------------------------------------------------ */

static enum string_kind string_kind_of(ZydisMnemonic mnemonic, uint16_t *element_bytes)
{
#define STRING_ROW(name)                                                                           \
	case ZYDIS_MNEMONIC_##name##B:                                                             \
		*element_bytes = 1;                                                                \
		return STRING_##name;                                                              \
	case ZYDIS_MNEMONIC_##name##W:                                                             \
		*element_bytes = 2;                                                                \
		return STRING_##name;                                                              \
	case ZYDIS_MNEMONIC_##name##D:                                                             \
		*element_bytes = 4;                                                                \
		return STRING_##name;                                                              \
	case ZYDIS_MNEMONIC_##name##Q:                                                             \
		*element_bytes = 8;                                                                \
		return STRING_##name

	switch ((unsigned)mnemonic) {
		STRING_ROW(MOVS);
		STRING_ROW(STOS);
		STRING_ROW(LODS);
		STRING_ROW(CMPS);
		STRING_ROW(SCAS);
	default:
		return STRING_NONE;
	}
#undef STRING_ROW
}

/* Zydis does not name all of them as operands. */
static void note_string_registers(struct instruction *to)
{
	uint32_t moved = REGISTER_BIT(RSI) | REGISTER_BIT(RDI);

	if (to->string == STRING_STOS || to->string == STRING_SCAS)
		moved = REGISTER_BIT(RDI);
	else if (to->string == STRING_LODS)
		moved = REGISTER_BIT(RSI);
	if (to->is_prefix_repeated)
		moved |= REGISTER_BIT(RCX);
	to->reads |= moved;
	to->changes |= moved;
	to->kills &= ~moved;
}

static void note_string(const struct raw *raw, struct instruction *to)
{
	static const uint16_t directions[] = {
		[STRING_NONE] = MEMORY_READ | MEMORY_WRITE | MEMORY_UNCHECKED,
		[STRING_MOVS] = MEMORY_READ | MEMORY_WRITE,
		[STRING_STOS] = MEMORY_WRITE,
		[STRING_LODS] = MEMORY_READ,
		[STRING_CMPS] = MEMORY_READ,
		[STRING_SCAS] = MEMORY_READ,
	};

	to->string = (uint8_t)string_kind_of(raw->instruction.mnemonic, &to->access_bytes);
	to->memory = MEMORY_STRING | directions[to->string];
	to->is_prefix_repeated = decode_is_repeated(&raw->instruction);
	to->is_repne =
		to->is_prefix_repeated && raw->instruction.attributes & ZYDIS_ATTRIB_HAS_REPNE;
	note_string_registers(to);
	to->base = to->string == STRING_LODS || to->string == STRING_CMPS ? RSI : RDI;
	if (raw->instruction.address_width != 64)
		to->memory |= MEMORY_UNCHECKED;
	for (unsigned i = 0; i < raw->instruction.operand_count; i++)
		if (raw->operands[i].type == ZYDIS_OPERAND_TYPE_MEMORY)
			to->memory |= (uint16_t)segment_flag(&raw->operands[i], to);
}

/* The stack access that push, pop, call and leave imply. */
static bool is_own_stack(const ZydisDecodedOperand *operand)
{
	return operand->mem.base == ZYDIS_REGISTER_RSP || operand->mem.base == ZYDIS_REGISTER_RBP;
}

/* maskmovdqu has an implicit operand, at rdi. */
static void note_masked_bytes(const struct raw *raw, const ZydisDecodedOperand *operand,
			      struct instruction *to)
{
	to->memory |=
		(uint16_t)(direction_flags(operand) | segment_flag(operand, to) | MEMORY_MASKED);
	to->base = RDI;
	if (raw->instruction.address_width != 64)
		to->memory |= MEMORY_UNCHECKED;
}

void decode_memory(const struct raw *raw, struct instruction *to)
{
	ZydisInstructionCategory category = raw->instruction.meta.category;

	if (category == ZYDIS_CATEGORY_STRINGOP || category == ZYDIS_CATEGORY_IOSTRINGOP) {
		note_string(raw, to);
		return;
	}
	for (unsigned i = 0; i < raw->instruction.operand_count; i++) {
		const ZydisDecodedOperand *operand = &raw->operands[i];

		if (operand->type != ZYDIS_OPERAND_TYPE_MEMORY)
			continue;
		if (operand->visibility == ZYDIS_OPERAND_VISIBILITY_EXPLICIT)
			note_access(raw, operand, to);
		else if (is_masked_bytes(raw->instruction.mnemonic))
			note_masked_bytes(raw, operand, to);
		else if (!is_own_stack(operand) && operand->mem.type == ZYDIS_MEMOP_TYPE_MEM &&
			 !touches_nothing(&raw->instruction))
			to->memory |=
				(uint16_t)(direction_flags(operand) | MEMORY_UNCHECKED |
					   segment_flag(operand, to) |
					   (is_masked_move(&raw->instruction) ? MEMORY_MASKED : 0));
	}
}
