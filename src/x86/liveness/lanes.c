#include "x86/liveness/lanes.h"

/* What is known of the operands of one instruction. */
struct known {
	const struct vector_value *first, *second, *third;
};

static bool is_known(const struct vector_value *value, unsigned byte)
{
	return value && value->known >> byte & 1;
}

static bool is_byte(const struct vector_value *value, unsigned byte, unsigned expected)
{
	return is_known(value, byte) && value->bytes[byte] == expected;
}

/* Of instructions without a vector as their result. */
static void need_of_stored(const struct vector_use *use, struct lanes *lanes, uint32_t *second)
{
	unsigned element = use->element ? use->element : use->width;
	bool is_of_one = use->row->form == FORM_TAKE || use->row->form == FORM_TAKE_ONE ||
			 use->row->form == FORM_COMPARE || use->row->form == FORM_STORE_HIGH ||
			 (use->row->form == FORM_STORE && use->element);

	if (is_of_one && lanes->needs == LANES_WHOLE)
		return;
	switch ((unsigned)use->row->form) {
	case FORM_STORE:
		lanes->needed[use->reg] |= vector_bytes_at(0, element) & ~lanes->is_dropped;
		break;
	case FORM_STORE_HIGH:
		lanes->needed[use->reg] |= vector_bytes_at(8, 8);
		break;
	case FORM_STORE_HALF:
		lanes->needed[use->reg] |= (LANE_BYTES & ~lanes->is_dropped)
					   << (use->constant & 1) * LANE;
		break;
	case FORM_STORE_MASKED:
		if (lanes->needs == LANES_ANY)
			lanes->needed[use->reg] |= vector_bytes_at(0, use->width);
		lanes->needed[use->first] |= vector_bytes_at(0, use->width);
		break;
	case FORM_GATHER: /* the register of indexes is one of two */
		lanes->needed[use->first] |= vector_bytes_at(0, use->width);
		lanes->needed[use->opcode[2] >> 3 & 7] |= vector_bytes_at(0, 2 * LANE);
		lanes->needed[(use->opcode[2] >> 3 & 7) | 8] |= vector_bytes_at(0, 2 * LANE);
		break;
	case FORM_TAKE:
		lanes->needed[use->reg] |=
			vector_bytes_at(use->constant % (LANE / element) * element, element);
		break;
	case FORM_TAKE_ONE:
		*second = vector_bytes_at(0, element);
		break;
	case FORM_COMPARE:
		lanes->needed[use->reg] |= vector_bytes_at(0, element);
		*second = vector_bytes_at(0, element);
		break;
	default: /* FORM_LOOK */
		*second = LANES_ALL;
		if (use->row->map == 2)
			lanes->needed[use->reg] |= LANES_ALL;
	}
}

/* and, andn, or: a constant may decide alone. */
static void drop_by_logic(const struct vector_use *use, unsigned j, const struct known *known,
			  struct vector_sources *sources)
{
	switch (*use->opcode) {
	case 0x54: /* andps, pand */
	case 0xdb:
		sources->first = is_byte(known->second, j, 0) ? 0 : sources->first;
		sources->second = is_byte(known->first, j, 0) ? 0 : sources->second;
		break;
	case 0x55: /* andnps, pandn */
	case 0xdf:
		sources->first = is_byte(known->second, j, 0) ? 0 : sources->first;
		sources->second = is_byte(known->first, j, 0xff) ? 0 : sources->second;
		break;
	case 0x56: /* orps, por */
	case 0xeb:
		sources->first = is_byte(known->second, j, 0xff) ? 0 : sources->first;
		sources->second = is_byte(known->first, j, 0xff) ? 0 : sources->second;
		break;
	default:
		break;
	}
}

static bool is_unsigned_pack(const struct vector_use *use)
{
	return use->row->form == FORM_PACK && *use->opcode != 0x63 && *use->opcode != 0x6b;
}

/* An element whose upper half is zeros is packed as it is, with its lower half alone. */
static uint32_t packed_byte(const struct vector_use *use, unsigned j, uint32_t element,
			    const struct vector_value *value)
{
	unsigned start, e = use->element;

	if (!element)
		return 0;
	start = (unsigned)__builtin_ctz(element);
	for (unsigned i = start + e; i < start + use->row->from; i++)
		if (!is_byte(value, i, 0))
			return element;
	return 1u << (start + j % e);
}

/* Shuffles and blends whose control is a constant, and packs of numbers that are small. */
static void drop_by_control(const struct vector_use *use, unsigned j, const struct known *known,
			    struct vector_sources *sources)
{
	unsigned e = use->element, start = j - j % e, lane = j - j % LANE;
	unsigned control;

	switch ((unsigned)use->row->form) {
	case FORM_BYTES_BY:
		if (!is_known(known->second, j))
			break;
		control = known->second->bytes[j];
		sources->first = control & 0x80 ? 0 : 1u << (lane + control % LANE);
		break;
	case FORM_PERMUTE_BY:
		if (!is_known(known->second, start))
			break;
		control = e == 4 ? known->second->bytes[start] & 3
				 : known->second->bytes[start] >> 1 & 1;
		sources->first = 1u << (lane + control * e + j % e);
		break;
	case FORM_FAR_BY:
		if (is_known(known->first, start))
			sources->second = 1u << ((known->first->bytes[start] & 7u) * e + j % e);
		break;
	case FORM_CHOOSE:
		if (!is_known(known->third, start + e - 1))
			break;
		control = known->third->bytes[start + e - 1] & 0x80;
		sources->first = control ? 0 : 1u << j;
		sources->second = control ? 1u << j : 0;
		break;
	case FORM_PACK:
		if (!is_unsigned_pack(use))
			break;
		sources->first = packed_byte(use, j, sources->first, known->first);
		sources->second = packed_byte(use, j, sources->second, known->second);
		break;
	default:
		if (use->row->map == 1 && use->row->form == FORM_EACH && e == 1)
			drop_by_logic(use, j, known, sources);
	}
}

static void need_of_result(const struct vector_use *use, const struct known *known,
			   struct lanes *lanes, uint32_t *second)
{
	uint32_t needed = lanes->needed[use->result] & vector_bytes_at(0, use->width);
	struct vector_sources all = {0, 0, 0};

	lanes->needed[use->result] &= use->is_vex ? 0 : ~LANE_BYTES;
	if (vector_use_is_ones(use) || vector_use_is_zeros(use))
		needed = 0;
	for (unsigned j = 0; j < use->width; j++) {
		struct vector_sources sources = {LANES_ALL, LANES_ALL, 0};

		if (!(needed >> j & 1))
			continue;
		if (use->row->form != FORM_ALL)
			sources = vector_sources_of(use, j);
		drop_by_control(use, j, known, &sources);
		if (use->row->form == FORM_CHOOSE && lanes->needs != LANES_ANY && sources.first &&
		    sources.second)
			sources.first = sources.second = 0;
		all.first |= sources.first;
		all.second |= sources.second;
		all.third |= sources.third;
	}
	*second = all.second;
	if (use->row->form == FORM_STORE_HALF) {
		lanes->needed[use->reg] |= all.second;
		*second = 0;
		return;
	}
	lanes->needed[use->first] |= all.first;
	lanes->needed[use->third] |= all.third;
}

/* vzeroupper, vzeroall. */
static void need_before_clearing(unsigned width, struct lanes *lanes)
{
	for (unsigned r = 0; r < LANES_REGISTERS && width; r++)
		lanes->needed[r] &= width > LANE ? 0 : LANE_BYTES;
}

static struct known known_of(const struct vector_use *use, const struct lane_values *values)
{
	if (!values)
		return (struct known){NULL, NULL, NULL};
	return (struct known){
		.first = values->of[use->first],
		.second = use->has_rm ? values->of[use->rm] : values->memory,
		.third = values->of[use->third],
	};
}

bool lanes_before(const unsigned char *bytes, const struct instruction *instruction,
		  const struct lane_values *values, struct lanes *lanes, uint32_t *of_memory)
{
	struct vector_use use;
	struct known known;
	uint32_t second = 0;

	*of_memory = LANES_ALL;
	switch (vector_use_of(bytes, instruction, &use)) {
	case VECTOR_NONE:
		return true;
	case VECTOR_UNKNOWN:
		return false;
	case VECTOR_CLEARS:
		need_before_clearing(use.width, lanes);
		return true;
	case VECTOR_KNOWN:
		break;
	}
	known = known_of(&use, values);
	if (vector_use_has_result(&use))
		need_of_result(&use, &known, lanes, &second);
	else
		need_of_stored(&use, lanes, &second);
	if (use.row->form == FORM_GENERAL || use.row->form == FORM_INSERT)
		return true;
	if (use.has_rm)
		lanes->needed[use.rm] |= second;
	else
		*of_memory = second;
	return true;
}

bool lanes_are_loaded(const unsigned char *bytes, const struct instruction *instruction)
{
	struct vector_use use;

	return vector_use_of(bytes, instruction, &use) == VECTOR_KNOWN && !use.has_rm &&
	       use.row->form < FORM_STORE;
}

bool lanes_are_stored(const unsigned char *bytes, const struct instruction *instruction)
{
	struct vector_use use;

	return vector_use_of(bytes, instruction, &use) == VECTOR_KNOWN && !use.has_rm &&
	       (use.row->form == FORM_STORE || use.row->form == FORM_STORE_HALF);
}

bool lanes_result(const unsigned char *bytes, const struct instruction *instruction,
		  unsigned *result)
{
	struct vector_use use;

	if (vector_use_of(bytes, instruction, &use) != VECTOR_KNOWN || use.row->form >= FORM_STORE)
		return false;
	*result = use.result;
	return true;
}

bool lanes_may_drop(const unsigned char *bytes, const struct instruction *instruction)
{
	struct vector_use use;

	if (vector_use_of(bytes, instruction, &use) != VECTOR_KNOWN)
		return false;
	if (use.row->form == FORM_MOVE_ONE || use.row->form == FORM_FILL)
		return use.has_rm;
	if (use.row->form == FORM_UPWARD)
		return use.row->from;
	return use.row->form >= FORM_SPREAD && use.row->form <= FORM_SHIFT &&
	       use.row->form != FORM_GENERAL;
}

bool lanes_pick(const unsigned char *bytes, const struct instruction *instruction)
{
	struct vector_use use;

	return vector_use_of(bytes, instruction, &use) == VECTOR_KNOWN &&
	       (use.row->form == FORM_TAKE || use.row->form == FORM_STORE_MASKED ||
		use.row->form == FORM_CHOOSE || use.row->form == FORM_STORE_HIGH ||
		(use.row->form == FORM_STORE && use.element));
}

bool lanes_drop_by_constant(const unsigned char *bytes, const struct instruction *instruction)
{
	struct vector_use use;

	if (vector_use_of(bytes, instruction, &use) != VECTOR_KNOWN)
		return false;
	switch ((unsigned)use.row->form) {
	case FORM_BYTES_BY:
	case FORM_PERMUTE_BY:
	case FORM_FAR_BY:
	case FORM_CHOOSE:
		return true;
	case FORM_PACK:
		return is_unsigned_pack(&use);
	case FORM_EACH:
		return use.row->map == 1 && (*use.opcode == 0x54 || *use.opcode == 0x55 ||
					     *use.opcode == 0xdb || *use.opcode == 0xdf);
	default:
		return false;
	}
}
