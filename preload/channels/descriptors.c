#define _GNU_SOURCE
#include "preload/channels/descriptors.h"

#include <sys/stat.h>

#include "base/kernel.h"
#include "preload/channels/descriptor_identity.h"
#include "preload/channels/signal_channels.h"
#include "preload/guest/process_id.h"

uint64_t descriptor_words[DESCRIPTORS_KEPT];
struct channel_table guest_channels = CHANNEL_TABLE_EMPTY;

static uint64_t opening_count; /* makes each unknown word another one */
static uint64_t unnamed_count;

/* --- What is kept ----------------------------------------------------------------- */

struct ends {
	struct channel *in;
	struct channel *out;
};

static uint64_t unknown_word(void)
{
	/* relaxed: only that no two are the same counts. */
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

static void hold(const struct ends *ends)
{
	if (ends->in)
		channel_hold_again(&guest_channels, ends->in);
	if (ends->out && ends->out != ends->in)
		channel_hold_again(&guest_channels, ends->out);
}

static void release(const struct ends *ends)
{
	if (ends->in)
		channel_release(&guest_channels, ends->in);
	if (ends->out && ends->out != ends->in)
		channel_release(&guest_channels, ends->out);
}

/* Keeps @ends for @descriptor if its word still is @expected. */
static void keep(int descriptor, uint64_t expected, const struct ends *ends)
{
	if ((unsigned)descriptor >= DESCRIPTORS_KEPT || process_is_borrowed())
		return;
	hold(ends);
	if (!compare_exchange_acq_rel(&descriptor_words[descriptor], &expected, word_of(ends)))
		release(ends);
}

/* Nothing is known of it any more.  Returns what was. */
static uint64_t forget(int descriptor)
{
	uint64_t word = exchange_acq_rel(&descriptor_words[descriptor], unknown_word());

	if ((word & DESCRIPTOR_STATE) == DESCRIPTOR_CHANNEL) {
		struct ends ends = ends_of(word);

		release(&ends);
	}
	return word;
}

static struct ends find_ends(struct thread *thread, int descriptor)
{
	/* acquire: pairs with keep(). */
	uint64_t word = (unsigned)descriptor < DESCRIPTORS_KEPT
				? load_acquire(&descriptor_words[descriptor])
				: DESCRIPTOR_UNKNOWN;
	struct identity identity;
	struct ends ends = {0};

	if ((word & DESCRIPTOR_STATE) == DESCRIPTOR_CHANNEL)
		return ends_of(word);
	if ((word & DESCRIPTOR_STATE) == DESCRIPTOR_NO_CHANNEL ||
	    !identity_find(descriptor, &identity))
		return ends;
	if (identity.in)
		ends.in = channel_get(&guest_channels, thread, identity.in);
	if (identity.out)
		ends.out = channel_get(&guest_channels, thread, identity.out);
	if (identity.is_final)
		keep(descriptor, word, &ends);
	return ends;
}

/* --- Edges -------------------------------------------------------------------------- */

static void give(struct guest_thread *self, struct channel *channel)
{
	if (channel)
		channel_give(&guest_channels, &guest_detector, self->thread, channel);
}

static void take(struct guest_thread *self, struct channel *channel)
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
	give(self, find_ends(self->thread, descriptor).out);
	guest_leave(self);
}

void descriptor_take(int descriptor)
{
	struct guest_thread *self = guest_enter();

	if (!self)
		return;
	take(self, find_ends(self->thread, descriptor).in);
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
		give(self, channel_get(&guest_channels, self->thread, key));
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
	give(self, watching.out);
	guest_leave(self);
}

void descriptor_has_waited(int watcher)
{
	struct guest_thread *self = __libc_single_threaded ? NULL : guest_enter();

	if (!self)
		return;
	take(self, find_ends(self->thread, watcher).in);
	take(self, channel_find(&guest_channels, CHANNEL_WATCHED_WIDELY));
	/* A signalfd that is watched says nothing when it gets ready. */
	signals_take_all(self);
	guest_leave(self);
}

/* --- Lives of numbers ------------------------------------------------------------------ */

void descriptor_began(int descriptor)
{
	if ((unsigned)descriptor < DESCRIPTORS_KEPT && !process_is_borrowed())
		(void)forget(descriptor);
}

/*
 * The kernel gives a number to one at a time: what servers keep in tables by number
 * is handed over with it.  Numbers of files are not taken for that, which would
 * order what only happens to use small numbers.
 */
void descriptor_is_socket(int descriptor)
{
	struct guest_thread *self = __libc_single_threaded ? NULL : guest_enter();

	if (!self)
		return;
	take(self, channel_find(&guest_channels, CHANNEL_KEY(KEY_NUMBER, descriptor)));
	guest_leave(self);
}

static void give_number(int descriptor)
{
	struct guest_thread *self = guest_enter();

	if (!self)
		return;
	give(self, channel_get(&guest_channels, self->thread, CHANNEL_KEY(KEY_NUMBER, descriptor)));
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
	if ((unsigned)copy >= DESCRIPTORS_KEPT || (word & DESCRIPTOR_STATE) == DESCRIPTOR_UNKNOWN)
		return;
	ends = (word & DESCRIPTOR_STATE) == DESCRIPTOR_CHANNEL ? ends_of(word) : (struct ends){0};
	keep(copy, load_acquire(&descriptor_words[copy]), &ends);
}

/* The thread may not be known yet. */
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
	/* relaxed: only that no two are the same counts. */
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
	keep(descriptor, load_acquire(&descriptor_words[descriptor]), &ends);
}

static struct channel *received_by(int descriptor)
{
	struct stat status;

	if (kernel_call2(SYS_fstat, descriptor, &status) != 0)
		return NULL;
	return get_channel(CHANNEL_KEY(KEY_SOCKET, status.st_ino));
}

void descriptor_pair(int first, int second)
{
	struct ends ends = {received_by(first), received_by(second)};
	struct ends reverse = {ends.out, ends.in};

	descriptor_began(first);
	descriptor_began(second);
	if (!ends.in || !ends.out || process_is_borrowed())
		return;
	ends.in->peer = ends.out->key;
	ends.out->peer = ends.in->key;
	if ((unsigned)first < DESCRIPTORS_KEPT)
		keep(first, load_acquire(&descriptor_words[first]), &ends);
	if ((unsigned)second < DESCRIPTORS_KEPT)
		keep(second, load_acquire(&descriptor_words[second]), &reverse);
}
