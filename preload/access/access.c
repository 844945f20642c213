#include "preload/access/access.h"

#include "base/kernel.h"
#include "detect/race/record_fast.h"
#include "detect/shadow/cells.h"
#include "detect/shadow/shadow.h"
#include "preload/guest/access_context.h"
#include "preload/ranges/imports.h"
#include "x86/decode/instruction.h"

#define HAS(first, last)                                                                           \
	[(first) >> ACCESS_REGION_SHIFT ... ((last) >> ACCESS_REGION_SHIFT) - 1] = 1

const uint8_t access_regions[ACCESS_REGION_COUNT] = {
	HAS(0ull, SHADOW_LOW_END),
	HAS(SHADOW_MIDDLE_START, SHADOW_MIDDLE_END),
	HAS(SHADOW_HIGH_START, SHADOW_HIGH_END),
};

/* --- What plans need -------------------------------------------------------- */

extern const int32_t access_thunk_offsets[THUNK_COUNT];

void access_thunks(struct thunk_addresses *thunks)
{
	for (unsigned int i = 0; i < THUNK_COUNT; i++)
		thunks->address[i] = (uintptr_t)access_thunk_offsets +
				     (uintptr_t)(intptr_t)access_thunk_offsets[i];
}

int32_t access_current_tls(void)
{
	return (int32_t)((uintptr_t)&access_current - arch_thread_pointer());
}

int32_t access_shared_tls(void)
{
	return (int32_t)((uintptr_t)&access_shared - arch_thread_pointer());
}

/* --- From the thunks -------------------------------------------------------- */

#define ZERO_FLAG (1u << 6)
#define DIRECTION_FLAG (1u << 10)

static inline uintptr_t site_sp(const uint64_t *words_end, uint64_t id)
{
	return (uintptr_t)words_end + (id & THUNK_IS_LOWERED ? THUNK_LOWERED : THUNK_RED_ZONE);
}

static void redirect_imports(void *site)
{
	imports_redirect_at(((const struct site *)site)->address);
}

/* Fills in an access and its context *@where, as if the site had called the thunk. */
static inline __attribute__((always_inline)) struct access
describe_access(struct access_frame *frame, const uint64_t *words, struct site *site,
		struct access_context *where)
{
	if (imports_are_pending(site->address))
		access_deeply(guest_self, redirect_imports, site);
	frame->pc = site->address + 1;
	where->start.return_address = frame->pc;
	where->start.sp = site_sp(words + 2, words[0]);
	where->start.frame_pointer = frame->rbp;
	where->is_exact = false;
	return (struct access){
		.address = words[1],
		.size_bytes = site->size_bytes,
		.site = (site_id)(words[0] >> THUNK_SITE_SHIFT),
		.flags = site->flags,
		.context = where,
	};
}

static inline struct site *site_of(uint64_t id)
{
	uint64_t number = id >> THUNK_SITE_SHIFT;

	return &guest_detector.sites.chunks[number / SITE_CHUNK][number % SITE_CHUNK];
}

/* Raises the guard for a thunk's work.  NULL: the access is not observed. */
static inline __attribute__((always_inline)) struct guest_thread *
enter_thunk(const struct access_frame *frame)
{
	struct guest_thread *self = guest_self;

	if (UNLIKELY(!self || self->guard || guest_state != GUEST_ON)) {
		self = guest_enter_begun((uintptr_t)frame);
		if (!self)
			detector_count(&guest_detector, LOST_ACCESSES);
		return self;
	}
	self->guard = (uintptr_t)frame;
	fence_signal();
	return self;
}

/* Elements need not be aligned. */
static uint64_t load_element(uintptr_t address, size_t element)
{
	union {
		uint16_t two;
		uint32_t four;
		uint64_t eight;
	} value;

	switch (element) {
	case 1:
		return *(const uint8_t *)address;
	case 2:
		__builtin_memcpy(&value.two, (const void *)address, 2);
		return value.two;
	case 4:
		__builtin_memcpy(&value.four, (const void *)address, 4);
		return value.four;
	default:
		__builtin_memcpy(&value.eight, (const void *)address, 8);
		return value.eight;
	}
}

/* Notes the present value, where it may prove a lost update. */
static void note_value(struct access *access, const struct site *site)
{
	if ((!site->update_group && !(site->flags & SITE_UPDATE)) ||
	    access->size_bytes > sizeof(uint64_t) ||
	    (access->size_bytes & (access->size_bytes - 1)))
		return;
	access->value = load_element(access->address, access->size_bytes);
	access->has_value = true;
}

static bool has_cell(const uint64_t *place, uint64_t word, uint32_t bytes)
{
	struct cells cells = cells_of(word);
	bool is_found = false;

	for (uint32_t i = 0; i < cells.capacity; i++) {
		uint64_t cell = load_relaxed(&cells.words[i]) ^ access_current;

		/* What of our epoch's bytes it has not is left by the first. */
		is_found |= cell <= SHADOW_ALL_BYTES && !(cell & bytes);
	}
	fence_acquire();
	return is_found && load_relaxed(place) == word; /* relaxed: the fence orders it */
}

/*
 * Has this thread recorded such an access of these bytes in its present epoch?
 * The check in the clone compares for a whole granule; here a part is enough.
 * Asked without the guard, as nothing is changed.
 */
static inline bool is_part_recorded(uintptr_t granule, uint32_t bytes, uint32_t what)
{
	uint64_t bit = 1ull << (what & WHAT_WRITE ? SHADOW_WRITE_BIT : SHADOW_READ_BIT);
	const uint64_t *place = (const uint64_t *)(granule ^ bit);
	/* acquire: pairs with who changes cells. */
	uint64_t word = load_acquire(place);

	if ((word ^ access_current) <= SHADOW_ALL_BYTES)
		return !((word ^ access_current) & bytes);
	return cells_are(word) && has_cell(place, word, bytes);
}

static inline bool is_recorded(uintptr_t address, uint32_t what)
{
	uintptr_t granule = address & ~(uintptr_t)(SHADOW_GRANULE - 1);
	uint32_t size_bytes = what & WHAT_BYTES;
	uint64_t bytes = ((1ull << size_bytes) - 1) << address % SHADOW_GRANULE;

	if (size_bytes - 1 >= SHADOW_GRANULE || !shadow_covers(granule) || what & WHAT_AGAIN)
		return false;
	return is_part_recorded(granule, bytes & SHADOW_ALL_BYTES, what) &&
	       (LIKELY(bytes <= SHADOW_ALL_BYTES) ||
		is_part_recorded(granule + SHADOW_GRANULE, (uint32_t)(bytes >> 8), what));
}

void access_slow(struct access_frame *frame, uint32_t what);

void access_slow(struct access_frame *frame, uint32_t what)
{
	struct shadow shadow = shadow_of(frame->words[1]);
	enum access_callers callers = CALLERS_DROPPED; /* of what a thunk has recorded */
	struct guest_thread *self;
	struct access_context where;
	struct access access;

	/* All three will be wanted, and atomic instructions come in between. */
	__builtin_prefetch(shadow.write);
	__builtin_prefetch(shadow.read);
	__builtin_prefetch(shadow.origins);
	if (LIKELY(is_recorded(frame->words[1], what)))
		return;
	self = enter_thunk(frame);
	if (UNLIKELY(!self))
		return;
	if (LIKELY(what && !(what & WHAT_AGAIN) &&
		   record_fast(&guest_detector, self->thread, frame->words[1], what & WHAT_BYTES,
			       what & WHAT_WRITE, (site_id)(frame->words[0] >> THUNK_SITE_SHIFT),
			       &callers))) {
		guest_leave(self);
		return;
	}
	access = describe_access(frame, frame->words, site_of(frame->words[0]), &where);
	if (LIKELY(what)) {
		access.size_bytes = what & WHAT_BYTES;
		access.flags |= what & WHAT_WRITE ? SITE_WRITE : SITE_READ;
		access.is_recorded = what & WHAT_AGAIN;
		access.callers = callers;
	}
	note_value(&access, site_of(frame->words[0]));
	access_check(&guest_detector, self->thread, &access);
	guest_leave(self);
}

/* Checks an access for each element that the mask selects. */
void access_masked(struct access_frame *frame);

void access_masked(struct access_frame *frame)
{
	struct guest_thread *self = enter_thunk(frame);
	uint64_t mask = frame->words[0];
	struct site *site = site_of(frame->words[1]);
	struct access_context where;
	struct access access;
	size_t element = site->size_bytes;

	if (UNLIKELY(!self))
		return;
	access = describe_access(frame, frame->words + 1, site, &where);
	for (uintptr_t first = access.address; mask; mask >>= 1, first += element) {
		if (!(mask & 1))
			continue;
		access.address = first;
		access_check(&guest_detector, self->thread, &access);
	}
	guest_leave(self);
}

/* One access per element; @form is of enum thunk, from THUNK_GATHER on. */
void access_gather(struct access_frame *frame, uint32_t form);

void access_gather(struct access_frame *frame, uint32_t form)
{
	const uint64_t *indexes = frame->words + ARRAY_LENGTH(frame->words);
	struct guest_thread *self = enter_thunk(frame);
	struct site *site = site_of(frame->words[1]);
	uint64_t mask = frame->words[0];
	uint32_t log_scale = form % 4;
	struct access_context where;
	struct access access;
	uintptr_t base;

	if (UNLIKELY(!self))
		return;
	access = describe_access(frame, frame->words + 1, site, &where);
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
		access_check(&guest_detector, self->thread, &access);
	}
	guest_leave(self);
}

/* --- Locked instructions ---------------------------------------------------- */

/*
 * The guard stays up from the beginning to the end, as the location's own lock
 * is held: a signal handler in between is not observed.
 */
void access_lock_begin(struct access_frame *frame);

void access_lock_begin(struct access_frame *frame)
{
	struct guest_thread *self = enter_thunk(frame);
	struct access_context where;
	struct access access;

	if (UNLIKELY(!self))
		return;
	access = describe_access(frame, frame->words, site_of(frame->words[0]), &where);
	self->locked = access_synchronise_begin(&guest_detector, self->thread, &access);
	if (self->locked)
		self->locked_sp = where.start.sp;
	else
		guest_leave(self);
}

void access_lock_end(struct access_frame *frame, uint32_t compares);

void access_lock_end(struct access_frame *frame, uint32_t compares)
{
	struct guest_thread *self = guest_self;
	struct atomic_location *location = self ? self->locked : NULL;
	bool has_stored = !compares || (frame->flags & ZERO_FLAG);

	frame->pc = site_of(frame->words[0])->address + 1;
	/* It may belong to another instruction, which a signal has interrupted. */
	if (!location || self->locked_sp != site_sp(frame->words + 2, frame->words[0]))
		return;
	self->locked = NULL;
	access_synchronise_end(&guest_detector, self->thread, location, has_stored);
	guest_leave(self);
}

/* --- String instructions ---------------------------------------------------- */

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
		uint64_t value = load_element(operation->destination + offset, operation->element);
		uint64_t other =
			operation->kind == STRING_CMPS
				? load_element(operation->source + offset, operation->element)
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
	access_check(&guest_detector, self->thread, access);
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
	struct site *site = site_of(frame->words[0]);
	struct guest_thread *self = enter_thunk(frame);
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
	access = describe_access(frame, frame->words, site, &where);
	if (operation.count)
		check_string(self, &operation, &access);
	guest_leave(self);
}
