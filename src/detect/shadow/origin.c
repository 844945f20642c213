#include "detect/shadow/origin.h"

#include "base/hash.h"
#include "detect/base/thread.h"
#include "detect/data/access.h"
#include "detect/shadow/cells.h"
#include "detect/base/detector.h"

#define NUMBER_MASK ((1u << ORIGIN_SORT_SHIFT) - 1)

static enum origin_sort sort_of(origin_id origin)
{
	return (enum origin_sort)(origin >> ORIGIN_SORT_SHIFT);
}

static origin_id make_origin(enum origin_sort sort, uint32_t number)
{
	return number < NUMBER_MASK ? (uint32_t)sort << ORIGIN_SORT_SHIFT | number : 0;
}

/* --- Of one access --------------------------------------------------------- */

stack_id origin_stack_of_access(struct detector *detector, struct thread *thread,
				const struct access *access)
{
	stack_id id = detector->hooks->access_stack
			      ? detector->hooks->access_stack(detector, thread, access)
			      : 0;
	struct stack *stack = stack_depot_get(&detector->stacks, id);

	if (stack)
		store_relaxed(&stack->site, access->site); /* relaxed: always the same */
	return id;
}

static origin_id origin_of_stack(struct detector *detector, const struct thread *thread,
				 stack_id stack)
{
	uint32_t set;

	if (!thread->held.count)
		return make_origin(ORIGIN_STACK, stack);
	set = lockset_intern(detector, thread, stack);
	return set ? make_origin(ORIGIN_LOCKSET, set) : 0;
}

origin_id origin_of_access(struct detector *detector, struct thread *thread,
			   const struct access *access, bool keeps_callers)
{
	stack_id stack = 0;
	origin_id origin = 0;

	if (keeps_callers)
		stack = origin_stack_of_access(detector, thread, access) & ~STACK_ID_IN_HANDLER;
	if (stack)
		origin = origin_of_stack(detector, thread, stack);
	return origin ? origin : make_origin(ORIGIN_SITE, access->site);
}

static bool read_lockset(const struct detector *detector, origin_id origin, struct lockset *set)
{
	return sort_of(origin) == ORIGIN_LOCKSET &&
	       lockset_read(detector, origin & NUMBER_MASK, set);
}

/* The stack of a stack or lockset; 0 for others. */
static stack_id stack_of(const struct detector *detector, origin_id origin)
{
	struct lockset set;

	if (sort_of(origin) == ORIGIN_STACK)
		return origin;
	return read_lockset(detector, origin, &set) ? set.stack : 0;
}

site_id origin_site(const struct detector *detector, origin_id origin)
{
	const struct stack *stack;

	if (origin == 0)
		return 0;
	if (sort_of(origin) == ORIGIN_SITE)
		return origin & NUMBER_MASK;
	stack = stack_depot_get(&detector->stacks, stack_of(detector, origin));
	return stack ? load_relaxed(&stack->site) : 0;
}

stack_id origin_stack(struct detector *detector, origin_id origin)
{
	const struct site *site;
	struct stack *stack;
	uintptr_t frame;
	stack_id id = stack_of(detector, origin);

	if (id)
		return id;
	site = sort_of(origin) == ORIGIN_SITE ? site_get(&detector->sites, origin & NUMBER_MASK)
					      : NULL;
	if (!site)
		return 0;
	/* As for a return address, readers look one byte before. */
	frame = site->address + 1;
	id = stack_depot_intern(&detector->stacks, &frame, 1, site->code_generation,
				STACK_INCOMPLETE, 0);
	stack = stack_depot_get(&detector->stacks, id);
	if (stack)
		store_relaxed(&stack->site, origin & NUMBER_MASK); /* relaxed: always the same */
	return id;
}

bool origin_shares_lock(const struct detector *detector, origin_id origin,
			const struct thread *thread)
{
	struct lockset set;

	return read_lockset(detector, origin, &set) && lockset_shares_lock(&set, thread);
}

bool origin_excludes(const struct detector *detector, origin_id origin,
		     const struct held_lock *lock)
{
	struct lockset set;

	if (read_lockset(detector, origin, &set))
		return lockset_excludes(&set, lock);
	return sort_of(origin) == ORIGIN_LOCKSET || !origin_has_callers(origin);
}

void origin_tell_holds(struct detector *detector, origin_id origin, struct finding_event *event)
{
	struct lockset set;

	if (read_lockset(detector, origin, &set))
		lockset_tell(detector, event, set.locks, (uint32_t)set.present, set.lock_count);
	else
		event->holds_are_unknown =
			sort_of(origin) == ORIGIN_LOCKSET || !origin_has_callers(origin);
}

stack_id origin_stack_at(struct detector *detector, stack_id id, site_id site)
{
	static uintptr_t frames[64]; /* under detector.lock */
	const struct stack *stack = stack_depot_get(&detector->stacks, id);
	const struct site *own = site_get(&detector->sites, site);
	const struct site *top = stack ? site_get(&detector->sites, stack->site) : NULL;

	id &= ~STACK_ID_IN_HANDLER;
	if (!own || !top || own == top || stack->frame_count > ARRAY_LENGTH(frames) ||
	    stack_frame(stack, 0) != top->address + 1)
		return id;
	for (uint32_t i = 1; i < stack->frame_count; i++)
		frames[i] = stack_frame(stack, i);
	frames[0] = own->address + 1;
	return stack_depot_intern(&detector->stacks, frames, stack->frame_count,
				  stack->code_generation, stack->flags, stack->signal_number) &
	       ~STACK_ID_IN_HANDLER;
}

/* --- Lists ----------------------------------------------------------------- */

/* A list as it is kept, without gaps. */
struct packed_parts {
	uint64_t count;
	uint64_t parts[ORIGIN_PARTS];
};

/* Copies the parts of @origin; returns their number: 0 if it is no list, or gone. */
static uint32_t read_list(const struct detector *detector, origin_id origin,
			  struct origin_part *parts)
{
	struct packed_parts packed;

	if (sort_of(origin) != ORIGIN_LIST ||
	    !numbered_read(&detector->origins, origin & NUMBER_MASK, &packed, sizeof(packed)))
		return 0;
	for (uint64_t i = 0; i < packed.count; i++)
		parts[i] = (struct origin_part){
			.slot = (uint16_t)(packed.parts[i] >> 48),
			.bytes = (uint8_t)(packed.parts[i] >> 40),
			.origin = (uint32_t)packed.parts[i],
		};
	return (uint32_t)packed.count;
}

/* Appends the parts of @origin, or, if it is no list, itself for @bytes by @slot.
 * Returns the new count.  Not inline: who calls it twice would have a large frame. */
static __attribute__((noinline)) uint32_t
append_parts(const struct detector *detector, origin_id origin, uint32_t slot, uint32_t bytes,
	     struct origin_part *parts, uint32_t count)
{
	struct origin_part from[ORIGIN_PARTS];
	uint32_t from_count;

	if (sort_of(origin) != ORIGIN_LIST) {
		if (origin && count < ORIGIN_PARTS)
			parts[count++] =
				(struct origin_part){(uint16_t)slot, (uint8_t)bytes, origin};
		return count;
	}
	from_count = read_list(detector, origin, from);
	for (uint32_t i = 0; i < from_count && count < ORIGIN_PARTS; i++) {
		struct origin_part part = from[i];

		part.bytes &= (uint8_t)bytes;
		if (part.bytes)
			parts[count++] = part;
	}
	return count;
}

/* Adds @more in place of an earlier access of its thread to the same bytes, or of the
 * oldest one if there are many. */
static uint32_t put_part(struct origin_part *parts, uint32_t count, const struct origin_part *more)
{
	uint32_t kept = 0;

	for (uint32_t i = count == ORIGIN_PARTS; i < count; i++) {
		struct origin_part part = parts[i];

		if (part.slot == more->slot)
			part.bytes &= (uint8_t)~more->bytes;
		if (part.bytes)
			parts[kept++] = part;
	}
	parts[kept++] = *more;
	return kept;
}

static origin_id make_list(struct detector *detector, const struct origin_part *parts,
			   uint32_t count)
{
	struct packed_parts packed;
	struct numbered_content content = {
		.hash = count,
		.parts = {&packed.count, packed.parts},
		.bytes = {sizeof(packed.count), (uint16_t)(count * sizeof(packed.parts[0]))},
	};
	uint32_t number;

	packed.count = count;
	for (uint32_t i = 0; i < count; i++) {
		packed.parts[i] = (uint64_t)parts[i].slot << 48 | (uint64_t)parts[i].bytes << 40 |
				  parts[i].origin;
		content.hash = hash_mix(content.hash ^ packed.parts[i]);
	}
	number = count ? numbered_intern(&detector->origins, &content) : 0;
	if (count && !number)
		detector_count(detector, LOST_ORIGINS);
	return number ? make_origin(ORIGIN_LIST, number) : 0;
}

origin_id origin_join_all(struct detector *detector, origin_id old, uint32_t old_slot,
			  uint32_t old_bytes, const struct origin_part *more, uint32_t count)
{
	struct origin_part parts[ORIGIN_PARTS];
	struct origin_part added[ORIGIN_PARTS];
	uint32_t kept = append_parts(detector, old, old_slot, SHADOW_ALL_BYTES, parts, 0);
	uint32_t added_count = 0;

	if (kept && sort_of(old) != ORIGIN_LIST)
		parts[0].bytes = (uint8_t)old_bytes;
	for (uint32_t i = 0; i < count; i++)
		added_count = append_parts(detector, more[i].origin, more[i].slot, more[i].bytes,
					   added, added_count);
	for (uint32_t i = 0; i < added_count; i++)
		kept = put_part(parts, kept, &added[i]);
	return make_list(detector, parts, kept);
}

/* Those of one thread and origin become one, those of one thread stand in the order of their
 * bytes: so there are few lists.  Returns the new count. */
static uint32_t order_parts(struct origin_part *parts, uint32_t count)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < count; i++) {
		struct origin_part part = parts[i];
		uint32_t at = 0;

		for (uint32_t k = 0; k < kept; k++) {
			bool is_same = parts[k].slot == part.slot && parts[k].origin == part.origin;

			part.bytes |= is_same ? parts[k].bytes : 0;
			parts[at] = parts[k];
			at += !is_same;
		}
		for (kept = at + 1; at && parts[at - 1].slot == part.slot &&
				    parts[at - 1].bytes > part.bytes; at--)
			parts[at] = parts[at - 1];
		parts[at] = part;
	}
	return kept;
}

static origin_id unite_slowly(struct detector *detector, const struct origin_part *parts,
			      uint32_t count)
{
	struct origin_part all[ORIGIN_PARTS];
	uint32_t all_count = 0;
	uint32_t bytes = 0;

	for (uint32_t i = 0; i < count; i++) {
		all_count = append_parts(detector, parts[i].origin, parts[i].slot, parts[i].bytes,
					 all, all_count);
		bytes |= parts[i].bytes;
	}
	all_count = order_parts(all, all_count);
	if (all_count == 1 && all[0].bytes == bytes)
		return all[0].origin;
	return make_list(detector, all, all_count);
}

static origin_id join_slowly(struct detector *detector, const struct origin_step *step)
{
	struct origin_part both[] = {{step->old_slot, (uint8_t)step->old_bytes, step->old},
				     step->more};

	return step->old_bytes & ORIGIN_UNITES
		       ? unite_slowly(detector, both, 2)
		       : origin_join_all(detector, step->old, step->old_slot, step->old_bytes,
					 &step->more, 1);
}

/* Where @thread may remember @step; NULL without memory. */
static struct origin_step *find_step(struct thread *thread, const struct origin_step *step)
{
	struct shadow_cache *cache = thread->memory->shadow;
	uint64_t key = (uint64_t)step->old << 32 ^ (uint64_t)step->more.origin << 8 ^
		       (uint64_t)step->more.bytes ^ (uint64_t)step->old_bytes << 24;

	if (UNLIKELY(!cache->origin_steps))
		cache->origin_steps = arena_alloc(&thread->memory->arena,
						  ORIGIN_STEPS * sizeof(*cache->origin_steps));
	return cache->origin_steps ? &cache->origin_steps[hash_mix(key) % ORIGIN_STEPS] : NULL;
}

static bool is_same_step(const struct origin_step *one, const struct origin_step *other)
{
	return one->to && one->old == other->old && one->old_slot == other->old_slot &&
	       one->old_bytes == other->old_bytes && one->more.slot == other->more.slot &&
	       one->more.bytes == other->more.bytes && one->more.origin == other->more.origin;
}

/* May a thread that remembers it use it again? */
static bool is_there(const struct detector *detector, origin_id origin)
{
	return sort_of(origin) != ORIGIN_LIST ||
	       numbered_use(&detector->origins, origin & NUMBER_MASK);
}

static origin_id take_step(struct detector *detector, struct thread *thread,
			   struct origin_step *step)
{
	struct origin_step *known = find_step(thread, step);

	if (LIKELY(known && is_same_step(known, step) && is_there(detector, known->to)))
		return known->to;
	step->to = join_slowly(detector, step);
	if (known)
		*known = *step;
	return step->to;
}

origin_id origin_join(struct detector *detector, struct thread *thread, origin_id old,
		      uint32_t old_slot, uint32_t old_bytes, const struct origin_part *more)
{
	struct origin_step step = {old, (uint16_t)old_slot, (uint16_t)old_bytes, *more, 0};

	if (old == more->origin && sort_of(old) != ORIGIN_LIST && old_slot == more->slot)
		return old;
	return take_step(detector, thread, &step);
}

origin_id origin_unite(struct detector *detector, struct thread *thread,
		       const struct origin_part *parts, uint32_t count)
{
	struct origin_step step;

	if (count != 2)
		return unite_slowly(detector, parts, count);
	step = (struct origin_step){parts[0].origin, parts[0].slot,
				    (uint16_t)(parts[0].bytes | ORIGIN_UNITES), parts[1], 0};
	return take_step(detector, thread, &step);
}

/* One site after the other: the thread remembers each step. */
static origin_id join_sites(struct detector *detector, struct thread *thread, const site_id *sites,
			    uint32_t bytes)
{
	origin_id origin = 0;
	uint32_t done = 0;

	for (uint32_t left = bytes; left; left = bytes & ~done) {
		struct origin_part part = {(uint16_t)thread->slot,
					   (uint8_t)origin_bytes_alike(sites, left),
					   origin_of_site(sites[__builtin_ctz(left)])};

		origin = done ? origin_join(detector, thread, origin, thread->slot, done, &part)
			      : part.origin;
		done |= part.bytes;
	}
	return origin;
}

origin_id origin_of_sites(struct detector *detector, struct thread *thread, const site_id *sites,
			  uint32_t bytes)
{
	struct origin_sites *known = thread->memory->shadow->origin_sites;
	uint32_t difference = 0, hash = 0;

	if (bytes != SHADOW_ALL_BYTES)
		return join_sites(detector, thread, sites, bytes);
#pragma GCC unroll 8
	for (uint32_t i = 0; i < SHADOW_GRANULE; i++)
		hash += sites[i] * (2 * i + 1);
	known += hash * 0x9e3779b1u >> (32 - ORIGIN_SITES_BITS);
#pragma GCC unroll 8
	for (uint32_t i = 0; i < SHADOW_GRANULE; i++)
		difference |= known->sites[i] ^ sites[i];
	if (LIKELY(!difference && known->origin && known->slot == thread->slot &&
		   is_there(detector, known->origin)))
		return known->origin;
	known->origin = join_sites(detector, thread, sites, bytes);
	known->slot = thread->slot;
	for (uint32_t i = 0; i < SHADOW_GRANULE; i++)
		known->sites[i] = sites[i];
	return known->origin;
}

struct origin_part origin_part_at(const struct detector *detector, origin_id origin, uint32_t slot,
				  uint32_t bytes)
{
	struct origin_part part = {(uint16_t)slot, SHADOW_ALL_BYTES, origin};
	struct origin_part parts[ORIGIN_PARTS];
	uint32_t count;

	if (sort_of(origin) != ORIGIN_LIST)
		return part;
	count = read_list(detector, origin, parts);
	for (uint32_t i = 0; i < count; i++)
		if (parts[i].slot == slot && parts[i].bytes & bytes)
			return parts[i];
	part.origin = 0;
	return part;
}
