#include "preload/access/access.h"

#include "detect/race/atomics/asleep.h"
#include "detect/race/record_fast.h"
#include "detect/shadow/cells.h"
#include "detect/shadow/claim.h"
#include "detect/shadow/read_lines.h"
#include "detect/shadow/shadow.h"
#include "preload/access/thunk_access.h"
#include "preload/code/clones.h"

#define HAS(first, last)                                                                           \
	[(first) >> ACCESS_REGION_SHIFT ... ((last) >> ACCESS_REGION_SHIFT) - 1] = 1

const uint8_t access_regions[ACCESS_REGION_COUNT] = {
	HAS(0ull, SHADOW_LOW_END),
	HAS(SHADOW_MIDDLE_START, SHADOW_MIDDLE_END),
	HAS(SHADOW_HIGH_START, SHADOW_HIGH_END),
};

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

int32_t access_ahead_tls(void)
{
	return (int32_t)((uintptr_t)&access_ahead - arch_thread_pointer());
}

void access_redirect_imports(void *site)
{
	imports_redirect_at(((const struct site *)site)->address);
}

uint64_t access_value_at(uintptr_t address, size_t size_bytes)
{
	return access_load_element(address, size_bytes);
}

/* A store of a word over an address in a module, which may be that of a virtual table. */
static bool is_over_table(const struct access *access)
{
	return access->flags & SITE_WRITE && access->size_bytes == sizeof(uint64_t) &&
	       clones_of_module(access->value);
}

/* Notes the present value, where it may prove a lost update, or that a pointer to a
 * virtual table stays as it is. */
static void note_value(struct access *access, const struct site *site)
{
	bool is_of_update = site->update_group || site->flags & SITE_UPDATE;

	if (is_of_update && access->size_bytes == 2 * sizeof(uint64_t)) {
		access->value = access_load_element(access->address, sizeof(uint64_t));
		access->upper = access_load_element(access->address + sizeof(uint64_t),
						    sizeof(uint64_t));
		access->has_value = true;
	}
	if ((!is_of_update && !(site->flags & SITE_PLAIN_MOVE)) ||
	    access->size_bytes > sizeof(uint64_t) ||
	    (access->size_bytes & (access->size_bytes - 1)))
		return;
	access->value = access_load_element(access->address, access->size_bytes);
	access->has_value = is_of_update || is_over_table(access);
}

#define FORWARDERS_MOST 4u
#define FLAGS_OF_LOADS                                                                             \
	((uint32_t)(SITE_MAY_BE_STALE | SITE_DECIDES | SITE_COMPARES | SITE_EQUATES |              \
		    SITE_MATCHES | SITE_MAY_BE_SPLIT))
#define FLAGS_OF_STORES ((uint32_t)(SITE_UPDATE | SITE_EXAMINED))

/* Which arguments of a forwarder the @arguments of its @call are. */
static uint32_t forwarded_arguments(const struct site *call, uint32_t arguments)
{
	uint32_t forwarded = 0;

	for (unsigned i = 0; i < 4; i++)
		if (arguments >> i & 1)
			forwarded |= 1u << (call->arguments >> 4 * i & 15) >> 1;
	return forwarded;
}

/* An accessor's access is a part of what its caller does, or who called the forwarder that
 * did.  A call may be both, the load of one update and the store of another. */
static void note_caller(struct access *access, const struct site *site,
			const struct access_context *where)
{
	const struct site_table *sites = &guest_detector.sites;
	bool is_store = access->flags & SITE_WRITE;
	uintptr_t place = where->start.sp + site->return_at - 1;
	uint32_t arguments = site->arguments & ~IDLE_BITS;

	for (unsigned i = 0; i < FORWARDERS_MOST; i++) {
		site_id id = site_find_call(sites, *(const uintptr_t *)place);
		const struct site *call = site_get(sites, id);

		if (!call)
			return;
		if (call->update_group) {
			if (is_store && !(call->arguments & arguments))
				return;
			access->caller = id;
			access->flags |= call->flags &
					 (is_store ? FLAGS_OF_STORES : FLAGS_OF_LOADS);
			return;
		}
		arguments = forwarded_arguments(call, arguments);
		place += sizeof(uintptr_t) + call->return_at - 1;
	}
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

/* Has this thread recorded such an access of these bytes in its present epoch?
 * The check in the clone compares for a whole granule; here a part is enough.
 * Asked without the guard, as nothing is changed that a handler would mind. */
static inline bool is_part_recorded(uintptr_t granule, uint32_t bytes, uint32_t what)
{
	bool is_write = what & WHAT_WRITE;
	struct shadow shadow = shadow_places(granule);
	const uint64_t *place = is_write ? shadow.write : shadow.read;
	/* acquire: pairs with who changes cells. */
	uint64_t word = load_acquire(place);

	if ((word ^ access_current) <= SHADOW_ALL_BYTES)
		return !((word ^ access_current) & bytes);
	if (shadow_form(word) == SHADOW_ATOMIC)
		return access_thread && atomic_pass_owned(&guest_detector, access_thread, word,
							  access_current, bytes, is_write);
	if (!is_write && (word ^ access_shared) <= SHADOW_ALL_BYTES)
		return !((word ^ access_shared) & bytes);
	if (!is_write && shadow_form(word) == SHADOW_ASLEEP)
		return access_thread && atomic_pass_asleep(&guest_detector, access_thread, shadow,
							   word, bytes, false, 0);
	if (!is_write && read_lines_are(word))
		return read_line_has(word, access_current, bytes);
	return cells_are(word) && has_cell(place, word, bytes);
}

/* The same of whole granules from @granule on, all of which are before @end. */
static inline bool are_recorded(uintptr_t granule, uintptr_t end, uint32_t what)
{
	uint64_t other = what & WHAT_WRITE ? access_current : access_shared;

	for (; granule + SHADOW_GRANULE <= end; granule += SHADOW_GRANULE) {
		struct shadow shadow = shadow_places(granule);
		/* relaxed: other threads never store our word. */
		uint64_t word = load_relaxed(what & WHAT_WRITE ? shadow.write : shadow.read);

		if (word != access_current && word != other &&
		    !is_part_recorded(granule, SHADOW_ALL_BYTES, what))
			return false;
	}
	return true;
}

static inline bool is_recorded(uintptr_t address, uint32_t what)
{
	uintptr_t first = address & ~(uintptr_t)(SHADOW_GRANULE - 1);
	uint32_t size_bytes = what & WHAT_BYTES;
	uintptr_t end = address + size_bytes;
	uintptr_t last = end & ~(uintptr_t)(SHADOW_GRANULE - 1);

	if (!size_bytes || !shadow_covers(first) || what & WHAT_AGAIN)
		return false;
	if (first == last)
		return is_part_recorded(first, ((1u << size_bytes) - 1) << (address - first), what);
	return (address == first ||
		is_part_recorded(first, SHADOW_ALL_BYTES << (address - first) & SHADOW_ALL_BYTES,
				 what)) &&
	       are_recorded(address == first ? first : first + SHADOW_GRANULE, last, what) &&
	       (end == last || is_part_recorded(last, (1u << (end - last)) - 1, what));
}

/* What to do for what a thunk has recorded while its page was claimed. */
static uint32_t settle_claimed(const struct access_frame *frame, uint32_t what)
{
	struct shadow shadow = shadow_places(frame->words[1]);
	uint64_t *own = what & WHAT_WRITE ? shadow.write : shadow.read;
	uint32_t bytes = ((1u << (what & WHAT_BYTES)) - 1) << frame->words[1] % SHADOW_GRANULE;
	uint64_t word = (access_current & ~(uint64_t)SHADOW_ALL_BYTES) | bytes;

	what &= ~WHAT_CLAIMED;
	if (!claim_has_left(&guest_detector, own, word))
		return what;
	origin_store(what & WHAT_WRITE ? &shadow.origins->write : &shadow.origins->read,
		     origin_of_site((site_id)(frame->words[0] >> THUNK_SITE_SHIFT)), word);
	return what | WHAT_AGAIN;
}

static void check_slowly(struct access_frame *frame, uint32_t what)
{
	uintptr_t address = twins_home(frame->words[1]);
	struct shadow shadow = shadow_places(address);
	enum access_callers callers = CALLERS_DROPPED; /* of what a thunk has recorded */
	struct guest_thread *self;
	struct access_context where;
	struct access access;

	guest_left_thunk();
	if (UNLIKELY(what & WHAT_CLAIMED))
		what = settle_claimed(frame, what);
	/* All will be wanted, and atomic instructions come in between. */
	__builtin_prefetch((const void *)frame->words[1]);
	__builtin_prefetch(shadow.write);
	__builtin_prefetch(shadow.read);
	__builtin_prefetch(shadow.origins);
	if (LIKELY(is_recorded(address, what)))
		return;
	self = access_enter(frame);
	if (UNLIKELY(!self))
		return;
	if (LIKELY(what && !(what & WHAT_AGAIN) &&
		   record_fast(&guest_detector, self->thread, address, what & WHAT_BYTES,
			       what & WHAT_WRITE, (site_id)(frame->words[0] >> THUNK_SITE_SHIFT),
			       &callers))) {
		guest_leave_access(self);
		return;
	}
	access = access_describe(frame, frame->words, access_site(frame->words[0]), &where);
	if (LIKELY(what)) {
		access.size_bytes = what & WHAT_BYTES;
		access.flags |= what & WHAT_WRITE ? SITE_WRITE : SITE_READ;
		access.is_recorded = what & WHAT_AGAIN;
		access.callers = callers;
	}
	if (UNLIKELY(access_site(frame->words[0])->return_at))
		note_caller(&access, access_site(frame->words[0]), &where);
	note_value(&access, access_site(frame->words[0]));
	access.address = address;
	access_check(&guest_detector, self->thread, &access);
	guest_leave_access(self);
}

void access_slow(struct access_frame *frame, uint32_t what);

void access_slow(struct access_frame *frame, uint32_t what)
{
	check_slowly(frame, what & ~WHAT_AND_NEXT);
	/* The first half is found to be recorded. */
	if (UNLIKELY(what & WHAT_AND_NEXT))
		check_slowly(frame, (what & WHAT_WRITE) | 2 * SHADOW_GRANULE);
}

void access_whole(struct access_frame *frame, uint32_t what);

void access_whole(struct access_frame *frame, uint32_t what)
{
	struct guest_thread *self = access_enter(frame);

	if (UNLIKELY(!self))
		return;
	record_flush_whole(&guest_detector, self->thread, frame->words[1], what & WHAT_WRITE);
	guest_leave_access(self);
}

static uint64_t operand_value(uint64_t value, uint32_t size_bytes)
{
	return size_bytes < sizeof(value) ? value & ((1ull << size_bytes * 8) - 1) : value;
}

/* Does the operand of the locked instruction at @site leave what is there, whatever that is? */
static bool is_idle(const struct access_frame *frame, const struct preserved_registers *preserved,
		    const struct site *site)
{
	unsigned number = site->arguments >> IDLE_REGISTER_SHIFT;
	uint64_t value =
		operand_value(access_frame_register(frame, preserved, number), site->size_bytes);

	switch (site->arguments & IDLE_KIND) {
	case IDLE_ALWAYS:
		return true;
	case IDLE_IF_ZERO:
		return value == 0;
	case IDLE_IF_ONES:
		return value == operand_value(UINT64_MAX, site->size_bytes);
	default:
		return false;
	}
}

/* The guard stays up from the beginning to the end, as the location's own lock
 * is held: a signal handler in between is not observed. */
void access_lock_begin(struct access_frame *frame, uint32_t what,
		       const struct preserved_registers *preserved);

void access_lock_begin(struct access_frame *frame, uint32_t what,
		       const struct preserved_registers *preserved)
{
	struct guest_thread *self = access_enter(frame);
	struct site *site = access_site(frame->words[0]);
	struct access_context where;
	struct access access;

	(void)what;
	if (UNLIKELY(!self))
		return;
	access = access_describe(frame, frame->words, site, &where);
	access.address = twins_home(access.address);
	if (UNLIKELY(site->return_at))
		note_caller(&access, site, &where);
	self->locked = access_synchronise_begin(&guest_detector, self->thread, &access);
	if (!self->locked) {
		guest_leave_access(self);
		return;
	}
	self->locked_sp = where.start.sp;
	if (UNLIKELY(access_synchronise_tells(self->thread, self->locked))) {
		note_value(&access, site);
		access_synchronised_over(self->locked, &access, is_idle(frame, preserved, site));
	}
}

void access_lock_end(struct access_frame *frame, uint32_t compares);

void access_lock_end(struct access_frame *frame, uint32_t compares)
{
	struct guest_thread *self = guest_self;
	struct atomic_location *location = self ? self->locked : NULL;
	struct site *site = access_site(frame->words[0]);
	enum locked_outcome outcome = LOCKED_STORED;
	struct access_context where;
	struct access access;
	bool tells;

	if (compares)
		outcome = access_frame_has_stored(frame) ? LOCKED_EXCHANGED : LOCKED_READ;
	frame->pc = site->address + 1;
	/* It may belong to another instruction, which a signal has interrupted. */
	if (!location || self->locked_sp != access_site_sp(frame->words + 2, frame->words[0]))
		return;
	self->locked = NULL;
	tells = access_synchronise_tells(self->thread, location);
	if (UNLIKELY(tells)) {
		access = access_describe(frame, frame->words, site, &where);
		access.address = access_synchronised_address(location);
		if (UNLIKELY(site->return_at))
			note_caller(&access, site, &where);
		note_value(&access, site);
	}
	access_synchronise_end(&guest_detector, self->thread, location, tells ? &access : NULL,
			       outcome);
	guest_leave_access(self);
}
