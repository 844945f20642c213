/*
 * Descriptors: which channel is behind a number.
 *
 * What is written to a pipe, socket, eventfd ... is read from the same object of
 * the kernel's, by whatever number (dup).  So a number is looked at once
 * (descriptor_identity.h) and what it is is kept until it is closed.  A pipe is known by
 * its inode, a connection by its pair of addresses.  What the kernel gives no
 * name, such as an eventfd or a pair of sockets, is told by who creates it.
 *
 * A file or terminal is no channel: that costs one look at a word.  Nor is
 * anything while there is one thread.
 */
#ifndef PRELOAD_CHANNELS_DESCRIPTORS_H
#define PRELOAD_CHANNELS_DESCRIPTORS_H

#include <sys/single_threaded.h>

#include "detect/sync/channel.h"
#include "preload/guest/guest.h"

/* What a channel's key begins with. */
enum channel_key {
	KEY_PIPE = 1,
	KEY_SOCKET,  /* by inode: what that socket receives */
	KEY_TCP,     /* by ports, sender's first */
	KEY_UDP,     /* by the receiver's port */
	KEY_UNIX,    /* by the receiver's name, else the sender's */
	KEY_UNNAMED, /* eventfds and the like: by a number of ours, 0: not known */
	KEY_FUTEX,
	KEY_SIGNAL,
	KEY_TIMERS,
	KEY_EXIT,
	KEY_QUEUE,
	KEY_NUMBER /* of descriptors of sockets: who gets one comes after who closed it */
};

/* The low bits of a word: is anything known of the number, and what?  Beside
 * them stand a count that no two openings share, or the numbers of the channels
 * that are read from and written to. */
enum descriptor_state { DESCRIPTOR_UNKNOWN, DESCRIPTOR_NO_CHANNEL, DESCRIPTOR_CHANNEL };

#define DESCRIPTOR_STATE 3u
#define DESCRIPTORS_KEPT 65536

extern uint64_t descriptor_words[DESCRIPTORS_KEPT];
extern struct channel_table guest_channels;

static inline __attribute__((always_inline)) bool descriptor_is_watched(int descriptor)
{
	/* Streams that are none of the kernel's have numbers below 0. */
	if (__libc_single_threaded || descriptor < 0)
		return false;
	/* relaxed: who uses a number has got it from who opened it. */
	return descriptor >= DESCRIPTORS_KEPT || (load_relaxed(&descriptor_words[descriptor]) &
						  DESCRIPTOR_STATE) != DESCRIPTOR_NO_CHANNEL;
}

/* What the process was given as standard input and outputs goes outside, even if it
 * is a pipe. */
void descriptors_begin(void);

void descriptor_give(int descriptor);
void descriptor_take(int descriptor);

/* Around a real call: before a write, after a read that did not fail. */
static inline __attribute__((always_inline)) void descriptor_writes(int descriptor)
{
	if (UNLIKELY(descriptor_is_watched(descriptor)))
		descriptor_give(descriptor);
}

static inline __attribute__((always_inline)) void descriptor_has_read(int descriptor)
{
	if (UNLIKELY(descriptor_is_watched(descriptor)))
		descriptor_take(descriptor);
}

/* A datagram goes to @address, or a connection is asked for there. */
struct sockaddr;
void descriptor_sends(int descriptor, const struct sockaddr *address, size_t size_bytes);

/* It is another object from now on, or has other addresses. */
void descriptor_began(int descriptor);

/* It is a socket's, from now on. */
void descriptor_is_socket(int descriptor);

/* It is about to be closed: who reads the end of it learns what was before, and who gets
 * its number. */
void descriptor_closes(int descriptor);
void descriptor_closes_range(unsigned first, unsigned last);

/* @copy is a duplicate of @descriptor. */
void descriptor_copied(int descriptor, int copy);

/* A new object without a name of the kernel's. */
void descriptor_unnamed(int descriptor, bool takes_signals);
void descriptor_pair(int first, int second);

/* Waits on @watcher tell of @descriptor. */
void descriptor_watched(int watcher, int descriptor);
void descriptor_has_waited(int watcher);

#endif
