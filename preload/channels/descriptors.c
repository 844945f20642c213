#define _GNU_SOURCE
#include "preload/channels/descriptors.h"

#include <sys/stat.h>

#include "base/hash.h"
#include "base/kernel.h"
#include "preload/channels/descriptor_identity.h"
#include "preload/channels/inner_ends.h"
#include "preload/channels/signal_channels.h"
#include "preload/guest/process_id.h"
#include "preload/outside/number.h"

uint64_t descriptor_words[DESCRIPTORS_KEPT];
struct channel_table guest_channels WRITTEN_IN_FORKS = CHANNEL_TABLE_EMPTY;

static uint64_t opening_count; /* makes each unknown word different */
static uint64_t unnamed_count;

/* --- What is kept ----------------------------------------------------------------- */

struct ends {
	struct channel *in;
	struct channel *out;
};

static uint64_t unknown_word(void)
{
	/* relaxed: it only has to be different each time. */
	return (fetch_add_relaxed(&opening_count, 1u) << 2) | DESCRIPTOR_UNKNOWN;
}

static uint64_t word_of(const struct ends *ends)
{
	if (!ends->in && !ends->out)
		return DESCRIPTOR_NO_CHANNEL;
	return (uint64_t)(ends->out ? ends->out->number : 0) << 33 |
	       (uint64_t)(ends->in ? ends->in->number : 0) << 2 | DESCRIPTOR_CHANNEL;
}

static struct ends ends_of(uint64_t word)
{
	return (struct ends){
		.in = channel_by_number(&guest_channels, (uint32_t)(word >> 2) & 0x7fffffffu),
		.out = channel_by_number(&guest_channels, (uint32_t)(word >> 33)),
	};
}

static void hold_ends(const struct ends *ends)
{
	if (ends->in)
		channel_hold_again(&guest_channels, ends->in);
	if (ends->out && ends->out != ends->in)
		channel_hold_again(&guest_channels, ends->out);
}

static void release_ends(const struct ends *ends)
{
	if (ends->in)
		channel_release(&guest_channels, ends->in);
	if (ends->out && ends->out != ends->in)
		channel_release(&guest_channels, ends->out);
}

/* Keeps @ends for @descriptor, if its word is @expected still. */
static void keep_ends(int descriptor, uint64_t expected, const struct ends *ends)
{
	if ((unsigned)descriptor >= DESCRIPTORS_KEPT || process_is_borrowed())
		return;
	hold_ends(ends);
	if (!compare_exchange_acq_rel(&descriptor_words[descriptor], &expected, word_of(ends)))
		release_ends(ends);
}

static bool is_channel(uint64_t word)
{
	return (word & DESCRIPTOR_STATE) == DESCRIPTOR_CHANNEL;
}

/* Not where a child has the number in the program's memory.  That it stands for no channel is soon
 * found anew, so that the kernel is not asked then: programs close many files. */
static void forget_ends(int descriptor)
{
	uint64_t word = load_acquire(&descriptor_words[descriptor]);
	struct ends ends;

	do {
		if (is_channel(word) && process_is_borrowed())
			return;
	} while (!compare_exchange_acq_rel(&descriptor_words[descriptor], &word, unknown_word()));
	if (!is_channel(word))
		return;
	ends = ends_of(word);
	release_ends(&ends);
}

static struct ends find_ends(struct thread *thread, int descriptor)
{
	/* acquire: pairs with keep_ends(). */
	uint64_t word = (unsigned)descriptor < DESCRIPTORS_KEPT
				? load_acquire(&descriptor_words[descriptor])
				: DESCRIPTOR_UNKNOWN;
	struct identity identity;
	struct ends ends = {0};

	if (is_channel(word))
		return ends_of(word);
	if ((word & DESCRIPTOR_STATE) == DESCRIPTOR_NO_CHANNEL ||
	    !identity_find(descriptor, &identity))
		return ends;
	if (identity.in)
		ends.in = channel_get(&guest_channels, thread, identity.in);
	if (identity.out)
		ends.out = channel_get(&guest_channels, thread, identity.out);
	if (identity.is_final)
		keep_ends(descriptor, word, &ends);
	return ends;
}

/* --- Edges -------------------------------------------------------------------------- */

static void give_to(struct guest_thread *self, struct channel *channel)
{
	if (channel)
		channel_give(&guest_channels, &guest_detector, self->thread, channel);
}

static void take_from(struct guest_thread *self, struct channel *channel)
{
	if (!channel)
		return;
	channel_take(&guest_detector, self->thread, channel);
	if (channel->takes_signals)
		signals_take_all(self);
}

void descriptor_give(int descriptor)
{
	struct guest_thread *self = guest_enter();

	if (!self)
		return;
	give_to(self, find_ends(self->thread, descriptor).out);
	guest_leave(self);
}

void descriptor_take(int descriptor)
{
	struct guest_thread *self = guest_enter();

	if (!self)
		return;
	take_from(self, find_ends(self->thread, descriptor).in);
	guest_leave(self);
}

void descriptor_sends(int descriptor, const struct sockaddr *address, size_t size_bytes)
{
	struct guest_thread *self = __libc_single_threaded ? NULL : guest_enter();
	uint64_t key;

	if (!self)
		return;
	key = address ? identity_of_address(descriptor, address, size_bytes) : 0;
	if (key)
		give_to(self, channel_get(&guest_channels, self->thread, key));
	guest_leave(self);
}

void descriptor_watched(int watcher, int descriptor)
{
	struct guest_thread *self = guest_enter();
	struct ends ends;
	struct ends watching;

	if (!self)
		return;
	ends = find_ends(self->thread, descriptor);
	watching = find_ends(self->thread, watcher);
	if (ends.in && watching.in)
		channel_watch(&guest_detector, self->thread, ends.in, watching.in);
	give_to(self, watching.out);
	guest_leave(self);
}

void descriptor_has_waited(int watcher)
{
	struct guest_thread *self = __libc_single_threaded ? NULL : guest_enter();

	if (!self)
		return;
	take_from(self, find_ends(self->thread, watcher).in);
	take_from(self, channel_find(&guest_channels, CHANNEL_WATCHED_WIDELY));
	/* A watched signalfd may have become ready: which one is not known. */
	signals_take_all(self);
	guest_leave(self);
}

void channel_key_gives(uint64_t key)
{
	struct guest_thread *self = __libc_single_threaded ? NULL : guest_enter();

	if (!self)
		return;
	give_to(self, channel_get(&guest_channels, self->thread, key));
	guest_leave(self);
}

void channel_key_takes(uint64_t key)
{
	struct guest_thread *self = __libc_single_threaded ? NULL : guest_enter();

	if (!self)
		return;
	take_from(self, channel_find(&guest_channels, key));
	guest_leave(self);
}

/* --- Lives of numbers ------------------------------------------------------------------ */

void descriptor_began(int descriptor)
{
	number_changed(descriptor);
	if ((unsigned)descriptor >= DESCRIPTORS_KEPT)
		return;
	forget_ends(descriptor);
	inner_forget(descriptor);
}

/*
 * A number belongs to one socket at a time.  Servers keep data in tables by
 * number, and hand it over with the number: whoever gets it comes after whoever
 * closed it.  This is not so for numbers of files: it would order threads that
 * merely open files.
 */
void descriptor_is_socket(int descriptor)
{
	struct guest_thread *self = __libc_single_threaded ? NULL : guest_enter();

	if (!self)
		return;
	take_from(self, channel_find(&guest_channels, CHANNEL_KEY(KEY_NUMBER, descriptor)));
	guest_leave(self);
}

static void give_number(int descriptor)
{
	struct guest_thread *self = guest_enter();

	if (!self)
		return;
	give_to(self,
		channel_get(&guest_channels, self->thread, CHANNEL_KEY(KEY_NUMBER, descriptor)));
	guest_leave(self);
}

void descriptor_closes(int descriptor)
{
	if (descriptor_is_watched(descriptor)) {
		descriptor_give(descriptor);
		give_number(descriptor);
	}
	descriptor_began(descriptor);
}

void descriptor_closes_range(unsigned first, unsigned last)
{
	for (unsigned i = first; i < DESCRIPTORS_KEPT && i <= last; i++)
		/* relaxed: as in descriptor_is_watched(). */
		if ((load_relaxed(&descriptor_words[i]) & DESCRIPTOR_STATE) != DESCRIPTOR_UNKNOWN)
			descriptor_closes((int)i);
}

void descriptor_copied(int descriptor, int copy)
{
	uint64_t word = (unsigned)descriptor < DESCRIPTORS_KEPT
				? load_acquire(&descriptor_words[descriptor])
				: DESCRIPTOR_UNKNOWN;
	struct ends ends;

	descriptor_began(copy);
	inner_copied(descriptor, copy);
	if ((unsigned)copy >= DESCRIPTORS_KEPT || (word & DESCRIPTOR_STATE) == DESCRIPTOR_UNKNOWN)
		return;
	ends = is_channel(word) ? ends_of(word) : (struct ends){0};
	keep_ends(copy, load_acquire(&descriptor_words[copy]), &ends);
}

/* Works without an observed thread, too. */
static struct channel *get_channel(uint64_t key)
{
	struct guest_thread *self = guest_enter();
	struct channel *channel = channel_get(&guest_channels, self ? self->thread : NULL, key);

	if (self)
		guest_leave(self);
	return channel;
}

void descriptor_unnamed(int descriptor, bool takes_signals)
{
	/* relaxed: it only has to be different each time. */
	uint64_t number = fetch_add_relaxed(&unnamed_count, 1u) + 1;
	struct ends ends = {0};

	descriptor_began(descriptor);
	if ((unsigned)descriptor >= DESCRIPTORS_KEPT || process_is_borrowed())
		return;
	ends.in = get_channel(CHANNEL_KEY(KEY_UNNAMED, number));
	if (!ends.in)
		return;
	ends.in->takes_signals = takes_signals;
	ends.out = ends.in;
	keep_ends(descriptor, load_acquire(&descriptor_words[descriptor]), &ends);
}

void descriptor_is_locked(int descriptor)
{
	struct stat status;
	struct ends ends;
	uint64_t word;

	if ((unsigned)descriptor >= DESCRIPTORS_KEPT || process_is_borrowed())
		return;
	word = load_acquire(&descriptor_words[descriptor]);
	if (is_channel(word) || kernel_call2(SYS_fstat, descriptor, &status) != 0)
		return;
	ends.in = get_channel(CHANNEL_KEY(KEY_LOCKED, hash_mix(status.st_dev) ^ status.st_ino));
	ends.out = ends.in;
	if (ends.in)
		keep_ends(descriptor, word, &ends);
}

/* The channel of what the socket @descriptor receives. */
static struct channel *find_receiving(int descriptor)
{
	struct stat status;

	if (kernel_call2(SYS_fstat, descriptor, &status) != 0)
		return NULL;
	return get_channel(CHANNEL_KEY(KEY_SOCKET, status.st_ino));
}

void descriptor_pair(int first, int second)
{
	struct ends ends = {find_receiving(first), find_receiving(second)};
	struct ends reverse = {ends.out, ends.in};

	descriptor_began(first);
	descriptor_began(second);
	inner_made(first, second);
	if (!ends.in || !ends.out || process_is_borrowed())
		return;
	ends.in->peer = ends.out->key;
	ends.out->peer = ends.in->key;
	if ((unsigned)first < DESCRIPTORS_KEPT)
		keep_ends(first, load_acquire(&descriptor_words[first]), &ends);
	if ((unsigned)second < DESCRIPTORS_KEPT)
		keep_ends(second, load_acquire(&descriptor_words[second]), &reverse);
}
