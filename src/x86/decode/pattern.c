#include "x86/decode/pattern.h"

#include <string.h>

#define KEY_BYTES_MOST 8u
#define SLOTS_FIRST 8192u
#define ROWS_FIRST 2048u

/* --- Keys ------------------------------------------------------------------------------ */

/* The bytes behind an opcode. */
enum follows {
	FOLLOWS_MODRM = 1u << 4, /* the low bits have the immediate's size in bytes */
	FOLLOWS_WORD = 1u << 5,	 /* an immediate of 4 bytes, or 2 with an operand-size prefix */
	FOLLOWS_WHOLE = 1u << 6, /* ... or 8 with REX.W */
	FOLLOWS_TEST = 1u << 7,	 /* an immediate if the ModRM byte says 'test' */
	FOLLOWS_UNKNOWN = 1u << 8
};

/* The parts of an instruction's bytes. */
struct shape {
	unsigned key_bytes; /* up to displacement and immediate */
	unsigned displacement_bytes, immediate_bytes;
	bool may_be_no_shift; /* a shift by an immediate, which may be 0 */
};

static unsigned arithmetic_follows(unsigned char opcode)
{
	static const uint16_t rows[8] = {
		FOLLOWS_MODRM, FOLLOWS_MODRM,	FOLLOWS_MODRM,	 FOLLOWS_MODRM, 1,
		FOLLOWS_WORD,  FOLLOWS_UNKNOWN, FOLLOWS_UNKNOWN,
	};

	return rows[opcode & 7];
}

/* Opcodes of one byte. */
static unsigned short_follows(unsigned char opcode)
{
	if (opcode < 0x40)
		return arithmetic_follows(opcode);
	if ((opcode >= 0x70 && opcode < 0x80) || (opcode >= 0xb0 && opcode < 0xb8))
		return 1;
	if (opcode >= 0xb8 && opcode < 0xc0)
		return FOLLOWS_WHOLE;
	if ((opcode >= 0x84 && opcode <= 0x8e) || (opcode >= 0xd0 && opcode <= 0xd3) ||
	    (opcode >= 0xd8 && opcode <= 0xdf) || opcode == 0x63 || opcode >= 0xfe)
		return FOLLOWS_MODRM;
	switch (opcode) {
	case 0x68:
	case 0xa9:
		return FOLLOWS_WORD;
	case 0x69:
	case 0x81:
	case 0xc7:
		return FOLLOWS_MODRM | FOLLOWS_WORD;
	case 0x6b:
	case 0x80:
	case 0x83:
	case 0xc0:
	case 0xc1:
	case 0xc6:
		return FOLLOWS_MODRM | 1;
	case 0x6a:
	case 0xa8:
	case 0xeb:
		return 1;
	case 0xe8:
	case 0xe9:
		return 4;
	case 0xf6:
	case 0xf7:
		return FOLLOWS_MODRM | FOLLOWS_TEST;
	default:
		break;
	}
	if ((opcode >= 0x50 && opcode < 0x60) || (opcode >= 0x90 && opcode < 0x9a) ||
	    (opcode >= 0xa4 && opcode <= 0xaf) || opcode == 0xc3 || opcode == 0xc9 ||
	    opcode == 0xcc || (opcode >= 0xf8 && opcode < 0xfe))
		return 0;
	return FOLLOWS_UNKNOWN;
}

/* Opcodes after 0f. */
static unsigned long_follows(unsigned char opcode)
{
	if ((opcode >= 0x70 && opcode <= 0x73) || opcode == 0xa4 || opcode == 0xac ||
	    opcode == 0xba || opcode == 0xc2 || (opcode >= 0xc4 && opcode <= 0xc6))
		return FOLLOWS_MODRM | 1;
	if ((opcode >= 0x80 && opcode <= 0x8f))
		return 4;
	if (opcode == 0x05 || opcode == 0x0b || opcode == 0x31 || opcode == 0x77 ||
	    opcode == 0xa2 || (opcode >= 0xc8 && opcode <= 0xcf))
		return 0;
	if ((opcode >= 0x10 && opcode <= 0x1f) || (opcode >= 0x28 && opcode <= 0x2f) ||
	    (opcode >= 0x40 && opcode <= 0x7f) || (opcode >= 0x90 && opcode <= 0x9f) ||
	    opcode == 0x0d || opcode == 0xa3 || opcode == 0xa5 || opcode == 0xab || opcode >= 0xad)
		return FOLLOWS_MODRM;
	return FOLLOWS_UNKNOWN;
}

static unsigned vex_follows(unsigned map, unsigned char opcode)
{
	if (map == 3)
		return opcode == 0x48 || opcode == 0x49 ? FOLLOWS_UNKNOWN : FOLLOWS_MODRM | 1;
	if (map == 2)
		return FOLLOWS_MODRM;
	if (map != 1)
		return FOLLOWS_UNKNOWN;
	if (opcode == 0x77)
		return 0;
	return (opcode >= 0x70 && opcode <= 0x73) || opcode == 0xc2 ||
			       (opcode >= 0xc4 && opcode <= 0xc6)
		       ? FOLLOWS_MODRM | 1
		       : FOLLOWS_MODRM;
}

/* VEX and EVEX: two to four bytes with the opcode map, then the opcode. */
static unsigned read_vex(const unsigned char *bytes, unsigned *at)
{
	unsigned map = bytes[*at] == 0xc5   ? 1
		       : bytes[*at] == 0xc4 ? bytes[*at + 1] & 31u
					    : bytes[*at + 1] & 7u;

	*at += bytes[*at] == 0xc5 ? 3 : bytes[*at] == 0xc4 ? 4 : 5;
	return vex_follows(map, bytes[*at - 1]);
}

static unsigned read_opcode(const unsigned char *bytes, unsigned *at, bool *may_be_no_shift)
{
	unsigned char opcode = bytes[(*at)++];

	if (opcode != 0x0f) {
		*may_be_no_shift = (opcode & 0xfe) == 0xc0;
		return short_follows(opcode);
	}
	opcode = bytes[(*at)++];
	*may_be_no_shift = opcode == 0xa4 || opcode == 0xac;
	if (opcode != 0x38 && opcode != 0x3a)
		return long_follows(opcode);
	++*at;
	return opcode == 0x38 ? FOLLOWS_MODRM : FOLLOWS_MODRM | 1;
}

static bool is_prefix(unsigned char byte)
{
	return byte == 0x66 || (byte & 0xfe) == 0xf2 || byte == 0xf0 || (byte & 0xe7) == 0x26 ||
	       (byte & 0xfe) == 0x64;
}

static bool is_vex(unsigned char byte)
{
	return (byte & 0xfe) == 0xc4 || byte == 0x62;
}

/* The ModRM byte is at @at.  Returns the offset after it and its SIB byte. */
static unsigned read_modrm(const unsigned char *bytes, unsigned at, unsigned *displacement_bytes)
{
	unsigned char modrm = bytes[at++];
	unsigned mod = modrm >> 6, rm = modrm & 7;

	*displacement_bytes = mod == 1 ? 1 : mod == 2 || (mod == 0 && rm == 5) ? 4 : 0;
	if (mod == 3)
		*displacement_bytes = 0;
	else if (rm == 4 && (bytes[at++] & 7) == 5 && mod == 0)
		*displacement_bytes = 4;
	return at;
}

/* @bytes has more than KEY_BYTES_MOST.  False: an unknown encoding. */
static bool take_apart(const unsigned char *bytes, struct shape *shape)
{
	bool is_word = false, is_whole = false;
	unsigned follows, at = 0, immediate;

	*shape = (struct shape){.key_bytes = 0};
	while (is_prefix(bytes[at])) {
		is_word |= bytes[at] == 0x66;
		if (++at == 4)
			return false;
	}
	if ((bytes[at] & 0xf0) == 0x40)
		is_whole = bytes[at++] & 8;
	follows = is_vex(bytes[at]) ? read_vex(bytes, &at)
				    : read_opcode(bytes, &at, &shape->may_be_no_shift);
	if (follows & FOLLOWS_UNKNOWN)
		return false;
	immediate = follows & 15u;
	/* Processors differ in what an operand-size prefix does to a branch. */
	if (immediate == 4 && is_word)
		return false;
	if (follows & FOLLOWS_TEST && (bytes[at] >> 3 & 7) < 2) {
		follows |= bytes[at - 1] & 1 ? FOLLOWS_WORD : 0;
		immediate = 1;
	}
	if (follows & (FOLLOWS_WORD | FOLLOWS_WHOLE))
		immediate = is_whole ? (follows & FOLLOWS_WHOLE ? 8 : 4) : is_word ? 2 : 4;
	if (follows & FOLLOWS_MODRM)
		at = read_modrm(bytes, at, &shape->displacement_bytes);
	shape->key_bytes = at;
	shape->immediate_bytes = immediate;
	if (shape->may_be_no_shift && (bytes[at + shape->displacement_bytes] & 0x1f) == 0)
		return false;
	return at <= KEY_BYTES_MOST;
}

static uint64_t key_of(const unsigned char *bytes, unsigned count)
{
	uint64_t key;

	memcpy(&key, bytes, sizeof(key));
	return count == 8 ? key : key & ((1ull << 8 * count) - 1);
}

/* --- The table ------------------------------------------------------------------------- */

static struct pattern_slot *slot_of(const struct patterns *patterns, uint64_t key)
{
	uint64_t hash = key * 0x9e3779b97f4a7c15ull;
	uint32_t at = (uint32_t)((hash ^ hash >> 29) >> 16) & (patterns->slot_count - 1);

	while (patterns->slots[at].number != PATTERN_NONE && patterns->slots[at].key != key)
		at = (at + 1) & (patterns->slot_count - 1);
	return &patterns->slots[at];
}

bool patterns_begin(struct patterns *patterns, const struct decoder *decoder, struct arena *arena)
{
	*patterns = (struct patterns){
		.decoder = decoder,
		.arena = arena,
		.count = 1,
		.room = ROWS_FIRST,
		.slot_count = SLOTS_FIRST,
		.rows = arena_alloc(arena, ROWS_FIRST * sizeof(*patterns->rows)),
		.slots = arena_alloc(arena, SLOTS_FIRST * sizeof(*patterns->slots)),
		.guesses = arena_alloc(arena, PATTERN_GUESSES * sizeof(*patterns->guesses)),
	};
	return patterns->rows && patterns->slots && patterns->guesses;
}

static bool grow_slots(struct patterns *patterns)
{
	struct patterns old = *patterns;
	size_t old_bytes = old.slot_count * sizeof(*old.slots);

	patterns->slots = arena_alloc(patterns->arena, 2 * old_bytes);
	if (!patterns->slots) {
		patterns->slots = old.slots;
		return false;
	}
	patterns->slot_count *= 2;
	for (uint32_t i = 0; i < old.slot_count; i++)
		if (old.slots[i].number != PATTERN_NONE)
			*slot_of(patterns, old.slots[i].key) = old.slots[i];
	arena_free(patterns->arena, old.slots, old_bytes);
	return true;
}

static bool grow_rows(struct patterns *patterns)
{
	size_t bytes = patterns->room * sizeof(*patterns->rows);
	struct pattern *rows;

	if (patterns->count * 2 >= patterns->slot_count && !grow_slots(patterns))
		return false;
	if (patterns->count < patterns->room)
		return true;
	rows = arena_grow(patterns->arena, patterns->rows, bytes, 2 * bytes);
	if (!rows)
		return false;
	patterns->rows = rows;
	patterns->room *= 2;
	return true;
}

/* --- Instances --------------------------------------------------------------------------- */

static int64_t read_value(const unsigned char *bytes, unsigned count, bool is_signed)
{
	uint64_t value = 0;

	if (count == 4) {
		uint32_t word;

		memcpy(&word, bytes, sizeof(word));
		return is_signed ? (int32_t)word : (int64_t)word;
	}
	if (count == 1)
		return is_signed ? (signed char)*bytes : *bytes;
	for (unsigned i = count; i-- > 0;)
		value = value << 8 | bytes[i];
	return count == 2 && is_signed ? (int16_t)value : (int64_t)value;
}

static bool has_relative_immediate(uint8_t kind)
{
	return kind == INSTRUCTION_BRANCH_IF || kind == INSTRUCTION_BRANCH ||
	       kind == INSTRUCTION_LOOP || kind == INSTRUCTION_CALL;
}

void pattern_fill(const struct instruction_layout *layout, const unsigned char *bytes,
		  uint32_t offset, struct instruction *instruction)
{
	int64_t end = (int64_t)offset + instruction->length;
	int64_t value;

	if (layout->displacement_bytes) {
		value = read_value(bytes + layout->displacement_at, layout->displacement_bytes,
				   true);
		instruction->displacement = (int32_t)value * layout->displacement_scale;
		if (instruction->is_rip_relative)
			instruction->target = end + instruction->displacement;
	}
	if (!layout->immediate_bytes)
		return;
	value = read_value(bytes + layout->immediate_at, layout->immediate_bytes,
			   layout->is_immediate_signed);
	if (has_relative_immediate(instruction->kind))
		instruction->target = end + value;
	else
		instruction->immediate = value;
}

uint8_t pattern_traits(const struct instruction *instruction)
{
	uint8_t kind = instruction->kind;
	unsigned traits = 0;

	if (has_relative_immediate(kind) && kind != INSTRUCTION_CALL)
		traits |= PATTERN_BRANCH;
	if (kind == INSTRUCTION_CALL || kind == INSTRUCTION_CALL_INDIRECT)
		traits |= PATTERN_CALL;
	if (instruction->is_rip_relative)
		traits |= PATTERN_ADDRESS;
	if (instruction->immediate)
		traits |= PATTERN_IMMEDIATE;
	if (instruction_form(instruction) == FORM_ENDBR)
		traits |= PATTERN_MARK;
	return (uint8_t)traits;
}

/* Whether the key determines all but the values. */
static bool is_regular(const struct shape *shape, const struct pattern *pattern,
		       const unsigned char *bytes, const struct instruction *instruction)
{
	const struct instruction_layout *layout = &pattern->layout;
	unsigned values_at = shape->key_bytes + shape->displacement_bytes;
	struct instruction again;

	if (layout->is_irregular || values_at + shape->immediate_bytes != instruction->length ||
	    layout->displacement_bytes != shape->displacement_bytes ||
	    (layout->displacement_bytes && layout->displacement_at != shape->key_bytes) ||
	    (layout->immediate_bytes && (layout->immediate_at != values_at ||
					 layout->immediate_bytes != shape->immediate_bytes)))
		return false;
	again = pattern->instruction;
	pattern_fill(layout, bytes, instruction->offset, &again);
	return again.displacement == instruction->displacement &&
	       again.immediate == instruction->immediate && again.target == instruction->target;
}

/* Instructions without a pattern are decoded each time. */
static bool decode_new(struct patterns *patterns, const struct shape *shape,
		       const unsigned char *bytes, size_t left, uint32_t offset,
		       struct instruction *instruction, uint32_t *number)
{
	struct pattern pattern;
	uint64_t key = key_of(bytes, shape->key_bytes);

	if (!instruction_decode_layout(patterns->decoder, bytes, left, offset, instruction,
				       &pattern.layout))
		return false;
	pattern.instruction = *instruction;
	pattern.traits = pattern_traits(instruction);
	/* Another instance may have any value. */
	if (pattern.layout.immediate_bytes && !has_relative_immediate(instruction->kind))
		pattern.traits |= PATTERN_IMMEDIATE;
	if (!is_regular(shape, &pattern, bytes, instruction) || !grow_rows(patterns))
		return true;
	patterns->rows[patterns->count] = pattern;
	*slot_of(patterns, key) = (struct pattern_slot){key, patterns->count};
	*number = patterns->count++;
	return true;
}

/* Most instructions have the pattern of the last one with the same first bytes. */
static struct pattern_guess *guess_of(const struct patterns *patterns, uint64_t first)
{
	uint64_t hash = (first & 0xffffff) * 0x9e3779b97f4a7c15ull;

	return &patterns->guesses[hash >> 52];
}

static void note_guess(const struct patterns *patterns, const struct shape *shape, uint64_t first,
		       uint32_t number)
{
	uint64_t mask = shape->key_bytes == 8 ? UINT64_MAX : (1ull << 8 * shape->key_bytes) - 1;

	if (!shape->may_be_no_shift)
		*guess_of(patterns, first) = (struct pattern_guess){first & mask, mask, number};
}

/* The slow way: by the key of its bytes. */
static bool decode_by_shape(struct patterns *patterns, const unsigned char *bytes, size_t left,
			    uint32_t offset, struct instruction *instruction, uint32_t *number)
{
	const struct pattern_slot *slot;
	struct shape shape;
	uint64_t key;

	if (!take_apart(bytes, &shape) ||
	    shape.key_bytes + shape.displacement_bytes + shape.immediate_bytes > left)
		return instruction_decode(patterns->decoder, bytes, left, offset, instruction);
	key = key_of(bytes, shape.key_bytes);
	slot = slot_of(patterns, key);
	if (slot->number == PATTERN_NONE)
		return decode_new(patterns, &shape, bytes, left, offset, instruction, number);
	note_guess(patterns, &shape, key_of(bytes, 8), slot->number);
	*number = slot->number;
	pattern_instance(patterns, slot->number, bytes, offset, instruction);
	return true;
}

bool pattern_decode(struct patterns *patterns, const unsigned char *bytes, size_t left,
		    uint32_t offset, struct instruction *instruction, uint32_t *number)
{
	const struct pattern_guess *guess;
	unsigned char copy[24] = {0};
	uint64_t first;

	*number = PATTERN_NONE;
	if (UNLIKELY(left < sizeof(copy))) {
		memcpy(copy, bytes, left);
		return decode_by_shape(patterns, copy, left, offset, instruction, number);
	}
	first = key_of(bytes, 8);
	guess = guess_of(patterns, first);
	if ((first & guess->mask) != guess->key || guess->number == PATTERN_NONE)
		return decode_by_shape(patterns, bytes, left, offset, instruction, number);
	*number = guess->number;
	pattern_instance(patterns, guess->number, bytes, offset, instruction);
	return true;
}
