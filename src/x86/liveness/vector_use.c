#include "x86/liveness/vector_use.h"

#include "x86/decode/vector.h"

enum { P0 = 1, P66 = 2, PF3 = 4, PF2 = 8, PD = P0 | P66 };

static const struct vector_row rows[] = {
#define ROW(map, prefixes, first, last, form, element, from)                                       \
	{map, prefixes, first, last, FORM_##form, element, from},
#include "x86/liveness/lanes.def"
#undef ROW
};

/* The two bits of the constant for element @index. */
static unsigned choice(const struct vector_use *use, unsigned index)
{
	return use->constant >> 2 * index & 3;
}

/* By a constant: byte @i of a lane that begins at @lane. */
static uint32_t shifted_byte(const struct vector_use *use, unsigned lane, unsigned i)
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
static unsigned permuted(const struct vector_use *use, unsigned number, unsigned k)
{
	if (use->element == 8)
		return use->constant >> (k + 2 * number) & 1;
	return choice(use, k);
}

/* insertps: its constant says from where, to where, and which elements become zero. */
static struct vector_sources inserted(const struct vector_use *use, unsigned j)
{
	unsigned k = j / 4, from = use->has_rm ? use->constant >> 6 & 3 : 0;

	if (use->constant >> k & 1)
		return (struct vector_sources){0, 0, 0};
	return k == (use->constant >> 4 & 3)
		       ? (struct vector_sources){0, 1u << (from * 4 + j % 4), 0}
		       : (struct vector_sources){1u << j, 0, 0};
}

/* Of instructions whose elements keep their places. */
static struct vector_sources in_place(const struct vector_use *use, unsigned j)
{
	uint32_t own = vector_bytes_at(j - j % use->element, use->element), byte = 1u << j;
	bool is_lowest = j < use->element;

	switch ((unsigned)use->row->form) {
	case FORM_EACH:
		return (struct vector_sources){own, own, 0};
	case FORM_UPWARD:
		own &= byte | (byte - 1);
		if (use->row->from)
			own &= vector_bytes_at(j - j % use->element, use->row->from);
		return (struct vector_sources){own, own, 0};
	case FORM_OWN:
		return (struct vector_sources){0, own, 0};
	case FORM_THREE:
	case FORM_CHOOSE:
		return (struct vector_sources){own, own, own};
	case FORM_SHIFT_BY:
		return (struct vector_sources){own, vector_bytes_at(0, 8), 0};
	case FORM_ONE:
		return (struct vector_sources){is_lowest ? own : byte, is_lowest ? own : 0, 0};
	case FORM_MOVE_ONE:
		return (struct vector_sources){is_lowest || !use->has_rm ? 0 : byte,
					       is_lowest ? byte : 0, 0};
	case FORM_FILL:
		return (struct vector_sources){0, is_lowest ? byte : 0, 0};
	case FORM_GENERAL:
		return (struct vector_sources){is_lowest ? 0 : byte, 0, 0};
	case FORM_INSERT:
		return (struct vector_sources){
			j / use->element == use->constant % (LANE / use->element) ? 0 : byte, 0, 0};
	case FORM_INSERT_ONE:
		return inserted(use, j);
	case FORM_INSERT_HALF:
		return (struct vector_sources){j / LANE == (use->constant & 1) ? 0 : byte,
					       j / LANE == (use->constant & 1) ? 1u << j % LANE : 0,
					       0};
	case FORM_BLEND:
		return use->constant >> (use->element == 2 ? j % LANE : j) / use->element & 1
			       ? (struct vector_sources){0, byte, 0}
			       : (struct vector_sources){byte, 0, 0};
	default:
		return (struct vector_sources){LANES_ALL, LANES_ALL, LANES_ALL};
	}
}

/* A whole vector is one lane there. */
static struct vector_sources across(const struct vector_use *use, unsigned j)
{
	unsigned from = use->row->from, k = j / use->element, control;

	switch ((unsigned)use->row->form) {
	case FORM_SPREAD:
		return (struct vector_sources){0, 1u << j % use->element, 0};
	case FORM_WIDEN:
		return (struct vector_sources){0, vector_bytes_at(k * from, from), 0};
	case FORM_NARROW:
		return (struct vector_sources){
			0, k < use->width / from ? vector_bytes_at(k * from, from) : 0, 0};
	case FORM_PERMUTE_FAR:
		return (struct vector_sources){0, 1u << (choice(use, k) * 8 + j % 8), 0};
	case FORM_STORE_HALF:
		return (struct vector_sources){0, 1u << (LANE * (use->constant & 1) + j % LANE), 0};
	case FORM_SWAP_HALVES:
		control = use->constant >> 4 * (j / LANE);
		if (control & 8)
			return (struct vector_sources){0, 0, 0};
		return control & 2
			       ? (struct vector_sources){0, 1u << (LANE * (control & 1) + j % LANE),
							 0}
			       : (struct vector_sources){1u << (LANE * (control & 1) + j % LANE), 0,
							 0};
	default:
		return in_place(use, j);
	}
}

struct vector_sources vector_sources_of(const struct vector_use *use, unsigned j)
{
	unsigned i = j % LANE, lane = j - i, e = use->element;
	unsigned k = i / e, rest = i % e;
	unsigned at;
	uint32_t byte = 1u << j;

	switch ((unsigned)use->row->form) {
	case FORM_LOW_HALF:
		at = use->has_rm ? i + 8 : i;
		return i < 8 ? (struct vector_sources){0, 1u << at, 0}
			     : (struct vector_sources){byte, 0, 0};
	case FORM_HIGH_HALF:
		return i < 8 ? (struct vector_sources){byte, 0, 0}
			     : (struct vector_sources){0, 1u << (i - 8), 0};
	case FORM_DOUBLE:
		return (struct vector_sources){0, 1u << (lane + (k & ~1u) * e + rest), 0};
	case FORM_DOUBLE_ODD:
		return (struct vector_sources){0, 1u << (lane + (k | 1) * e + rest), 0};
	case FORM_UNPACK_LOW:
	case FORM_UNPACK_HIGH:
		at = lane + k / 2 * e + rest + (use->row->form == FORM_UNPACK_HIGH ? 8 : 0);
		return k & 1 ? (struct vector_sources){0, 1u << at, 0}
			     : (struct vector_sources){1u << at, 0, 0};
	case FORM_PACK:
		at = lane + k % (8 / e) * use->row->from;
		return i < 8 ? (struct vector_sources){vector_bytes_at(at, use->row->from), 0, 0}
			     : (struct vector_sources){0, vector_bytes_at(at, use->row->from), 0};
	case FORM_SHUFFLE:
		at = lane + permuted(use, j / LANE, k) * e + rest;
		return i < 8 ? (struct vector_sources){1u << at, 0, 0}
			     : (struct vector_sources){0, 1u << at, 0};
	case FORM_PERMUTE:
		return (struct vector_sources){
			0, 1u << (lane + permuted(use, j / LANE, k) * e + rest), 0};
	case FORM_PERMUTE_LOW:
		at = i < 8 ? choice(use, k) * 2 + rest : i;
		return (struct vector_sources){0, 1u << (lane + at), 0};
	case FORM_PERMUTE_HIGH:
		at = i < 8 ? i : 8 + choice(use, k - 4) * 2 + rest;
		return (struct vector_sources){0, 1u << (lane + at), 0};
	case FORM_ALIGN:
		at = i + use->constant;
		return at < LANE       ? (struct vector_sources){0, 1u << (lane + at), 0}
		       : at < 2 * LANE ? (struct vector_sources){1u << (lane + at - LANE), 0, 0}
				       : (struct vector_sources){0, 0, 0};
	case FORM_SHIFT:
		return (struct vector_sources){0, shifted_byte(use, lane, i), 0};
	case FORM_BYTES_BY:
	case FORM_PERMUTE_BY:
		return (struct vector_sources){vector_bytes_at(lane, LANE),
					       vector_bytes_at(j - rest, e), 0};
	case FORM_FAR_BY:
		return (struct vector_sources){vector_bytes_at(j - rest, e), LANES_ALL, 0};
	default:
		return across(use, j);
	}
}

static bool has_constant(const struct vector_row *row)
{
	unsigned opcode = row->first;

	return row->map == 3 || (row->map == 1 && (opcode == 0xc4 || opcode == 0xc6 ||
						   (opcode >= 0x70 && opcode <= 0x73)));
}

static const struct vector_row *find_row(const struct vector_encoding *encoding)
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

/* The third operand in the encoding: blends have it in their constant, or it is xmm0. */
static unsigned third_of(const struct vector_use *use)
{
	if (use->row->form != FORM_CHOOSE)
		return use->result;
	return use->is_vex ? use->constant >> 4 & 15 : 0;
}

static struct vector_use use_of(const struct vector_row *row,
				const struct vector_encoding *encoding, unsigned constant)
{
	unsigned modrm = encoding->opcode[1];
	struct vector_use use = {
		.row = row,
		.opcode = encoding->opcode,
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
	if (row->form == FORM_STORE_HALF)
		use.result = use.rm;
	use.third = third_of(&use);
	if (encoding->has_wide_elements && use.element == 4 &&
	    (row->form == FORM_TAKE || row->form == FORM_INSERT || row->first == 0x7e))
		use.element = 8;
	return use;
}

#define EVEX 0x62

enum vector_use_kind vector_use_of(const unsigned char *bytes,
				   const struct instruction *instruction, struct vector_use *use)
{
	struct vector_encoding encoding;
	const struct vector_row *row;

	if (*bytes == EVEX)
		return VECTOR_UNKNOWN;
	if (!vector_decode_encoding(bytes, instruction->length, &encoding) ||
	    !is_of_vectors(&encoding))
		return VECTOR_NONE;
	if (encoding.map == 1 && *encoding.opcode == 0x77) { /* emms clears none of ours */
		use->width = encoding.extra < 0 ? 0 : encoding.is_long ? 2 * LANE : LANE;
		return VECTOR_CLEARS;
	}
	row = find_row(&encoding);
	if (!row)
		return VECTOR_UNKNOWN;
	*use = use_of(row, &encoding, bytes[instruction->length - 1]);
	/* Moves between registers by the encoding of stores. */
	return row->form == FORM_STORE && use->has_rm && row->first != 0x7e ? VECTOR_UNKNOWN
									    : VECTOR_KNOWN;
}

static bool is_of_itself(const struct vector_use *use)
{
	return use->has_rm && use->rm == use->first &&
	       (use->row->form == FORM_EACH || use->row->form == FORM_UPWARD) &&
	       use->row->map == 1;
}

bool vector_use_is_ones(const struct vector_use *use)
{
	unsigned opcode = *use->opcode;

	return is_of_itself(use) && opcode >= 0x74 && opcode <= 0x76;
}

bool vector_use_is_zeros(const struct vector_use *use)
{
	unsigned opcode = *use->opcode;

	return is_of_itself(use) &&
	       (opcode == 0x57 || opcode == 0xef || (opcode >= 0x64 && opcode <= 0x66) ||
		(opcode >= 0xf8 && opcode <= 0xfb));
}
