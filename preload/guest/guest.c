#define _GNU_SOURCE
#include "preload/guest/guest.h"

#include <dlfcn.h>
#include <errno.h>

#include "base/hash.h"
#include "base/kernel.h"
#include "detect/base/thread.h"
#include "detect/sync/thread.h"
#include "preload/guest/access_words.h"
#include "preload/guest/modules.h"
#include "preload/guest/perturb.h"

static int is_mutex_busy(pthread_mutex_t *mutex)
{
	(void)mutex;
	return EBUSY;
}

static int is_rwlock_busy(pthread_rwlock_t *lock)
{
	(void)lock;
	return EBUSY;
}

static int is_spin_busy(pthread_spinlock_t *lock)
{
	(void)lock;
	return EBUSY;
}

static int is_c11_busy(mtx_t *mutex)
{
	(void)mutex;
	return thrd_busy;
}

/* No result of the real call. */
static int is_semaphore_unknown(sem_t *semaphore)
{
	(void)semaphore;
	return 1;
}

static struct thread nobody = {
	.held = {.locks = held_locks_none + 1, .top = held_locks_none + 1},
};

static struct guest_thread no_context = {
	.thread = &nobody,
	.known_calls =
		{
		.pthread_mutex_trylock = is_mutex_busy,
		.pthread_rwlock_tryrdlock = is_rwlock_busy,
		.pthread_rwlock_trywrlock = is_rwlock_busy,
		.pthread_spin_trylock = is_spin_busy,
		.mtx_trylock = is_c11_busy,
		.sem_trywait = is_semaphore_unknown,
	},
};

__thread struct guest_thread *guest_self __attribute__((tls_model("initial-exec")));
__thread struct guest_thread *guest_known __attribute__((tls_model("initial-exec"))) = &no_context;
struct detector guest_detector;
struct options guest_options;
enum guest_state guest_state;
bool guest_is_quick;
uint32_t guest_code_generation;
uint64_t guest_early_count;
bool guest_keeps_events;
bool guest_observes_memory;

/* Contexts of living threads, the youngest first, and free ones. */
static struct guest_thread *living WRITTEN_IN_FORKS;
static struct guest_thread *unused;
static struct arena arena = {.pages = pages_from_kernel};
struct runtime_lock guest_contexts_lock LOCKED_AROUND_FORKS;

/* Contexts that have a handle: of each bucket the first one. */
#define HANDLE_BUCKETS 4096u
static struct guest_thread *by_handle[HANDLE_BUCKETS];

void guest_set_state(enum guest_state state)
{
	guest_state = state;
	guest_is_quick = state == GUEST_ON && !perturb_is_wanted();
	detector_forget_calls(&guest_detector);
}

/* Copies the frames of the program, without those of this library.  Returns
 * their number. */
static uint32_t keep_program_frames(const struct unwind_result *result, uintptr_t *frames)
{
	uint32_t depth = (uint32_t)guest_options.stack_depth;
	uint32_t count = 0;

	for (uint32_t i = 0; i < result->frame_count && count < depth; i++)
		if (!modules_is_own(result->frames[i]))
			frames[count++] = result->frames[i];
	return count;
}

/* The signal whose handler @result crosses; 0: not known.  Where the unwinder
 * does not know it, it is the only signal that is blocked now and was not
 * blocked in the interrupted code. */
static uint32_t signal_of_handler(const struct unwind_result *result)
{
	uint64_t blocked = 0;
	uint64_t added;

	if (!result->crosses_signal_frame || result->signal_number)
		return result->signal_number;
	kernel_call4(SYS_rt_sigprocmask, 0, NULL, &blocked, sizeof(blocked));
	added = blocked & ~result->interrupted_signals;
	return added && !(added & (added - 1)) ? (uint32_t)__builtin_ctzl(added) + 1 : 0;
}

/*
 * Has code of no module made the calls, as a compiler at run time makes it?  It is not
 * observed, so what it orders is not known.  What a handler has interrupted may be a clone.
 * Code that chooses functions while its module is opened runs before the loader finds it by
 * its address.
 */
static bool is_of_generated_code(const struct unwind_result *result)
{
	uintptr_t outermost = result->frames[result->frame_count - 1] - 1;
	struct dl_find_object object;

	return result->end == UNWIND_NO_TABLE && !result->crosses_signal_frame &&
	       _dl_find_object((void *)outermost, &object) != 0 &&
	       !modules_find(outermost, guest_code_generation);
}

stack_id guest_intern(void *context, const struct unwind_result *result)
{
	uintptr_t frames[UNWIND_FRAME_MAX];
	uint32_t count = keep_program_frames(result, frames);
	uint32_t flags = 0;

	(void)context;
	if (result->end == UNWIND_NO_TABLE || result->end == UNWIND_UNSUPPORTED) {
		flags |= STACK_INCOMPLETE;
		detector_count(&guest_detector, LOST_STACKS);
		/* relaxed: as in lower_if_doubted(). */
		if (!load_relaxed(&guest_detector.has_unseen_order) && is_of_generated_code(result))
			store_relaxed(&guest_detector.has_unseen_order, true);
	}
	if (result->crosses_signal_frame)
		flags |= STACK_IN_HANDLER;
	return stack_depot_intern(&guest_detector.stacks, frames, count, guest_code_generation,
				  flags, signal_of_handler(result));
}

stack_id guest_intern_whole(void *context, const struct unwind_result *result)
{
	uintptr_t frames[UNWIND_FRAME_MAX];
	uint32_t count = keep_program_frames(result, frames);

	(void)context;
	return stack_depot_intern(&guest_detector.stacks, frames, count, guest_code_generation, 0,
				  0);
}

stack_id guest_extend(void *context, stack_id outer, uintptr_t address)
{
	(void)context;
	return stack_depot_extend(&guest_detector.stacks, outer, address,
				  (uint32_t)guest_options.stack_depth);
}

stack_id guest_site_slowly(struct guest_thread *self, const struct unwind_start *start)
{
	struct guest_site *site = &self->sites[(start->return_address >> 2) % GUEST_SITES];

	site->address = start->return_address;
	site->generation = guest_code_generation;
	site->stack = stack_depot_intern(&guest_detector.stacks, &start->return_address, 1,
					 guest_code_generation, STACK_INCOMPLETE, 0);
	return site->stack;
}

static struct guest_thread **bucket_of(uint64_t handle)
{
	return &by_handle[hash_mix(handle) % HANDLE_BUCKETS];
}

static void take_handle(struct guest_thread *self)
{
	struct guest_thread **place = bucket_of(self->handle);

	if (!self->handle)
		return;
	while (*place && *place != self)
		place = &(*place)->next_by_handle;
	if (*place)
		*place = self->next_by_handle;
	self->handle = 0;
}

static void give_handle(struct guest_thread *self, uint64_t handle)
{
	struct guest_thread **place = bucket_of(handle);

	self->handle = handle;
	if (!handle)
		return;
	self->next_by_handle = *place;
	*place = self;
}

void guest_set_handle(struct guest_thread *self, uint64_t handle)
{
	runtime_lock(&guest_contexts_lock);
	if (self->handle != handle) {
		take_handle(self);
		give_handle(self, handle);
	}
	runtime_unlock(&guest_contexts_lock);
}

struct guest_thread *guest_find_thread(uint64_t handle)
{
	struct guest_thread *found;

	runtime_lock(&guest_contexts_lock);
	for (found = *bucket_of(handle); found && found->handle != handle;)
		found = found->next_by_handle;
	runtime_unlock(&guest_contexts_lock);
	return found;
}

static void add_living(struct guest_thread *self)
{
	runtime_lock(&guest_contexts_lock);
	self->next = living;
	self->previous = NULL;
	if (living)
		living->previous = self;
	living = self;
	runtime_unlock(&guest_contexts_lock);
}

struct guest_thread *guest_make_thread(struct thread *thread)
{
	struct guest_thread *self;

	runtime_lock(&guest_contexts_lock);
	self = unused;
	if (self) {
		unused = self->next;
		take_handle(self); /* its creator may have come late with it */
	} else {
		self = arena_alloc(&arena, sizeof(*self));
		if (self)
			self->memo = pages_from_kernel((stack_memo_bytes() + 4095) & ~4095ul);
	}
	runtime_unlock(&guest_contexts_lock);
	if (!self || !self->memo)
		return NULL;
	*self = (struct guest_thread){
		.thread = thread,
		.memo = self->memo,
		.lock_memo = self->lock_memo,
		.deep_block = self->deep_block,
		.leaving = guest_keeps_events ? LEAVING_NOTED : 0,
		.notes = self->notes,
	};
	thread->guest = self;
	add_living(self);
	return self;
}

/* The kernel's; 0 where it may not be asked. */
static uint32_t read_kernel_id(void)
{
	long id = kernel_call0(SYS_gettid);

	return id > 0 ? (uint32_t)id : 0;
}

void guest_begin_thread(struct guest_thread *self, uintptr_t stack_end, size_t stack_bytes)
{
	struct thread *thread = self->thread;

	thread->kernel_id = read_kernel_id();
	thread->stack_end = stack_end;
	thread->stack_start = stack_end > stack_bytes ? stack_end - stack_bytes : 0;
	self->memo->stack_start = thread->stack_start;
	self->memo->stack_end = thread->stack_end;
	thread->clocks.current = &access_current;
	thread->clocks.shared = &access_shared;
	thread->clocks.ahead = &access_ahead;
	/* relaxed: see twins_mapped(). */
	access_thread = load_relaxed(&access_leaves_thunks) ? NULL : thread;
	guest_self = self;
	guest_known = &no_context;
}

void guest_leave_thread(void)
{
	guest_self = NULL;
	guest_known = &no_context;
}

/* @thread's thread-local storage is gone, or belongs to another thread. */
static void forget_words(struct thread *thread)
{
	thread->clocks.current = &thread->clocks.own_current;
	thread->clocks.shared = &thread->clocks.own_shared;
	thread->clocks.ahead = &thread->clocks.own_ahead;
}

void guest_free_thread(struct guest_thread *self)
{
	forget_words(self->thread);
	runtime_lock(&guest_contexts_lock);
	take_handle(self);
	*(self->previous ? &self->previous->next : &living) = self->next;
	if (self->next)
		self->next->previous = self->previous;
	self->next = unused;
	unused = self;
	runtime_unlock(&guest_contexts_lock);
}

struct guest_thread *guest_find(bool (*is_it)(struct guest_thread *, const void *context),
				const void *context)
{
	struct guest_thread *found;

	runtime_lock(&guest_contexts_lock);
	for (found = living; found && !is_it(found, context); found = found->next)
		;
	runtime_unlock(&guest_contexts_lock);
	return found;
}

void guest_forked(struct guest_thread *self)
{
	for (struct guest_thread *other = living; other; other = other->next) {
		*bucket_of(other->handle) = NULL;
		if (other != self)
			forget_words(other->thread);
	}
	give_handle(self, self->handle);
	/* The memos of the other threads may be half written: do not reuse their
	 * contexts. */
	self->next = self->previous = NULL;
	living = self;
	self->slot = 0;
	self->noted_thread = 0;
	self->selector = NULL;
	self->put_off_count = 0;
	self->thread->kernel_id_before_fork = self->thread->kernel_id;
	self->thread->kernel_id = read_kernel_id();
}

struct guest_thread *guest_adopt(bool is_main, uintptr_t sp)
{
	struct thread *thread = thread_adopt(&guest_detector, is_main);
	struct guest_thread *self = thread ? guest_make_thread(thread) : NULL;

	if (!self)
		return NULL;
	guest_begin_thread(self, is_main ? 0 : sp, 0);
	/* Others may join it, too.  Nobody else gets its handle, as it is never freed. */
	if (is_main)
		guest_set_handle(self, (uint64_t)arch_thread_pointer());
	return self;
}

static bool is_on_own_stack(const struct guest_thread *self, uintptr_t sp)
{
	return sp >= self->thread->stack_start && sp < self->thread->stack_end;
}

static bool is_on_alternate(const struct guest_thread *self, uintptr_t sp)
{
	return sp - self->alternate_start < self->alternate_bytes;
}

/* An alternate stack may lie in the thread's own one, above code that its handlers interrupt. */
bool guest_guard_is_stale(const struct guest_thread *self, uintptr_t sp)
{
	return sp > self->guard && is_on_own_stack(self, sp) &&
	       is_on_own_stack(self, self->guard) &&
	       is_on_alternate(self, sp) == is_on_alternate(self, self->guard);
}

/* Handlers that were set past us note none. */
bool guest_may_be_on_alternate(const struct guest_thread *self, uintptr_t sp)
{
	return !is_on_own_stack(self, sp) || is_on_alternate(self, sp);
}

/* Makes the calling thread known, with its guard up.  A handler that came meanwhile would do the
 * same, and might leave half of it by a jump.  False: there is no memory, or a handler has been
 * here. */
static bool adopt_alone(uintptr_t sp)
{
	uint64_t signals = signals_block();
	struct guest_thread *self = guest_self ? NULL : guest_adopt(false, sp);

	if (self)
		self->guard = sp;
	signals_restore(signals);
	return self;
}

struct guest_thread *guest_enter_begun(uintptr_t sp)
{
	struct guest_thread *self;

	if (guest_state != GUEST_ON)
		return NULL;
	if (!guest_self && adopt_alone(sp)) {
		guest_hooks.adopted(guest_self);
		return guest_self;
	}
	self = guest_self;
	if (!self)
		return NULL;
	if (self->guard && !guest_guard_is_stale(self, sp)) {
		detector_count(&guest_detector, LOST_IN_HANDLER);
		return NULL;
	}
	self->guard = sp;
	fence_signal();
	return self;
}

struct guest_thread *guest_enter_slowly(uintptr_t sp)
{
	if (guest_state == GUEST_EARLY)
		guest_hooks.begin();
	guest_early_count += guest_state == GUEST_EARLY;
	if (guest_state == GUEST_ON && guest_self && !guest_self->guard)
		perturb_call(guest_self);
	return guest_enter_begun(sp);
}

void guest_send_deferred(struct guest_thread *self)
{
	self->leaving &= (uint8_t)~LEAVING_DEFERRED;
	fence_signal();
	signals_restore(self->deferred_mask);
}

void guest_leave_slowly(struct guest_thread *self)
{
	if (self->leaving & LEAVING_NOTED)
		guest_hooks.left(self);
	if (self->leaving & LEAVING_DEFERRED)
		guest_send_deferred(self);
}
