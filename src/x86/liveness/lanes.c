#include "x86/liveness/lanes.h"

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
#define ROW(map, prefixes, first, last, form, element, from)                                       \
	{map, prefixes, first, last, FORM_##form, element, from},
#include "x86/liveness/lanes.def"
#undef ROW
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
