/* Accesses of several elements: masked moves, gathers, string instructions. */
#include "detect/race/access.h"
#include "preload/access/thunk_access.h"
#include "x86/decode/instruction.h"

#define DIRECTION_FLAG (1u << 10)

/* Checks an access for each element that the mask selects. */
void access_masked(struct access_frame *frame);

void access_masked(struct access_frame *frame)
{
	struct guest_thread *self = access_enter(frame);
	uint64_t mask = frame->words[0];
	struct site *site = access_site(frame->words[1]);
	struct access_context where;
	struct access access;
	size_t element = site->size_bytes;

	if (UNLIKELY(!self))
		return;
	access = access_describe(frame, frame->words + 1, site, &where);
	for (uintptr_t first = access.address; mask; mask >>= 1, first += element) {
		if (!(mask & 1))
			continue;
		access.address = first;
		access_check_at_home(self, &access);
	}
	guest_leave_access(self);
}

/* One access per element; @form is of enum thunk, from THUNK_GATHER on. */
void access_gather(struct access_frame *frame, uint32_t form);

void access_gather(struct access_frame *frame, uint32_t form)
{
	const uint64_t *indexes = frame->words + ARRAY_LENGTH(frame->words);
	struct guest_thread *self = access_enter(frame);
	struct site *site = access_site(frame->words[1]);
	uint64_t mask = frame->words[0];
	uint32_t log_scale = form % 4;
	struct access_context where;
	struct access access;
	uintptr_t base;

	if (UNLIKELY(!self))
		return;
	access = access_describe(frame, frame->words + 1, site, &where);
	where.start.sp += THUNK_INDEX_BYTES;
	base = access.address;
	if (form / 4 == 2) /* four bits, but two elements */
		mask &= 3;
	for (uint32_t i = 0; mask >> i; i++) {
		uint64_t index = indexes[i / 2] >> 32 * (i % 2);

		if (!(mask >> i & 1))
			continue;
		index = form / 4 ? indexes[i] : (uint64_t)(int64_t)(int32_t)index;
		access.address = base + (index << log_scale);
		access_check_at_home(self, &access);
	}
	guest_leave_access(self);
}

struct string_operation {
	enum string_kind kind;
	size_t element;
	uint64_t count; /* of elements that it will touch */
	bool is_repne;
	bool is_backwards;
	uintptr_t source, destination; /* rsi, rdi */
	uint64_t wanted;	       /* what scas compares with */
};

/* How many of at most operation->count elements a repeated cmps or scas
 * looks at. */
static uint64_t count_compared(const struct string_operation *operation)
{
	uintptr_t step = operation->is_backwards ? -operation->element : operation->element;
	uintptr_t offset = 0;

	for (uint64_t i = 0; i < operation->count; i++, offset += step) {
		uint64_t value =
			access_load_element(operation->destination + offset, operation->element);
		uint64_t other = operation->kind == STRING_CMPS
					 ? access_load_element(operation->source + offset,
							       operation->element)
					 : operation->wanted;

		if ((value == other) == operation->is_repne)
			return i + 1;
	}
	return operation->count;
}

static void check_range(struct guest_thread *self, const struct string_operation *operation,
			struct access *access, uintptr_t first, uint32_t direction)
{
	size_t size_bytes = operation->count * operation->element;

	access->address = operation->is_backwards ? first - size_bytes + operation->element : first;
	access->size_bytes = size_bytes;
	access->flags = (access->flags & ~(uint32_t)(SITE_READ | SITE_WRITE)) | direction;
	access_check_at_home(self, access);
}

static void check_string(struct guest_thread *self, const struct string_operation *operation,
			 struct access *access)
{
	switch (operation->kind) {
	case STRING_MOVS:
		check_range(self, operation, access, operation->source, SITE_READ);
		check_range(self, operation, access, operation->destination, SITE_WRITE);
		break;
	case STRING_STOS:
		check_range(self, operation, access, operation->destination, SITE_WRITE);
		break;
	case STRING_LODS:
		check_range(self, operation, access, operation->source, SITE_READ);
		break;
	case STRING_CMPS:
		check_range(self, operation, access, operation->source, SITE_READ);
		check_range(self, operation, access, operation->destination, SITE_READ);
		break;
	case STRING_SCAS:
		check_range(self, operation, access, operation->destination, SITE_READ);
		break;
	case STRING_NONE:
	default:
		break;
	}
}

void access_string(struct access_frame *frame, uint32_t number);

void access_string(struct access_frame *frame, uint32_t number)
{
	struct site *site = access_site(frame->words[0]);
	struct guest_thread *self = access_enter(frame);
	struct string_operation operation = {
		.kind = (enum string_kind)(number % THUNK_STRING_FORMS / THUNK_STRING_SIZES + 1),
		.element = 1u << number % THUNK_STRING_SIZES,
		.count = site->size_bytes ? 1 : frame->rcx,
		.is_repne = number >= THUNK_STRING_FORMS,
		.is_backwards = frame->flags & DIRECTION_FLAG,
		.source = frame->rsi,
		.destination = frame->rdi,
	};
	struct access_context where;
	struct access access;

	if (UNLIKELY(!self))
		return;
	operation.wanted = frame->rax;
	if (operation.element < 8)
		operation.wanted &= (1ull << 8 * operation.element) - 1;
	if (!site->size_bytes && operation.kind >= STRING_CMPS)
		operation.count = count_compared(&operation);
	access = access_describe(frame, frame->words, site, &where);
	if (operation.count)
		check_string(self, &operation, &access);
	guest_leave_access(self);
}
