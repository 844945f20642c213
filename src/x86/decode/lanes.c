#include "x86/decode/lanes.h"

#include "x86/decode/vector.h"

#define LANE 16u /* most shuffles stay within so many bytes */
#define LANE_BYTES 0xffffu

/* How the result is made.  'first' is the operand that the result replaces, or VEX's third;
 * 'second' is the register or memory of the encoding. */
enum form {
	FORM_EACH,	/* each element of the same one of both */
	FORM_OWN,	/* ... of the second alone */
	FORM_THREE,	/* ... of both and of the old result */
	FORM_ALL,	/* any of any */
	FORM_ONE,	/* the lowest element of both, the rest of the first */
	FORM_MOVE_ONE,	/* of the second alone; a load clears the rest */
	FORM_FILL,	/* the lowest of the second, and zeros */
	FORM_SPREAD,	/* the lowest of the second, everywhere */
	FORM_GENERAL,	/* of no vector: 'element' bytes, the rest of the first */
	FORM_LOW_HALF,	/* movlps: another low half; movhlps */
	FORM_HIGH_HALF, /* movhps, movlhps */
	FORM_DOUBLE,	/* movddup, movsldup: even elements twice */
	FORM_DOUBLE_ODD,
	FORM_UNPACK_LOW,
	FORM_UNPACK_HIGH,
	FORM_PACK,  /* elements of both, in half the size */
	FORM_WIDEN, /* 'element' bytes each of 'from' */
	FORM_NARROW,
	FORM_SHUFFLE, /* shufps, shufpd: by the constant */
	FORM_PERMUTE, /* pshufd, vpermilps, vpermilpd */
	FORM_PERMUTE_LOW,
	FORM_PERMUTE_HIGH, /* pshuflw, pshufhw */
	FORM_PERMUTE_FAR,  /* vpermq: across the whole vector */
	FORM_BLEND,
	FORM_ALIGN,
	FORM_INSERT,
	FORM_INSERT_HALF,
	FORM_SWAP_HALVES, /* of 32 bytes */
	FORM_SHIFT,	  /* by a constant, of the second; psrldq too */
	FORM_SHIFT_BY,	  /* by the second's lowest half */
	FORM_STORE,	  /* no result: 'element' bytes of the register, 0: all */
	FORM_STORE_HIGH,
	FORM_STORE_HALF, /* vextractf128 */
	FORM_TAKE,	 /* to a general register: the element that the constant says */
	FORM_TAKE_ONE,	 /* ... the lowest of the second */
	FORM_LOOK,	 /* flags, or bits in a general register: all of both */
	FORM_COMPARE,	 /* flags of the lowest element of both */
};

enum { P0 = 1, P66 = 2, PF3 = 4, PF2 = 8, PD = P0 | P66 };

static const struct row {
	uint8_t map, prefixes, first, last, form, element, from;
} rows[] = {
	{1, PD, 0x10, 0x10, FORM_OWN, 1, 0},
	{1, PF3, 0x10, 0x10, FORM_MOVE_ONE, 4, 0},
	{1, PF2, 0x10, 0x10, FORM_MOVE_ONE, 8, 0},
	{1, PD, 0x11, 0x11, FORM_STORE, 0, 0},
	{1, PF3, 0x11, 0x11, FORM_STORE, 4, 0},
	{1, PF2, 0x11, 0x11, FORM_STORE, 8, 0},
	{1, PD, 0x12, 0x12, FORM_LOW_HALF, 8, 0},
	{1, PF3, 0x12, 0x12, FORM_DOUBLE, 4, 0},
	{1, PF2, 0x12, 0x12, FORM_DOUBLE, 8, 0},
	{1, PD, 0x13, 0x13, FORM_STORE, 8, 0},
	{1, P0, 0x14, 0x14, FORM_UNPACK_LOW, 4, 0},
	{1, P66, 0x14, 0x14, FORM_UNPACK_LOW, 8, 0},
	{1, P0, 0x15, 0x15, FORM_UNPACK_HIGH, 4, 0},
	{1, P66, 0x15, 0x15, FORM_UNPACK_HIGH, 8, 0},
	{1, PD, 0x16, 0x16, FORM_HIGH_HALF, 8, 0},
	{1, PF3, 0x16, 0x16, FORM_DOUBLE_ODD, 4, 0},
	{1, PD, 0x17, 0x17, FORM_STORE_HIGH, 8, 0},
	{1, PD, 0x28, 0x28, FORM_OWN, 1, 0},
	{1, PD, 0x29, 0x29, FORM_STORE, 0, 0},
	{1, PF3, 0x2a, 0x2a, FORM_GENERAL, 4, 0},
	{1, PF2, 0x2a, 0x2a, FORM_GENERAL, 8, 0},
	{1, PD, 0x2b, 0x2b, FORM_STORE, 0, 0},
	{1, PF3, 0x2c, 0x2d, FORM_TAKE_ONE, 4, 0},
	{1, PF2, 0x2c, 0x2d, FORM_TAKE_ONE, 8, 0},
	{1, P0, 0x2e, 0x2f, FORM_COMPARE, 4, 0},
	{1, P66, 0x2e, 0x2f, FORM_COMPARE, 8, 0},
	{1, PD, 0x50, 0x50, FORM_LOOK, 0, 0},
	{1, P0, 0x51, 0x53, FORM_OWN, 4, 0},
	{1, P66, 0x51, 0x51, FORM_OWN, 8, 0},
	{1, PF3 | PF2, 0x51, 0x53, FORM_ONE, 8, 0},
	{1, PD, 0x54, 0x57, FORM_EACH, 1, 0},
	{1, P0, 0x58, 0x59, FORM_EACH, 4, 0},
	{1, P66, 0x58, 0x59, FORM_EACH, 8, 0},
	{1, PF3, 0x58, 0x59, FORM_ONE, 4, 0},
	{1, PF2, 0x58, 0x59, FORM_ONE, 8, 0},
	{1, P0, 0x5a, 0x5a, FORM_WIDEN, 8, 4},
	{1, P66, 0x5a, 0x5a, FORM_NARROW, 4, 8},
	{1, PF3 | PF2, 0x5a, 0x5a, FORM_ONE, 8, 0},
	{1, P0 | P66 | PF3, 0x5b, 0x5b, FORM_OWN, 4, 0},
	{1, P0, 0x5c, 0x5f, FORM_EACH, 4, 0},
	{1, P66, 0x5c, 0x5f, FORM_EACH, 8, 0},
	{1, PF3, 0x5c, 0x5f, FORM_ONE, 4, 0},
	{1, PF2, 0x5c, 0x5f, FORM_ONE, 8, 0},
	{1, P66, 0x60, 0x60, FORM_UNPACK_LOW, 1, 0},
	{1, P66, 0x61, 0x61, FORM_UNPACK_LOW, 2, 0},
	{1, P66, 0x62, 0x62, FORM_UNPACK_LOW, 4, 0},
	{1, P66, 0x63, 0x63, FORM_PACK, 1, 2},
	{1, P66, 0x64, 0x66, FORM_EACH, 4, 0},
	{1, P66, 0x67, 0x67, FORM_PACK, 1, 2},
	{1, P66, 0x68, 0x68, FORM_UNPACK_HIGH, 1, 0},
	{1, P66, 0x69, 0x69, FORM_UNPACK_HIGH, 2, 0},
	{1, P66, 0x6a, 0x6a, FORM_UNPACK_HIGH, 4, 0},
	{1, P66, 0x6b, 0x6b, FORM_PACK, 2, 4},
	{1, P66, 0x6c, 0x6c, FORM_UNPACK_LOW, 8, 0},
	{1, P66, 0x6d, 0x6d, FORM_UNPACK_HIGH, 8, 0},
	{1, P66, 0x6e, 0x6e, FORM_GENERAL, 32, 0},
	{1, P66 | PF3, 0x6f, 0x6f, FORM_OWN, 1, 0},
	{1, P66, 0x70, 0x70, FORM_PERMUTE, 4, 0},
	{1, PF3, 0x70, 0x70, FORM_PERMUTE_HIGH, 2, 0},
	{1, PF2, 0x70, 0x70, FORM_PERMUTE_LOW, 2, 0},
	{1, P66, 0x71, 0x71, FORM_SHIFT, 2, 0},
	{1, P66, 0x72, 0x72, FORM_SHIFT, 4, 0},
	{1, P66, 0x73, 0x73, FORM_SHIFT, 8, 0},
	{1, P66, 0x74, 0x76, FORM_EACH, 4, 0},
	{1, P66 | PF2, 0x7c, 0x7d, FORM_ALL, 0, 0},
	{1, P66, 0x7e, 0x7e, FORM_STORE, 4, 0},
	{1, PF3, 0x7e, 0x7e, FORM_FILL, 8, 0},
	{1, P66 | PF3, 0x7f, 0x7f, FORM_STORE, 0, 0},
	{1, P0, 0xc2, 0xc2, FORM_EACH, 4, 0},
	{1, P66, 0xc2, 0xc2, FORM_EACH, 8, 0},
	{1, PF3 | PF2, 0xc2, 0xc2, FORM_ONE, 8, 0},
	{1, P66, 0xc4, 0xc4, FORM_INSERT, 2, 0},
	{1, P66, 0xc5, 0xc5, FORM_LOOK, 0, 0},
	{1, P0, 0xc6, 0xc6, FORM_SHUFFLE, 4, 0},
	{1, P66, 0xc6, 0xc6, FORM_SHUFFLE, 8, 0},
	{1, P66, 0xd0, 0xd0, FORM_EACH, 8, 0},
	{1, PF2, 0xd0, 0xd0, FORM_EACH, 4, 0},
	{1, P66, 0xd1, 0xd3, FORM_SHIFT_BY, 8, 0},
	{1, P66, 0xd4, 0xd5, FORM_EACH, 8, 0},
	{1, P66, 0xd6, 0xd6, FORM_STORE, 8, 0},
	{1, P66, 0xd7, 0xd7, FORM_LOOK, 0, 0},
	{1, P66, 0xdb, 0xdb, FORM_EACH, 1, 0},
	{1, P66, 0xdf, 0xdf, FORM_EACH, 1, 0},
	{1, P66, 0xd8, 0xe0, FORM_EACH, 2, 0},
	{1, P66, 0xe1, 0xe2, FORM_SHIFT_BY, 8, 0},
	{1, P66, 0xe3, 0xe5, FORM_EACH, 2, 0},
	{1, PF3, 0xe6, 0xe6, FORM_WIDEN, 8, 4},
	{1, P66 | PF2, 0xe6, 0xe6, FORM_NARROW, 4, 8},
	{1, P66, 0xe7, 0xe7, FORM_STORE, 0, 0},
	{1, P66, 0xeb, 0xeb, FORM_EACH, 1, 0},
	{1, P66, 0xef, 0xef, FORM_EACH, 1, 0},
	{1, P66, 0xe8, 0xee, FORM_EACH, 2, 0},
	{1, PF2, 0xf0, 0xf0, FORM_OWN, 1, 0},
	{1, P66, 0xf1, 0xf3, FORM_SHIFT_BY, 8, 0},
	{1, P66, 0xf4, 0xf4, FORM_EACH, 8, 0},
	{1, P66, 0xf5, 0xf5, FORM_EACH, 4, 0},
	{1, P66, 0xf6, 0xf6, FORM_EACH, 8, 0},
	{1, P66, 0xf8, 0xf9, FORM_EACH, 2, 0},
	{1, P66, 0xfa, 0xfa, FORM_EACH, 4, 0},
	{1, P66, 0xfb, 0xfb, FORM_EACH, 8, 0},
	{1, P66, 0xfc, 0xfd, FORM_EACH, 2, 0},
	{1, P66, 0xfe, 0xfe, FORM_EACH, 4, 0},
	{2, P66, 0x00, 0x03, FORM_ALL, 0, 0},
	{2, P66, 0x05, 0x07, FORM_ALL, 0, 0},
	{2, P66, 0x04, 0x0b, FORM_EACH, 4, 0},
	{2, P66, 0x0c, 0x0d, FORM_ALL, 0, 0},
	{2, P66, 0x16, 0x16, FORM_ALL, 0, 0},
	{2, P66, 0x17, 0x17, FORM_LOOK, 0, 0},
	{2, P66, 0x18, 0x18, FORM_SPREAD, 4, 0},
	{2, P66, 0x19, 0x19, FORM_SPREAD, 8, 0},
	{2, P66, 0x1a, 0x1a, FORM_SPREAD, 16, 0},
	{2, P66, 0x1c, 0x1e, FORM_OWN, 4, 0},
	{2, P66, 0x20, 0x20, FORM_WIDEN, 2, 1},
	{2, P66, 0x21, 0x21, FORM_WIDEN, 4, 1},
	{2, P66, 0x22, 0x22, FORM_WIDEN, 8, 1},
	{2, P66, 0x23, 0x23, FORM_WIDEN, 4, 2},
	{2, P66, 0x24, 0x24, FORM_WIDEN, 8, 2},
	{2, P66, 0x25, 0x25, FORM_WIDEN, 8, 4},
	{2, P66, 0x28, 0x29, FORM_EACH, 8, 0},
	{2, P66, 0x2a, 0x2a, FORM_OWN, 1, 0},
	{2, P66, 0x2b, 0x2b, FORM_PACK, 2, 4},
	{2, P66, 0x30, 0x30, FORM_WIDEN, 2, 1},
	{2, P66, 0x31, 0x31, FORM_WIDEN, 4, 1},
	{2, P66, 0x32, 0x32, FORM_WIDEN, 8, 1},
	{2, P66, 0x33, 0x33, FORM_WIDEN, 4, 2},
	{2, P66, 0x34, 0x34, FORM_WIDEN, 8, 2},
	{2, P66, 0x35, 0x35, FORM_WIDEN, 8, 4},
	{2, P66, 0x36, 0x36, FORM_ALL, 0, 0},
	{2, P66, 0x37, 0x37, FORM_EACH, 8, 0},
	{2, P66, 0x38, 0x40, FORM_EACH, 4, 0},
	{2, P66, 0x45, 0x47, FORM_EACH, 8, 0},
	{2, P66, 0x58, 0x58, FORM_SPREAD, 4, 0},
	{2, P66, 0x59, 0x59, FORM_SPREAD, 8, 0},
	{2, P66, 0x5a, 0x5a, FORM_SPREAD, 16, 0},
	{2, P66, 0x78, 0x78, FORM_SPREAD, 1, 0},
	{2, P66, 0x79, 0x79, FORM_SPREAD, 2, 0},
	{2, P66, 0x96, 0x9f, FORM_THREE, 8, 0},
	{2, P66, 0xa6, 0xaf, FORM_THREE, 8, 0},
	{2, P66, 0xb6, 0xbf, FORM_THREE, 8, 0},
	{2, P66, 0xdb, 0xdf, FORM_ALL, 0, 0},
	{3, P66, 0x00, 0x01, FORM_PERMUTE_FAR, 8, 0},
	{3, P66, 0x02, 0x02, FORM_BLEND, 4, 0},
	{3, P66, 0x04, 0x04, FORM_PERMUTE, 4, 0},
	{3, P66, 0x05, 0x05, FORM_PERMUTE, 8, 0},
	{3, P66, 0x06, 0x06, FORM_SWAP_HALVES, 16, 0},
	{3, P66, 0x08, 0x09, FORM_OWN, 8, 0},
	{3, P66, 0x0a, 0x0b, FORM_ONE, 8, 0},
	{3, P66, 0x0c, 0x0c, FORM_BLEND, 4, 0},
	{3, P66, 0x0d, 0x0d, FORM_BLEND, 8, 0},
	{3, P66, 0x0e, 0x0e, FORM_BLEND, 2, 0},
	{3, P66, 0x0f, 0x0f, FORM_ALIGN, 1, 0},
	{3, P66, 0x14, 0x14, FORM_TAKE, 1, 0},
	{3, P66, 0x15, 0x15, FORM_TAKE, 2, 0},
	{3, P66, 0x16, 0x17, FORM_TAKE, 4, 0},
	{3, P66, 0x18, 0x18, FORM_INSERT_HALF, 16, 0},
	{3, P66, 0x19, 0x19, FORM_STORE_HALF, 16, 0},
	{3, P66, 0x20, 0x20, FORM_INSERT, 1, 0},
	{3, P66, 0x22, 0x22, FORM_INSERT, 4, 0},
	{3, P66, 0x38, 0x38, FORM_INSERT_HALF, 16, 0},
	{3, P66, 0x39, 0x39, FORM_STORE_HALF, 16, 0},
	{3, P66, 0x46, 0x46, FORM_SWAP_HALVES, 16, 0},
};

/* An instruction that is a row. */
struct use {
	const struct row *row;
	unsigned element; /* bytes */
	unsigned constant;
	unsigned extension; /* of the opcode, in the field of 'reg' */
	unsigned width;
	unsigned reg, rm, first, result; /* registers */
	bool has_rm;			 /* no memory operand */
	bool is_vex;
};

/* Which bytes of the sources one byte of the result is made of. */
struct sources {
	uint32_t first, second, old;
};

static uint32_t bytes_at(unsigned at, unsigned count)
{
	return at >= 32 ? 0 : (count >= 32 ? LANES_ALL : (1u << count) - 1) << at;
}

/* The two bits of the constant for element @index. */
static unsigned choice(const struct use *use, unsigned index)
{
	return use->constant >> 2 * index & 3;
}

/* By a constant: byte @i of a lane that begins at @lane. */
static uint32_t shifted_byte(const struct use *use, unsigned lane, unsigned i)
{
	unsigned element = use->extension & 1 ? LANE : use->element;
	unsigned bits = use->extension & 1 ? use->constant * 8 : use->constant;
	bool is_left = use->extension >= 6;
	unsigned start = lane + i - i % element;
	uint32_t bytes = 0;

	for (unsigned more = 0; more <= (bits % 8 != 0); more++) {
		unsigned by = bits / 8 + more, at = i % element;

		if (is_left ? at >= by : at + by < element)
			bytes |= 1u << (start + (is_left ? at - by : at + by));
		else if (use->extension == 4)
			bytes |= 1u << (start + element - 1); /* copies of the sign */
	}
	return bytes;
}

/* The element of the second that element @k of the result is, of the lane @number. */
static unsigned permuted(const struct use *use, unsigned number, unsigned k)
{
	if (use->element == 8)
		return use->constant >> (k + 2 * number) & 1;
	return choice(use, k);
}

/* Of instructions whose elements keep their places. */
static struct sources in_place(const struct use *use, unsigned j)
{
	uint32_t own = bytes_at(j - j % use->element, use->element), byte = 1u << j;
	bool is_lowest = j < use->element;

	switch ((unsigned)use->row->form) {
	case FORM_EACH:
		return (struct sources){own, own, 0};
	case FORM_OWN:
		return (struct sources){0, own, 0};
	case FORM_THREE:
		return (struct sources){own, own, own};
	case FORM_SHIFT_BY:
		return (struct sources){own, bytes_at(0, 8), 0};
	case FORM_ONE:
		return (struct sources){is_lowest ? own : byte, is_lowest ? own : 0, 0};
	case FORM_MOVE_ONE:
		return (struct sources){is_lowest || !use->has_rm ? 0 : byte, is_lowest ? byte : 0,
					0};
	case FORM_FILL:
		return (struct sources){0, is_lowest ? byte : 0, 0};
	case FORM_GENERAL:
		return (struct sources){is_lowest ? 0 : byte, 0, 0};
	case FORM_INSERT:
		return (struct sources){
			j / use->element == use->constant % (LANE / use->element) ? 0 : byte, 0, 0};
	case FORM_INSERT_HALF:
		return (struct sources){j / LANE == (use->constant & 1) ? 0 : byte,
					j / LANE == (use->constant & 1) ? 1u << j % LANE : 0, 0};
	case FORM_BLEND:
		return use->constant >> (use->element == 2 ? j % LANE : j) / use->element & 1
			       ? (struct sources){0, byte, 0}
			       : (struct sources){byte, 0, 0};
	default:
		return (struct sources){LANES_ALL, LANES_ALL, LANES_ALL};
	}
}

/* A whole vector is one lane there. */
static struct sources across(const struct use *use, unsigned j)
{
	unsigned from = use->row->from, k = j / use->element, control;

	switch ((unsigned)use->row->form) {
	case FORM_SPREAD:
		return (struct sources){0, 1u << j % use->element, 0};
	case FORM_WIDEN:
		return (struct sources){0, bytes_at(k * from, from), 0};
	case FORM_NARROW:
		return (struct sources){0, k < use->width / from ? bytes_at(k * from, from) : 0, 0};
	case FORM_PERMUTE_FAR:
		return (struct sources){0, 1u << (choice(use, k) * 8 + j % 8), 0};
	case FORM_STORE_HALF:
		return (struct sources){0, 1u << (LANE * (use->constant & 1) + j % LANE), 0};
	case FORM_SWAP_HALVES:
		control = use->constant >> 4 * (j / LANE);
		if (control & 8)
			return (struct sources){0, 0, 0};
		return control & 2
			       ? (struct sources){0, 1u << (LANE * (control & 1) + j % LANE), 0}
			       : (struct sources){1u << (LANE * (control & 1) + j % LANE), 0, 0};
	default:
		return in_place(use, j);
	}
}

/* Byte @j of the result, which is byte @i of the lane that begins at @lane. */
static struct sources sources_of(const struct use *use, unsigned j)
{
	unsigned i = j % LANE, lane = j - i, e = use->element;
	unsigned k = i / e, rest = i % e;
	unsigned at;
	uint32_t byte = 1u << j;

	switch ((unsigned)use->row->form) {
	case FORM_LOW_HALF:
		at = use->has_rm ? i + 8 : i;
		return i < 8 ? (struct sources){0, 1u << at, 0} : (struct sources){byte, 0, 0};
	case FORM_HIGH_HALF:
		return i < 8 ? (struct sources){byte, 0, 0} : (struct sources){0, 1u << (i - 8), 0};
	case FORM_DOUBLE:
		return (struct sources){0, 1u << (lane + (k & ~1u) * e + rest), 0};
	case FORM_DOUBLE_ODD:
		return (struct sources){0, 1u << (lane + (k | 1) * e + rest), 0};
	case FORM_UNPACK_LOW:
	case FORM_UNPACK_HIGH:
		at = lane + k / 2 * e + rest + (use->row->form == FORM_UNPACK_HIGH ? 8 : 0);
		return k & 1 ? (struct sources){0, 1u << at, 0} : (struct sources){1u << at, 0, 0};
	case FORM_PACK:
		at = lane + k % (8 / e) * use->row->from;
		return i < 8 ? (struct sources){bytes_at(at, use->row->from), 0, 0}
			     : (struct sources){0, bytes_at(at, use->row->from), 0};
	case FORM_SHUFFLE:
		at = lane + permuted(use, j / LANE, k) * e + rest;
		return i < 8 ? (struct sources){1u << at, 0, 0} : (struct sources){0, 1u << at, 0};
	case FORM_PERMUTE:
		return (struct sources){0, 1u << (lane + permuted(use, j / LANE, k) * e + rest), 0};
	case FORM_PERMUTE_LOW:
		at = i < 8 ? choice(use, k) * 2 + rest : i;
		return (struct sources){0, 1u << (lane + at), 0};
	case FORM_PERMUTE_HIGH:
		at = i < 8 ? i : 8 + choice(use, k - 4) * 2 + rest;
		return (struct sources){0, 1u << (lane + at), 0};
	case FORM_ALIGN:
		at = i + use->constant;
		return at < LANE       ? (struct sources){0, 1u << (lane + at), 0}
		       : at < 2 * LANE ? (struct sources){1u << (lane + at - LANE), 0, 0}
				       : (struct sources){0, 0, 0};
	case FORM_SHIFT:
		return (struct sources){0, shifted_byte(use, lane, i), 0};
	default:
		return across(use, j);
	}
}

static bool has_constant(const struct row *row)
{
	unsigned opcode = row->first;

	return row->map == 3 || (row->map == 1 && (opcode == 0xc4 || opcode == 0xc6 ||
						   (opcode >= 0x70 && opcode <= 0x73)));
}

static const struct row *find_row(const struct vector_encoding *encoding)
{
	unsigned prefix = encoding->simd_prefix == 0x66	  ? P66
			  : encoding->simd_prefix == 0xf3 ? PF3
			  : encoding->simd_prefix == 0xf2 ? PF2
							  : P0;

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
		if (rows[i].map == encoding->map && rows[i].prefixes & prefix &&
		    rows[i].first <= *encoding->opcode && *encoding->opcode <= rows[i].last)
			return &rows[i];
	return NULL;
}

/* May the instruction be one of vectors? */
static bool is_of_vectors(const struct vector_encoding *encoding)
{
	unsigned opcode = *encoding->opcode;

	if (encoding->map != 1)
		return opcode < 0xf0;
	return (opcode >= 0x10 && opcode <= 0x17) || (opcode >= 0x28 && opcode <= 0x2f) ||
	       (opcode >= 0x50 && opcode <= 0x7f) || opcode == 0xc2 ||
	       (opcode >= 0xc4 && opcode <= 0xc6) || (opcode >= 0xd0 && opcode != 0xff);
}

static struct use use_of(const struct row *row, const struct vector_encoding *encoding,
			 unsigned constant)
{
	unsigned modrm = encoding->opcode[1];
	struct use use = {
		.row = row,
		.element = row->element,
		.constant = has_constant(row) ? constant : 0,
		.extension = modrm >> 3 & 7,
		.width = encoding->is_long ? 2 * LANE : LANE,
		.reg = (modrm >> 3 & 7) | encoding->reg_high,
		.rm = (modrm & 7) | encoding->rm_high,
		.has_rm = modrm >= 0xc0,
		.is_vex = encoding->extra >= 0,
	};

	use.first = use.is_vex ? (unsigned)encoding->extra : use.reg;
	use.result = use.reg;
	if (row->form == FORM_SHIFT)
		use.result = use.is_vex ? (unsigned)encoding->extra : use.rm;
	if (encoding->has_wide_elements && use.element == 4 &&
	    (row->form == FORM_TAKE || row->form == FORM_INSERT || row->first == 0x7e))
		use.element = 8;
	return use;
}

/* Of instructions without a vector as their result. */
static bool need_of_stored(const struct use *use, struct lanes *lanes, uint32_t *second)
{
	unsigned element = use->element ? use->element : use->width;

	switch ((unsigned)use->row->form) {
	case FORM_STORE:
		lanes->needed[use->reg] |= bytes_at(0, element);
		return !use->has_rm || use->row->first == 0x7e;
	case FORM_STORE_HIGH:
		lanes->needed[use->reg] |= bytes_at(8, 8);
		return true;
	case FORM_TAKE:
		lanes->needed[use->reg] |=
			bytes_at(use->constant % (LANE / element) * element, element);
		return true;
	case FORM_TAKE_ONE:
		*second = bytes_at(0, element);
		return true;
	case FORM_COMPARE:
		lanes->needed[use->reg] |= bytes_at(0, element);
		*second = bytes_at(0, element);
		return true;
	default: /* FORM_LOOK */
		*second = LANES_ALL;
		if (use->row->map == 2)
			lanes->needed[use->reg] |= LANES_ALL;
		return true;
	}
}

/* pxor, psub, pcmpeq and the like of one register: a constant. */
static bool is_constant(const struct use *use, unsigned opcode)
{
	return use->has_rm && use->rm == use->first && use->row->form == FORM_EACH &&
	       use->row->map == 1 &&
	       (opcode == 0x57 || opcode == 0xef || (opcode >= 0x64 && opcode <= 0x66) ||
		(opcode >= 0x74 && opcode <= 0x76) || (opcode >= 0xf8 && opcode <= 0xfb));
}

static void need_of_result(const struct use *use, unsigned opcode, struct lanes *lanes,
			   uint32_t *second)
{
	unsigned result = use->row->form == FORM_STORE_HALF ? use->rm : use->result;
	uint32_t needed = lanes->needed[result] & bytes_at(0, use->width);
	struct sources all = {0, 0, 0};

	if (use->row->form == FORM_STORE_HALF && !use->has_rm)
		needed = LANE_BYTES;
	else
		lanes->needed[result] &= use->is_vex ? 0 : ~LANE_BYTES;
	for (unsigned j = 0; j < use->width && !is_constant(use, opcode); j++) {
		struct sources sources = {LANES_ALL, LANES_ALL, 0};

		if (!(needed >> j & 1))
			continue;
		if (use->row->form != FORM_ALL)
			sources = sources_of(use, j);
		all.first |= sources.first;
		all.second |= sources.second;
		all.old |= sources.old;
	}
	lanes->needed[use->first] |= all.first;
	lanes->needed[use->result] |= all.old;
	*second = all.second;
	if (use->row->form == FORM_STORE_HALF) {
		lanes->needed[use->reg] |= all.second;
		*second = 0;
	}
}

/* vzeroupper, vzeroall. */
static void need_before_clearing(bool is_all, struct lanes *lanes)
{
	for (unsigned r = 0; r < LANES_REGISTERS; r++)
		lanes->needed[r] &= is_all ? 0 : LANE_BYTES;
}

#define EVEX 0x62

bool lanes_before(const unsigned char *bytes, const struct instruction *instruction,
		  struct lanes *lanes, uint32_t *of_memory)
{
	struct vector_encoding encoding;
	const struct row *row;
	struct use use;
	uint32_t second = 0;

	*of_memory = LANES_ALL;
	if (*bytes == EVEX)
		return false;
	if (!vector_decode_encoding(bytes, instruction->length, &encoding) ||
	    !is_of_vectors(&encoding))
		return true;
	if (encoding.map == 1 && *encoding.opcode == 0x77) {
		if (encoding.extra >= 0)
			need_before_clearing(encoding.is_long, lanes);
		return true;
	}
	row = find_row(&encoding);
	if (!row)
		return false;
	use = use_of(row, &encoding, bytes[instruction->length - 1]);
	if (row->form >= FORM_STORE && row->form != FORM_STORE_HALF) {
		if (!need_of_stored(&use, lanes, &second))
			return false;
	} else {
		need_of_result(&use, *encoding.opcode, lanes, &second);
	}
	if (!use.has_rm)
		*of_memory = second;
	else if (row->form != FORM_GENERAL && row->form != FORM_INSERT)
		lanes->needed[use.rm] |= second;
	return true;
}

bool lanes_result(const unsigned char *bytes, const struct instruction *instruction,
		  unsigned *result)
{
	struct vector_encoding encoding;
	const struct row *row;

	if (!vector_decode_encoding(bytes, instruction->length, &encoding) ||
	    !is_of_vectors(&encoding))
		return false;
	row = find_row(&encoding);
	if (!row || row->form >= FORM_STORE)
		return false;
	*result = use_of(row, &encoding, 0).result;
	return true;
}

bool lanes_may_drop(const unsigned char *bytes, const struct instruction *instruction)
{
	struct vector_encoding encoding;
	const struct row *row;

	if (!vector_decode_encoding(bytes, instruction->length, &encoding) ||
	    !is_of_vectors(&encoding))
		return false;
	row = find_row(&encoding);
	return row && row->form >= FORM_MOVE_ONE && row->form <= FORM_SHIFT &&
	       row->form != FORM_GENERAL;
}
