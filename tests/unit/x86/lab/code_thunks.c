/* What the thunks of a code lab do: note what the checks that call them cover. */
#include "code_lab.h"

#include "x86/decode/masked.h"
#include "x86/decode/thunk.h"
#include "x86/survey/site.h"

#define SPOILT 0x8d5u
#define GENERAL_ONLY __attribute__((target("general-regs-only")))

/* What lab_common has pushed, and what the check has. */
struct thunk_frame {
	uint64_t rbp, r11, r10, r9, r8, rdi, rsi, rdx, rcx, rax;
	uint64_t flags, number, return_address, id, address;
	uint64_t more[5]; /* masked: there is a mask before the id, and indexes at the end */
};

void lab_note(struct thunk_frame *frame);

const struct plan *lab_plan;
uint32_t lab_thunk_calls, lab_range_calls, lab_prefetch_count;
uint64_t lab_prefetched[LAB_PREFETCHES];
bool lab_refuses_ranges;
__thread uint64_t lab_ahead_word;
uint8_t *lab_seen;

GENERAL_ONLY void lab_see(uint64_t address, uint64_t size, unsigned what)
{
	for (uint64_t i = address; i < address + size; i++)
		if (i >= LAB_MEMORY && i < LAB_END)
			lab_seen[i - LAB_MEMORY] |= (uint8_t)what;
}

GENERAL_ONLY static void see_string(const struct thunk_frame *frame, unsigned number)
{
	unsigned kind = number % THUNK_STRING_FORMS / THUNK_STRING_SIZES + 1;
	unsigned size = 1u << number % THUNK_STRING_SIZES;
	uint64_t bytes = frame->rcx * size;

	if (kind == STRING_MOVS || kind == STRING_CMPS || kind == STRING_LODS)
		lab_see(frame->rsi, bytes, LAB_READ);
	if (kind == STRING_MOVS || kind == STRING_STOS)
		lab_see(frame->rdi, bytes, LAB_WRITE);
	if (kind == STRING_CMPS || kind == STRING_SCAS)
		lab_see(frame->rdi, bytes, LAB_READ);
}

GENERAL_ONLY uint64_t lab_index_of(const uint64_t *indexes, unsigned i, bool is_wide)
{
	return is_wide ? indexes[i] : (uint64_t)(int64_t)((const int32_t *)indexes)[i];
}

GENERAL_ONLY static void see_masked(const struct thunk_frame *frame, unsigned number)
{
	uint64_t mask = frame->id, id = frame->address, address = frame->more[0];
	const struct plan_site *site = &lab_plan->sites[(id >> THUNK_SITE_SHIFT) - 1];
	unsigned form = number - THUNK_GATHER, count = form / 4 == 2 ? 2 : 8;

	for (unsigned i = 0; mask >> i; i++) {
		uint64_t at = address + i * site->size_bytes;

		if (number != THUNK_MASKED && i < count)
			at = address + (lab_index_of(frame->more + 1, i, form / 4) << form % 4);
		if (mask >> i & 1 && (number == THUNK_MASKED || i < count))
			lab_see(at, site->size_bytes,
				site->flags & PLAN_SITE_WRITE ? LAB_WRITE : LAB_READ);
	}
}

/* All of it, so that the run must touch all of it. */
GENERAL_ONLY static void see_range(const struct thunk_frame *frame)
{
	const struct plan_site *site = &lab_plan->sites[(frame->address >> THUNK_SITE_SHIFT) - 1];

	lab_range_calls++;
	if (lab_refuses_ranges)
		lab_ahead_word = 0;
	lab_see(frame->more[0], frame->id, site->flags & PLAN_SITE_WRITE ? LAB_WRITE : LAB_READ);
}

GENERAL_ONLY void lab_note(struct thunk_frame *frame)
{
	unsigned number = (unsigned)frame->number;
	bool is_masked = number >= THUNK_MASKED && number < THUNK_STRING;
	uint64_t id = is_masked ? frame->address : frame->id;
	const struct plan_site *site = &lab_plan->sites[(id >> THUNK_SITE_SHIFT) - 1];
	volatile char below[512];

	if (number == THUNK_PREFETCH && lab_prefetch_count < LAB_PREFETCHES)
		lab_prefetched[lab_prefetch_count++] = frame->address;
	lab_thunk_calls += number != THUNK_RANGE && number != THUNK_PREFETCH;
	for (unsigned i = 0; i < sizeof(below); i++)
		below[i] = 0x5a;
	if (number < THUNK_WRITE)
		lab_see(frame->address, 1u << number, LAB_READ);
	else if (number < THUNK_LOCK_BEGIN)
		lab_see(frame->address, 1u << (number - THUNK_WRITE), LAB_WRITE);
	else if (number == THUNK_LOCK_BEGIN)
		lab_see(frame->address, site->size_bytes, LAB_READ | LAB_WRITE);
	else if (number == THUNK_SIZED)
		lab_see(frame->address, site->size_bytes,
			site->flags & PLAN_SITE_WRITE ? LAB_WRITE : LAB_READ);
	else if (number == THUNK_RANGE)
		see_range(frame);
	else if (is_masked)
		see_masked(frame, number);
	else if (number >= THUNK_STRING)
		see_string(frame, number - THUNK_STRING);
	if (number < THUNK_LOCK_BEGIN || number == THUNK_SIZED || number == THUNK_PREFETCH ||
	    is_masked)
		frame->flags ^= SPOILT;
}
