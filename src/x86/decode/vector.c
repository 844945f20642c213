#include "x86/decode/vector.h"

static bool is_legacy_prefix(unsigned char byte)
{
	return byte == 0x66 || byte == 0xf2 || byte == 0xf3 || byte == 0x2e || byte == 0x3e ||
	       byte == 0x64 || byte == 0x65;
}

static bool decode_vex(const unsigned char *bytes, struct vector_encoding *encoding)
{
	static const unsigned char prefixes[] = {0, 0x66, 0xf3, 0xf2};
	bool is_long = bytes[0] == 0xc4;
	unsigned char last = is_long ? bytes[2] : bytes[1];

	encoding->map = is_long ? bytes[1] & 31u : 1;
	encoding->reg_high = bytes[1] & 0x80 ? 0 : 8;
	encoding->rm_high = is_long && !(bytes[1] & 0x20) ? 8 : 0;
	encoding->extra = ~last >> 3 & 15;
	encoding->has_wide_elements = is_long && last & 0x80;
	encoding->is_long = last & 4;
	encoding->simd_prefix = prefixes[last & 3];
	encoding->opcode = bytes + (is_long ? 3 : 2);
	return true;
}

bool vector_decode_encoding(const unsigned char *bytes, unsigned length,
			    struct vector_encoding *encoding)
{
	const unsigned char *end = bytes + length;

	*encoding = (struct vector_encoding){.extra = -1};
	if (length >= 4 && (bytes[0] == 0xc4 || bytes[0] == 0xc5))
		return decode_vex(bytes, encoding);
	while (bytes < end && is_legacy_prefix(*bytes)) {
		if (*bytes == 0x66 || *bytes >= 0xf2)
			encoding->simd_prefix = *bytes;
		bytes++;
	}
	if (bytes < end && (*bytes & 0xf0) == 0x40) {
		encoding->reg_high = *bytes & 4 ? 8 : 0;
		encoding->rm_high = *bytes & 1 ? 8 : 0;
		encoding->has_wide_elements = *bytes & 8;
		bytes++;
	}
	if (bytes + 2 >= end || *bytes != 0x0f)
		return false;
	encoding->map = bytes[1] == 0x38 ? 2 : bytes[1] == 0x3a ? 3 : 1;
	encoding->opcode = bytes + (encoding->map == 1 ? 1 : 2);
	return encoding->opcode + 1 < end;
}

static bool is_store_opcode(const struct vector_encoding *encoding)
{
	switch (*encoding->opcode) {
	case 0x11:
	case 0x13:
	case 0x17:
	case 0x29:
	case 0x2b:
	case 0x7f:
	case 0xd6:
	case 0xe7:
		return true;
	case 0x7e:
		return encoding->simd_prefix != 0xf3;
	default:
		return false;
	}
}

static bool is_move_opcode(unsigned char opcode)
{
	return opcode == 0x10 || opcode == 0x12 || opcode == 0x16 || opcode == 0x28 ||
	       opcode == 0x6e || opcode == 0x6f || opcode == 0x7e || opcode == 0xf0;
}

/* Conversions, square roots, moves: the result depends on the source alone. */
static bool is_vector_opcode(const struct vector_encoding *encoding)
{
	unsigned char opcode = *encoding->opcode;

	if (encoding->map != 1)
		return true;
	return (opcode >= 0x10 && opcode <= 0x17) || (opcode >= 0x28 && opcode <= 0x2f) ||
	       (opcode >= 0x51 && opcode <= 0x7f && opcode != 0x77) || opcode == 0xc2 ||
	       opcode == 0xc6 || (opcode >= 0xd0 && opcode != 0xff);
}

bool vector_decode(const unsigned char *bytes, unsigned length, struct vector_operands *operands)
{
	struct vector_encoding encoding;
	unsigned char opcode, modrm;

	if (!vector_decode_encoding(bytes, length, &encoding) || !is_vector_opcode(&encoding))
		return false;
	opcode = encoding.opcode[0];
	modrm = encoding.opcode[1];
	*operands = (struct vector_operands){
		.reg = (uint8_t)((modrm >> 3 & 7u) | encoding.reg_high),
		.rm = (uint8_t)((modrm & 7u) | encoding.rm_high),
		.has_rm = modrm >= 0xc0,
		.is_store = encoding.map == 1 && is_store_opcode(&encoding),
		.is_move = encoding.map == 1 && is_move_opcode(opcode),
	};
	operands->extra =
		encoding.extra < 0 || operands->is_move ? operands->reg : (uint8_t)encoding.extra;
	operands->from_general = encoding.map == 1 && (opcode == 0x6e || opcode == 0x2a);
	operands->to_general =
		encoding.map == 1 && ((opcode == 0x7e && operands->is_store) || opcode == 0x2c ||
				      opcode == 0x2d || opcode == 0x50 || opcode == 0xd7);
	if (encoding.extra >= 0 && encoding.map == 1)
		operands->is_move = true; /* three operands: 'extra' has the other source */
	return true;
}
