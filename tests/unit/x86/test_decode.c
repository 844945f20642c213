#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "x86/decode/decode.h"
#include "x86/decode/thunk.h"
#include "x86/decode/locked.h"

#define BIT(name) REGISTER_BIT(name)
#define CARRY (1u << 16)
#define ZERO (1u << 19)
#define OFFSET 0x1000u
#define NONE NO_REGISTER

static struct decoder decoder;
static struct instruction it;

/* Decodes hexadecimal bytes, as they would stand at OFFSET, into 'it'. */
static bool decode_bytes(const char *text)
{
	unsigned char bytes[16];
	size_t count = 0;

	for (char *end; *text; text = end) {
		bytes[count++] = (unsigned char)strtoul(text, &end, 16);
		while (*end == ' ')
			end++;
	}
	return instruction_decode(&decoder, bytes, count, OFFSET, &it);
}

static void set_up(void)
{
	ck_assert(decoder_init_linked(&decoder));
}

/* --- Addressing ------------------------------------------------------------------ */

struct address_row {
	const char *bytes, *text;
	int base, index, scale, displacement;
};

static const struct address_row addresses[] = {
	{"48 8b 07", "mov rax,[rdi]", RDI, NONE, 0, 0},
	{"48 8b 44 8f f8", "mov rax,[rdi+rcx*4-8]", RDI, RCX, 4, -8},
	{"8b 04 25 45 23 01 00", "mov eax,[0x12345]", NONE, NONE, 0, 0x12345},
	{"4c 89 8c c5 00 01 00 00", "mov [rbp+rax*8+0x100],r9", RBP, RAX, 8, 0x100},
	{"ff 24 c5 00 10 00 00", "jmp [rax*8+0x1000]", NONE, RAX, 8, 0x1000},
	{"43 8b 04 a5 00 00 00 00", "mov eax,[r12*4]", NONE, R12, 4, 0},
	{"41 8b 04 24", "mov eax,[r12]", R12, NONE, 0, 0},
	{"41 8b 45 00", "mov eax,[r13]", R13, NONE, 0, 0},
	{"8b 44 24 80", "mov eax,[rsp-0x80]", RSP, NONE, 0, -0x80},
	{"48 8d 44 77 05", "lea rax,[rdi+rsi*2+5]", RDI, RSI, 2, 5},
};

START_TEST(address_is_base_index_scale_displacement)
{
	const struct address_row *row = &addresses[_i];

	ck_assert_msg(decode_bytes(row->bytes), "%s", row->text);
	ck_assert_msg(it.base == row->base, "%s: base %d", row->text, it.base);
	ck_assert_msg(it.index == row->index, "%s: index %d", row->text, it.index);
	ck_assert_msg(it.index == NONE || it.scale == row->scale, "%s", row->text);
	ck_assert_msg(it.displacement == row->displacement, "%s", row->text);
}
END_TEST

START_TEST(operand_relative_to_rip_has_its_target)
{
	ck_assert(decode_bytes("8b 05 00 10 00 00")); /* mov eax,[rip+0x1000] */
	ck_assert(it.is_rip_relative);
	ck_assert_int_eq(it.target, OFFSET + 6 + 0x1000);
	ck_assert_int_eq(it.displacement_at, 2);
	ck_assert(decode_bytes("c7 05 00 10 00 00 05 00 00 00")); /* mov dword [rip+0x1000],5 */
	ck_assert_int_eq(it.target, OFFSET + 10 + 0x1000);
	ck_assert(!decode_bytes("67 8b 05 00 10 00 00")); /* mov eax,[eip+0x1000] */
}
END_TEST

/* --- Memory ------------------------------------------------------------------------ */

struct memory_row {
	const char *bytes, *text;
	unsigned memory, bytes_accessed;
};

#define R MEMORY_READ
#define W MEMORY_WRITE
#define MOVE MEMORY_PLAIN_MOVE
#define LOCKED MEMORY_LOCKED
#define COMPARES MEMORY_COMPARES
#define EXCHANGE MEMORY_EXCHANGE
#define CONSTANT MEMORY_CONSTANT
#define UNCHECKED MEMORY_UNCHECKED
#define STRING MEMORY_STRING

static const struct memory_row memory_rows[] = {
	{"48 8b 07", "mov rax,[rdi]", R | MOVE, 8},
	{"8a 26", "mov ah,[rsi]", R | MOVE, 1},
	{"0f b7 06", "movzx eax,word [rsi]", R | MOVE, 2},
	{"48 63 04 82", "movsxd rax,dword [rdx+rax*4]", R | MOVE, 4},
	{"4c 89 0f", "mov [rdi],r9", W | MOVE, 8},
	{"c6 44 24 04 07", "mov byte [rsp+4],7", W | MOVE | CONSTANT, 1},
	{"48 8d 44 77 05", "lea rax,[rdi+rsi*2+5]", 0, 0},
	{"48 01 37", "add [rdi],rsi", R | W, 8},
	{"48 03 37", "add rsi,[rdi]", R, 8},
	{"ff 07", "inc dword [rdi]", R | W, 4},
	{"48 83 3f 05", "cmp qword [rdi],5", R | MOVE | CONSTANT, 8},
	{"f6 07 01", "test byte [rdi],1", R | MOVE | CONSTANT, 1},
	{"f0 0f c1 07", "lock xadd [rdi],eax", R | W | LOCKED, 4},
	{"f0 ff 07", "lock inc dword [rdi]", R | W | LOCKED, 4},
	{"87 07", "xchg [rdi],eax", R | W | LOCKED | EXCHANGE, 4},
	{"91", "xchg eax,ecx", 0, 0},
	{"f0 48 0f b1 0f", "lock cmpxchg [rdi],rcx", R | W | LOCKED | COMPARES, 8},
	{"f0 0f ab 37", "lock bts [rdi],esi", R | W | LOCKED, 4},
	{"0f ab 37", "bts [rdi],esi", R | W | UNCHECKED, 4},
	{"48 0f c7 0f", "cmpxchg16b [rdi]", R | W | COMPARES, 16},
	{"ff 37", "push [rdi]", R, 8},
	{"8f 07", "pop [rdi]", W, 8},
	{"53", "push rbx", 0, 0},
	{"5b", "pop rbx", 0, 0},
	{"c9", "leave", 0, 0},
	{"c3", "ret", 0, 0},
	{"ff 50 08", "call [rax+8]", R, 8},
	{"ff d0", "call rax", 0, 0},
	{"ff 24 c5 00 10 00 00", "jmp [rax*8+0x1000]", R, 8},
	{"64 8b 04 25 10 00 00 00", "mov eax,fs:[0x10]", R | MOVE | MEMORY_SEGMENT, 4},
	{"65 8b 02", "mov eax,gs:[rdx]", R | MOVE | MEMORY_SEGMENT, 4},
	{"2e 8b 07", "mov eax,cs:[rdi]", R | MOVE, 4},
	{"67 8b 07", "mov eax,[edi]", R | MOVE | UNCHECKED, 4},
	{"0f 10 07", "movups xmm0,[rdi]", R, 16},
	{"f3 0f 10 07", "movss xmm0,[rdi]", R | MOVE, 4},
	{"66 0f d6 07", "movq [rdi],xmm0", W | MOVE, 8},
	{"66 0f 7e c8", "movd eax,xmm1", 0, 0},
	{"66 0f e7 07", "movntdq [rdi],xmm0", W, 16},
	{"c5 fe 6f 07", "vmovdqu ymm0,[rdi]", R, 32},
	{"62 f1 7c 48 10 07", "vmovups zmm0,[rdi]", R, 64},
	{"62 f1 7c 49 10 07", "vmovups zmm0{k1},[rdi]", R | MEMORY_MASKED | UNCHECKED, 64},
	{"62 f1 74 58 58 07", "vaddps zmm0,zmm1,[rdi]{1to16}", R | UNCHECKED, 4},
	{"c4 e2 6d 90 04 8f", "vpgatherdd ymm0,[rdi+ymm1*4],ymm2", R | MEMORY_GATHER, 4},
	{"c4 e2 75 2c 07", "vmaskmovps ymm0,ymm1,[rdi]", R | MEMORY_MASKED, 32},
	{"66 0f f7 c1", "maskmovdqu xmm0,xmm1", W | MEMORY_MASKED, 0},
	{"db 2f", "fld tbyte [rdi]", R, 10},
	{"dd 07", "fld qword [rdi]", R, 8},
	{"0f ae 07", "fxsave [rdi]", W, 512},
	{"48 0f a3 07", "bt [rdi],rax", R | UNCHECKED | CONSTANT, 8},
	{"0f ba 2f 03", "bts dword [rdi],3", R | W, 4},
	{"d7", "xlatb", R | UNCHECKED, 0},
	{"0f 1f 04 00", "nop [rax+rax]", 0, 0},
	{"0f 18 0f", "prefetcht0 [rdi]", 0, 0},
	{"0f ae 3f", "clflush [rdi]", 0, 0},
	{"f3 a4", "rep movsb", R | W | STRING, 1},
	{"48 a5", "movsq", R | W | STRING, 8},
	{"f3 48 ab", "rep stosq", W | STRING, 8},
	{"f2 ae", "repne scasb", R | STRING, 1},
	{"66 f3 a7", "repe cmpsw", R | STRING, 2},
	{"ad", "lodsd", R | STRING, 4},
	{"64 a4", "movsb from fs", R | W | STRING | MEMORY_SEGMENT, 1},
	{"67 a4", "movsb by edi, esi", R | W | STRING | UNCHECKED, 1},
	{"6c", "insb", R | W | STRING | UNCHECKED, 0},
};

START_TEST(memory_is_what_it_touches_and_how)
{
	const struct memory_row *row = &memory_rows[_i];

	ck_assert_msg(decode_bytes(row->bytes), "%s", row->text);
	ck_assert_msg(it.memory == row->memory, "%s: memory %#x", row->text, it.memory);
	ck_assert_msg(!it.memory || it.access_bytes == row->bytes_accessed, "%s: %u bytes",
		      row->text, it.access_bytes);
}
END_TEST

START_TEST(all_of_a_context_save_is_unchecked)
{
	ck_assert(decode_bytes("0f ae 27")); /* xsave [rdi] */
	ck_assert(it.memory & MEMORY_UNCHECKED);
}
END_TEST

START_TEST(string_instruction_has_kind_and_prefix)
{
	ck_assert(decode_bytes("f2 ae")); /* repne scasb */
	ck_assert_int_eq(it.string, STRING_SCAS);
	ck_assert(it.is_prefix_repeated && it.is_repne);
	ck_assert(decode_bytes("f3 48 a5")); /* rep movsq */
	ck_assert_int_eq(it.string, STRING_MOVS);
	ck_assert(it.is_prefix_repeated && !it.is_repne);
	ck_assert(decode_bytes("aa")); /* stosb */
	ck_assert_int_eq(it.string, STRING_STOS);
	ck_assert(!it.is_prefix_repeated);
	ck_assert(decode_bytes("f3 c3")); /* rep ret */
	ck_assert(!it.is_prefix_repeated);
}
END_TEST

/* --- Kinds ---------------------------------------------------------------------------- */

struct kind_row {
	const char *bytes, *text;
	enum instruction_kind kind;
	int64_t target;
};

static const struct kind_row kinds[] = {
	{"90", "nop", INSTRUCTION_PLAIN, NO_TARGET},
	{"74 10", "je", INSTRUCTION_BRANCH_IF, OFFSET + 2 + 0x10},
	{"0f 84 00 ff ff ff", "je", INSTRUCTION_BRANCH_IF, OFFSET + 6 - 0x100},
	{"eb fe", "jmp .", INSTRUCTION_BRANCH, OFFSET},
	{"e9 00 01 00 00", "jmp", INSTRUCTION_BRANCH, OFFSET + 5 + 0x100},
	{"e2 fe", "loop .", INSTRUCTION_LOOP, OFFSET},
	{"e3 fe", "jrcxz .", INSTRUCTION_LOOP, OFFSET},
	{"e8 00 01 00 00", "call", INSTRUCTION_CALL, OFFSET + 5 + 0x100},
	{"66 66 48 e8 00 01 00 00", "data16 rex.W call", INSTRUCTION_CALL, OFFSET + 8 + 0x100},
	{"ff d0", "call rax", INSTRUCTION_CALL_INDIRECT, NO_TARGET},
	{"ff e0", "jmp rax", INSTRUCTION_JUMP_INDIRECT, NO_TARGET},
	{"3e ff e0", "notrack jmp rax", INSTRUCTION_JUMP_INDIRECT, NO_TARGET},
	{"c3", "ret", INSTRUCTION_RETURN, NO_TARGET},
	{"f3 c3", "rep ret", INSTRUCTION_RETURN, NO_TARGET},
	{"c2 08 00", "ret 8", INSTRUCTION_RETURN, NO_TARGET},
	{"0f 0b", "ud2", INSTRUCTION_STOP, NO_TARGET},
	{"f4", "hlt", INSTRUCTION_STOP, NO_TARGET},
	{"cc", "int3", INSTRUCTION_STOP, NO_TARGET},
	{"0f 05", "syscall", INSTRUCTION_PLAIN, NO_TARGET},
	{"f3 0f 1e fa", "endbr64", INSTRUCTION_PLAIN, NO_TARGET},
	{"c7 f8 10 00 00 00", "xbegin", INSTRUCTION_LOOP, OFFSET + 6 + 0x10},
	{"c6 f8 01", "xabort", INSTRUCTION_PLAIN, NO_TARGET},
	{"0f 01 d5", "xend", INSTRUCTION_PLAIN, NO_TARGET},
};

START_TEST(kind_says_where_it_goes_on)
{
	const struct kind_row *row = &kinds[_i];

	ck_assert_msg(decode_bytes(row->bytes), "%s", row->text);
	ck_assert_msg(it.kind == row->kind, "%s: %u", row->text, it.kind);
	ck_assert_msg(it.target == row->target, "%s", row->text);
}
END_TEST

START_TEST(what_cannot_be_copied_is_unknown)
{
	static const char *const rows[] = {
		"48 cf",	     /* iretq */
		"cb",		     /* far ret */
		"ff 2f",	     /* far jmp */
		"06",		     /* none */
		"0f",		     /* cut short */
		"48 8b",
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ck_assert_msg(!decode_bytes(rows[i]), "%s", rows[i]);
		ck_assert_int_eq(it.kind, INSTRUCTION_UNKNOWN);
		ck_assert_uint_ge(it.length, 1);
	}
}
END_TEST

START_TEST(locked_instructions_are_counted_where_they_begin)
{
	static const unsigned char code[] = {
		0xc7, 0xf8, 0x10, 0x00, 0x00, 0x00, /* xbegin */
		0xf0, 0x83, 0x07, 0x01,		    /* lock addl $1, (%rdi) */
		0x8b, 0x44, 0x24, 0xf0,		    /* mov -16(%rsp), %eax */
		0x83, 0xc0, 0x01,		    /* add $1, %eax */
		0x06,				    /* none */
		0x87, 0x07,			    /* xchg %eax, (%rdi) */
		0x48, 0x8d, 0x4f, 0xf0,		    /* lea -16(%rdi), %rcx */
		0x01, 0xc8,			    /* add %ecx, %eax */
	};

	ck_assert_uint_eq(locked_count(code, sizeof(code), UINT32_MAX), 2);
	ck_assert_uint_eq(locked_decoded(&decoder, code, sizeof(code)), 2);
	ck_assert_uint_eq(locked_decoded(&decoder, code + 10, sizeof(code) - 10), 1);
	ck_assert_uint_eq(locked_decoded(&decoder, code + 18, sizeof(code) - 18), 1);
}
END_TEST

START_TEST(fences_of_loads_and_stores_count_in_bytes)
{
	static const unsigned char code[] = {
		0x0f, 0xae, 0xf0, 0x90, 0x90, 0x90, 0x90, /* mfence */
		0x0f, 0xae, 0xe8, 0x90, 0x90, 0x90, 0x90, /* lfence */
		0x0f, 0xae, 0xf8, 0x90, 0x90, 0x90, 0x90, /* sfence */
	};

	ck_assert_uint_eq(locked_count(code, sizeof(code), UINT32_MAX), 1);
	ck_assert_uint_eq(locked_count(code + 2, sizeof(code) - 2, UINT32_MAX), 0);
	ck_assert(!locked_is_fence(code, 4));
}
END_TEST

START_TEST(locked_instructions_among_data_stand_among_many_known_ones)
{
	static const unsigned char lock[] = {0xf0, 0x83, 0x07, 0x01}; /* lock addl $1, (%rdi) */
	static const unsigned char exchange[] = {0x87, 0x07}; /* xchg %eax, (%rdi) */
	unsigned char bytes[256];

	memset(bytes, 0x90, sizeof(bytes));
	memcpy(bytes, lock, sizeof(lock));
	memcpy(bytes + 100, lock, sizeof(lock));
	memcpy(bytes + 110, exchange, sizeof(exchange));
	ck_assert_uint_eq(locked_among_data(&decoder, bytes, 8), 1);
	ck_assert_uint_eq(locked_among_data(&decoder, bytes, sizeof(bytes)), 2);
	bytes[20] = 0x06; /* none */
	ck_assert_uint_eq(locked_among_data(&decoder, bytes, sizeof(bytes)), 1);
	ck_assert_uint_eq(locked_among_data(&decoder, bytes, 120), 1);
	bytes[120] = 0x06;
	ck_assert_uint_eq(locked_among_data(&decoder, bytes, 130), 1);
	bytes[40] = 0x06;
	ck_assert_uint_eq(locked_among_data(&decoder, bytes, 130), 1);
	bytes[70] = 0x06;
	ck_assert_uint_eq(locked_among_data(&decoder, bytes, 130), 0);
}
END_TEST

/* --- Registers and flags ---------------------------------------------------------------- */

struct register_row {
	const char *bytes, *text;
	uint32_t reads, kills, changes;
};

static const struct register_row register_rows[] = {
	{"48 8b 07", "mov rax,[rdi]", BIT(RDI), BIT(RAX), BIT(RAX)},
	{"8b 07", "mov eax,[rdi]", BIT(RDI), BIT(RAX), BIT(RAX)},
	{"66 8b 07", "mov ax,[rdi]", BIT(RDI) | BIT(RAX), 0, BIT(RAX)},
	{"8a 26", "mov ah,[rsi]", BIT(RSI) | BIT(RAX), 0, BIT(RAX)},
	{"4c 89 0f", "mov [rdi],r9", BIT(RDI) | BIT(R9), 0, 0},
	{"48 01 37", "add [rdi],rsi", BIT(RDI) | BIT(RSI), FLAGS_ALL, FLAGS_ALL},
	{"48 11 d8", "adc rax,rbx", BIT(RAX) | BIT(RBX) | CARRY, BIT(RAX) | FLAGS_ALL,
	 BIT(RAX) | FLAGS_ALL},
	{"ff 07", "inc dword [rdi]", BIT(RDI), FLAGS_ALL & ~CARRY, FLAGS_ALL & ~CARRY},
	{"31 c0", "xor eax,eax", 0, BIT(RAX) | FLAGS_ALL, BIT(RAX) | FLAGS_ALL},
	{"48 29 c9", "sub rcx,rcx", 0, BIT(RCX) | FLAGS_ALL, BIT(RCX) | FLAGS_ALL},
	{"30 c0", "xor al,al", BIT(RAX), FLAGS_ALL, BIT(RAX) | FLAGS_ALL},
	{"31 c8", "xor eax,ecx", BIT(RAX) | BIT(RCX), BIT(RAX) | FLAGS_ALL, BIT(RAX) | FLAGS_ALL},
	{"19 c0", "sbb eax,eax", BIT(RAX) | CARRY, BIT(RAX) | FLAGS_ALL, BIT(RAX) | FLAGS_ALL},
	{"d3 e0", "shl eax,cl", BIT(RAX) | BIT(RCX), BIT(RAX), BIT(RAX) | FLAGS_ALL},
	{"c1 e0 03", "shl eax,3", BIT(RAX), BIT(RAX) | FLAGS_ALL, BIT(RAX) | FLAGS_ALL},
	{"c1 e0 00", "shl eax,0", BIT(RAX), BIT(RAX), BIT(RAX) | FLAGS_ALL},
	{"0f 44 c1", "cmovz eax,ecx", BIT(RAX) | BIT(RCX) | ZERO, 0, BIT(RAX)},
	{"0f 94 c0", "setz al", BIT(RAX) | ZERO, 0, BIT(RAX)},
	{"0f bc c1", "bsf eax,ecx", BIT(RAX) | BIT(RCX), ZERO, BIT(RAX) | FLAGS_ALL},
	{"48 f7 e1", "mul rcx", BIT(RAX) | BIT(RCX), BIT(RAX) | BIT(RDX) | FLAGS_ALL,
	 BIT(RAX) | BIT(RDX) | FLAGS_ALL},
	{"0f c8", "bswap eax", BIT(RAX), BIT(RAX), BIT(RAX)},
	{"91", "xchg eax,ecx", BIT(RAX) | BIT(RCX), BIT(RAX) | BIT(RCX), BIT(RAX) | BIT(RCX)},
	{"c4 e2 e3 f6 c1", "mulx rax,rbx,rcx", BIT(RCX) | BIT(RDX), BIT(RAX) | BIT(RBX),
	 BIT(RAX) | BIT(RBX)},
	{"53", "push rbx", BIT(RBX) | BIT(RSP), BIT(RSP), BIT(RSP)},
	{"5b", "pop rbx", BIT(RSP), BIT(RBX) | BIT(RSP), BIT(RBX) | BIT(RSP)},
	{"9c", "pushfq", BIT(RSP) | FLAGS_ALL, BIT(RSP), BIT(RSP)},
	{"9f", "lahf", BIT(RAX) | FLAGS_ALL, 0, BIT(RAX)},
	{"74 10", "je", ZERO, 0, 0},
	{"e2 fe", "loop", BIT(RCX), BIT(RCX), BIT(RCX)},
	{"0f 05", "syscall", REGISTERS_ALL, BIT(RCX) | BIT(R11),
	 BIT(RAX) | BIT(RCX) | BIT(R11) | FLAGS_ALL},
	{"48 a5", "movsq", BIT(RSI) | BIT(RDI), 0, BIT(RSI) | BIT(RDI)},
	{"f3 48 ab", "rep stosq", BIT(RAX) | BIT(RCX) | BIT(RDI), 0, BIT(RCX) | BIT(RDI)},
	{"f2 ae", "repne scasb", BIT(RAX) | BIT(RCX) | BIT(RDI) | ZERO, 0,
	 BIT(RCX) | BIT(RDI) | FLAGS_ALL},
	{"a6", "cmpsb", BIT(RSI) | BIT(RDI), FLAGS_ALL, BIT(RSI) | BIT(RDI) | FLAGS_ALL},
};

START_TEST(registers_are_read_killed_or_changed)
{
	const struct register_row *row = &register_rows[_i];

	ck_assert_msg(decode_bytes(row->bytes), "%s", row->text);
	ck_assert_msg(it.reads == row->reads, "%s: reads %#x", row->text, it.reads);
	ck_assert_msg(it.kills == row->kills, "%s: kills %#x", row->text, it.kills);
	ck_assert_msg(it.changes == row->changes, "%s: changes %#x", row->text, it.changes);
}
END_TEST

START_TEST(values_go_from_source_to_destination)
{
	ck_assert(decode_bytes("48 89 e0")); /* mov rax,rsp */
	ck_assert(it.source == RSP && it.destination == RAX);
	ck_assert(decode_bytes("48 01 37")); /* add [rdi],rsi */
	ck_assert(it.source == RSI && it.destination == NONE);
	ck_assert(decode_bytes("48 03 37")); /* add rsi,[rdi] */
	ck_assert(it.source == NONE && it.destination == RSI);
	ck_assert(decode_bytes("48 b8 f0 de bc 9a 78 56 34 12")); /* movabs rax,... */
	ck_assert(it.immediate == 0x123456789abcdef0 && it.destination == RAX);
	ck_assert(decode_bytes("ff d0")); /* call rax */
	ck_assert(it.source == RAX && it.destination == NONE);
}
END_TEST

static unsigned idle_operand(const char *bytes)
{
	ck_assert(decode_bytes(bytes));
	return instruction_idle_operand(&it);
}

START_TEST(operand_says_when_a_locked_instruction_changes_nothing)
{
	const unsigned by_rbx = RBX << IDLE_REGISTER_SHIFT, by_r12 = R12 << IDLE_REGISTER_SHIFT;

	ck_assert_uint_eq(idle_operand("f0 48 0f c1 1f"),
			  IDLE_IF_ZERO | by_rbx);			       /* xadd [rdi],rbx */
	ck_assert_uint_eq(idle_operand("f0 4c 01 27"), IDLE_IF_ZERO | by_r12); /* add */
	ck_assert_uint_eq(idle_operand("f0 48 29 1f"), IDLE_IF_ZERO | by_rbx); /* sub */
	ck_assert_uint_eq(idle_operand("f0 48 09 1f"), IDLE_IF_ZERO | by_rbx); /* or */
	ck_assert_uint_eq(idle_operand("f0 48 31 1f"), IDLE_IF_ZERO | by_rbx); /* xor */
	ck_assert_uint_eq(idle_operand("f0 48 21 1f"), IDLE_IF_ONES | by_rbx); /* and */
	ck_assert_uint_eq(idle_operand("f0 83 0c 24 00"), IDLE_ALWAYS);	       /* or [rsp],0 */
	ck_assert_uint_eq(idle_operand("f0 83 0c 24 01"), 0);		       /* or [rsp],1 */
	ck_assert_uint_eq(idle_operand("f0 83 24 24 ff"), IDLE_ALWAYS);	       /* and [rsp],-1 */
	ck_assert_uint_eq(idle_operand("f0 83 24 24 00"), 0);		       /* and [rsp],0 */
	ck_assert_uint_eq(idle_operand("f0 48 ff 07"), 0);		       /* inc */
	ck_assert_uint_eq(idle_operand("48 87 1f"), 0);			       /* xchg */
	ck_assert_uint_eq(idle_operand("f0 48 0f b1 1f"), 0);		       /* cmpxchg */
}
END_TEST

static Suite *make_suite(void)
{
	Suite *suite = suite_create("decode");
	TCase *tests = tcase_create("decode");

#define ROWS(table) (int)(sizeof(table) / sizeof((table)[0]))
	tcase_add_unchecked_fixture(tests, set_up, NULL);
	tcase_add_loop_test(tests, address_is_base_index_scale_displacement, 0, ROWS(addresses));
	tcase_add_test(tests, operand_relative_to_rip_has_its_target);
	tcase_add_loop_test(tests, memory_is_what_it_touches_and_how, 0, ROWS(memory_rows));
	tcase_add_test(tests, all_of_a_context_save_is_unchecked);
	tcase_add_test(tests, string_instruction_has_kind_and_prefix);
	tcase_add_loop_test(tests, kind_says_where_it_goes_on, 0, ROWS(kinds));
	tcase_add_test(tests, what_cannot_be_copied_is_unknown);
	tcase_add_test(tests, locked_instructions_are_counted_where_they_begin);
	tcase_add_test(tests, fences_of_loads_and_stores_count_in_bytes);
	tcase_add_test(tests, locked_instructions_among_data_stand_among_many_known_ones);
	tcase_add_loop_test(tests, registers_are_read_killed_or_changed, 0, ROWS(register_rows));
	tcase_add_test(tests, values_go_from_source_to_destination);
	tcase_add_test(tests, operand_says_when_a_locked_instruction_changes_nothing);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	SRunner *runner = srunner_create(make_suite());
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
