#include "preload/sync/lock_memo.h"

#include <string.h>

#include "detect/base/held_locks.h"
#include "detect/base/thread.h"
#include "preload/guest/modules.h"
#include "preload/guest/real.h"

/* False: some C libraries do not have all of them. */
static bool find_known_calls(struct guest_known_calls *calls)
{
	*calls = (struct guest_known_calls){
		.pthread_mutex_trylock = REAL(pthread_mutex_trylock),
		.pthread_mutex_unlock = REAL(pthread_mutex_unlock),
		.pthread_rwlock_tryrdlock = REAL(pthread_rwlock_tryrdlock),
		.pthread_rwlock_trywrlock = REAL(pthread_rwlock_trywrlock),
		.pthread_rwlock_unlock = REAL(pthread_rwlock_unlock),
		.pthread_spin_trylock = REAL(pthread_spin_trylock),
		.pthread_spin_unlock = REAL(pthread_spin_unlock),
		.mtx_trylock = REAL(mtx_trylock),
		.mtx_unlock = REAL(mtx_unlock),
		.sem_trywait = REAL(sem_trywait),
	};
	return calls->pthread_mutex_trylock && calls->pthread_mutex_unlock &&
	       calls->pthread_rwlock_tryrdlock && calls->pthread_rwlock_trywrlock &&
	       calls->pthread_rwlock_unlock && calls->pthread_spin_trylock &&
	       calls->pthread_spin_unlock && calls->mtx_trylock && calls->mtx_unlock &&
	       calls->sem_trywait;
}

void lock_memo_open(struct guest_thread *self)
{
	bool is_alone = __libc_single_threaded;

	if (guest_known == self || !guest_is_quick || (self->leaving & LEAVING_NOTED) ||
	    (is_alone && !guest_wants_site_only(self)))
		return;
	if (!self->lock_memo)
		self->lock_memo = pages_from_kernel(sizeof(*self->lock_memo));
	if (self->lock_memo && !is_alone && find_known_calls(&self->known_calls))
		guest_known = self;
}

/* Calls first, as a signal handler may leave by longjmp. */
static void forget_all(struct lock_memo *memo)
{
	for (unsigned int i = 0; i < LOCK_MEMO_COUNT; i++)
		memo->entries[i].call = 0;
	fence_signal();
	memo->group_count = 0;
}

/* Word @i of those that the stack of @known depends on, and @at of its frames; what fills
 * up the last group again is left out.  False: there are no more. */
static bool read_word(const struct stack_memo_entry *known, unsigned int i,
		      struct lock_memo_word *word)
{
	const struct stack_memo_group *group = &known->groups[i / STACK_MEMO_GROUP];
	unsigned int part = i % STACK_MEMO_GROUP;
	uint64_t pair;

	if (i / STACK_MEMO_GROUP >= known->group_count)
		return false;
	pair = group->distances[part / 2];
	if (part && (uint32_t)(part % 2 ? pair >> 32 : pair) == (uint32_t)group->distances[0])
		return false;
	*word = (struct lock_memo_word){
		.at = (const stack_memo_word *)(known->sp +
						(uint32_t)(part % 2 ? pair >> 32 : pair)),
		.value = group->values[part],
	};
	return true;
}

/*
 * How many words @known has that are to be compared.  Beyond the program's frames there are the
 * C library's alone, in which it calls main() or what a thread is for, once.  Of the return
 * addresses into these the first one is enough.
 */
static unsigned int count_words(const struct stack_memo_entry *known)
{
	const struct module *library =
		modules_find((uintptr_t)REAL(pthread_mutex_unlock), guest_code_generation);
	struct lock_memo_word word;
	unsigned int count = 0;

	while (read_word(known, count, &word))
		count++;
	while (count > 1 && read_word(known, count - 2, &word) &&
	       (modules_is_own(word.value) ||
		modules_find(word.value, guest_code_generation) == library))
		count--;
	return count;
}

/* Gives @entry the words of @known's stack, the frame pointer first.  False: there is no
 * room for them. */
static bool keep_words(struct lock_memo *memo, struct lock_memo_entry *entry,
		       const struct stack_memo_entry *known)
{
	const struct lock_memo_word filler = {&entry->frame[1], entry->return_address};
	const unsigned int first = known->uses_frame_pointer ? 1 : 0;
	const unsigned int count = first + count_words(known);
	const struct lock_memo_group **end = &entry->more;
	struct lock_memo_group *group = NULL;

	entry->words[0] = entry->words[1] = filler;
	entry->more = NULL;
	for (unsigned int i = 0; i < count; i++) {
		unsigned int place = (i - LOCK_MEMO_WORDS) % LOCK_MEMO_GROUP;
		struct lock_memo_word word = {entry->frame, known->frame_pointer};

		if (i >= first)
			read_word(known, i - first, &word);
		if (i < LOCK_MEMO_WORDS) {
			entry->words[i] = word;
			continue;
		}
		if (place == 0) {
			if (memo->group_count == LOCK_MEMO_GROUPS)
				return false;
			group = &memo->groups[memo->group_count++];
			*group = (struct lock_memo_group){{filler, filler, filler, filler}, NULL};
			*end = group;
			end = &group->next;
		}
		group->words[place] = word;
	}
	return true;
}

/* The frame of the wrapper that was called so. */
static const uintptr_t *frame_of(const struct unwind_start *start)
{
	return (const uintptr_t *)(start->sp - 2 * sizeof(uintptr_t));
}

/* Is the thread's last hold one of the lock at @address, that every such call makes? */
static bool is_usual(const struct held_lock *hold, uintptr_t address)
{
	const struct sync_object *object = hold->object;

	return object->address == address && !hold->how && object->info &&
	       !(object->generation & (SYNC_HANDLER_LOCK | SYNC_ABANDONED)) &&
	       !(object->info->attributes & SYNC_ROBUST);
}

/*
 * The real call, for who takes many locks: what is known of the lock is fetched beside it, as
 * nothing is read before its locked instruction is done.
 */
static int try_far_lock(pthread_mutex_t *mutex)
{
	__builtin_prefetch(sync_place(&guest_detector.objects, (uintptr_t)mutex), 1);
	return REAL(pthread_mutex_trylock)(mutex);
}

/* Does @entry say of the call what would be learnt of it?  Then it was another thread's turn. */
static bool is_learnt(const struct lock_memo_entry *entry, uintptr_t call,
		      const struct unwind_start *start, const struct held_lock *hold)
{
	return entry->call == call && entry->return_address == start->return_address &&
	       entry->frame == frame_of(start) && entry->before == lock_memo_before(hold) &&
	       entry->life == hold->object->generation && entry->object == hold->object &&
	       entry->chain == hold->chain && entry->stack == hold->stack &&
	       lock_memo_is_stack(entry);
}

/* Does the call that has made @hold come for the second time in a row at its place, @missed?  Of
 * locks that live for one call nothing is learnt.  @stack: 0 where it does not matter. */
static bool comes_again(uint64_t *missed, const struct held_lock *hold, uintptr_t return_address,
			uintptr_t stack)
{
	const struct sync_object *object = hold->object;
	uint64_t life = object->generation & ~SYNC_GENERATION_FLAGS;
	uint64_t mark = lock_memo_before(hold) ^ object->address ^ life << 40 ^ stack << 20 ^
			return_address;

	if (*missed == mark)
		return true;
	*missed = mark;
	return false;
}

/* Were all edges added that the call which has made @hold could add?  Those under a semaphore may
 * be left out at one time, and not at another (lock_order/chain.c). */
static bool is_order_known(const struct thread *thread, enum lock_memo_call call,
			   const struct held_lock *hold)
{
	return call != LOCK_MEMO_ACQUIRE || thread->held.count == 1 ||
	       chain_is_cached(thread, chain_key(&guest_detector, hold->chain, false));
}

/* Makes @entry say of the call what @hold does, but for its stack. */
static void keep_hold(struct lock_memo_entry *entry, const struct unwind_start *start,
		      const struct held_lock *hold)
{
	entry->call = 0;
	fence_signal();
	entry->frame = NULL;
	entry->return_address = start->return_address;
	entry->before = lock_memo_before(hold);
	entry->life = hold->object->generation;
	entry->object = hold->object;
	entry->chain = hold->chain;
	entry->stack = hold->stack;
}

void lock_memo_learn_site(struct guest_thread *self, enum lock_memo_call call, uintptr_t address,
			  const struct unwind_start *start)
{
	struct lock_memo *memo = self->lock_memo;
	const struct held_lock *hold = self->thread->held.top - 1;
	struct lock_memo_entry *entry =
		lock_memo_place(memo, address + call, start->return_address);

	if (!comes_again(&memo->missed[entry - memo->entries], hold, start->return_address, 0) ||
	    !is_usual(hold, address) || !is_order_known(self->thread, call, hold))
		return;
	keep_hold(entry, start, hold);
	fence_signal();
	entry->call = address + call;
}

bool lock_memo_take_on(struct guest_thread *self, enum lock_memo_call call, uintptr_t address,
		       const struct unwind_start *start)
{
	struct thread *thread = self->thread;
	const struct lock_memo_entry *entry = lock_memo_find(self, call, address, frame_of(start));
	struct sync_object *object;

	if (!entry || !lock_memo_is_stack(entry))
		return false;
	object = entry->object;
	/* relaxed: ordered by the guest's lock */
	if (load_relaxed(&object->life) != entry->life)
		return false;
	lock_memo_add(entry, object, thread->held.top, thread);
	if (object->stamp != thread->clocks.stamp && object->stamp)
		lock_acquire_clock(&guest_detector, thread, object, LOCK_EXCLUSIVE);
	return true;
}

void lock_memo_learn(struct guest_thread *self, enum lock_memo_call call, uintptr_t address,
		     const struct unwind_start *start)
{
	struct lock_memo *memo = self->lock_memo;
	const struct held_lock *hold = self->thread->held.top - 1;
	struct lock_memo_entry *entry =
		lock_memo_place(memo, address + call, start->return_address);
	const struct stack_memo_entry *known;

	if (is_learnt(entry, address + call, start, hold))
		return;
	self->known_calls.pthread_mutex_trylock = try_far_lock;
	if (!comes_again(&memo->missed[entry - memo->entries], hold, start->return_address,
			 start->sp))
		return;
	known = stack_memo_newest_entry(self->memo, guest_code_generation, start);
	if (!known || known->stack != hold->stack || !is_usual(hold, address) ||
	    !is_order_known(self->thread, call, hold))
		return;
	keep_hold(entry, start, hold);
	entry->frame = frame_of(start);
	if (!keep_words(memo, entry, known)) {
		forget_all(memo);
		return;
	}
	fence_signal();
	entry->call = address + call;
	self->known_calls.pthread_mutex_trylock = REAL(pthread_mutex_trylock);
}
