/*
 * Descriptors: which channels a number stands for.
 *
 * A pipe, socket or eventfd may have several numbers (dup).  What a number
 * stands for is looked up once (descriptor_identity.h) and kept until it is
 * closed.  A pipe is known by its inode, a connection by its two addresses.  An
 * eventfd or a pair of sockets has no name in the kernel; it is noted when it
 * is created.
 *
 * Files and terminals are no channels: for them a call costs one look at a
 * word.  While there is one thread, nothing is a channel.
 */
#ifndef PRELOAD_CHANNELS_DESCRIPTORS_H
#define PRELOAD_CHANNELS_DESCRIPTORS_H

#include <sys/single_threaded.h>

#include "detect/sync/channel.h"
#include "preload/guest/guest.h"

/* The first part of a channel's key. */
enum channel_key {
	KEY_PIPE = 1,
	KEY_SOCKET,  /* by inode: what that socket receives */
	KEY_TCP,     /* by ports, sender's first */
	KEY_UDP,     /* by the receiver's port */
	KEY_UNIX,    /* by the receiver's name, else the sender's */
	KEY_UNNAMED, /* eventfds and the like: by a number of our own, 0: not known */
	KEY_FUTEX,
	KEY_SIGNAL,
	KEY_TIMERS,
	KEY_EXIT,
	KEY_QUEUE,
	KEY_ANNOTATED, /* by the address that the program gives */
	KEY_RING, /* of completions, by its address */
	KEY_NUMBER, /* the number of a socket, given by its close, taken by its next owner */
	KEY_SEMAPHORE, /* of System V: by its set and number, and whether it is raised */
	KEY_MESSAGES,  /* of System V: by the queue */
	KEY_LOCKED,    /* a file that threads lock, by its inode */
	KEY_CHILDREN   /* all of them */
};

/* The low bits of a word: is it known what the number stands for?  The other
 * bits are a count that is different for each opening, or the numbers of the
 * channels that are read from and written to. */
enum descriptor_state { DESCRIPTOR_UNKNOWN, DESCRIPTOR_NO_CHANNEL, DESCRIPTOR_CHANNEL };

#define DESCRIPTOR_STATE 3u
#define DESCRIPTORS_KEPT 65536

extern uint64_t descriptor_words[DESCRIPTORS_KEPT];
extern struct channel_table guest_channels;

static inline __attribute__((always_inline)) bool descriptor_is_watched(int descriptor)
{
	/* Streams without a file have numbers below 0. */
	if (__libc_single_threaded || descriptor < 0)
		return false;
	/* relaxed: the program itself orders the opening of a number before its use. */
	return descriptor >= DESCRIPTORS_KEPT || (load_relaxed(&descriptor_words[descriptor]) &
						  DESCRIPTOR_STATE) != DESCRIPTOR_NO_CHANNEL;
}

/* Notes the standard input and outputs of the process: they are no channels,
 * even if they are pipes. */
void descriptors_begin(void);

void descriptor_give(int descriptor);
void descriptor_take(int descriptor);

/* To be called before a write, and after a read that did not fail. */
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

/* A datagram is sent to @address, or a connection is requested there. */
struct sockaddr;
void descriptor_sends(int descriptor, const struct sockaddr *address, size_t size_bytes);

/* The number stands for another object from now on, or has other addresses. */
void descriptor_began(int descriptor);

/* The number stands for a new socket. */
void descriptor_is_socket(int descriptor);

/* It is about to be closed: that is given to whoever reads the end of file, and
 * to the next owner of the number. */
void descriptor_closes(int descriptor);
void descriptor_closes_range(unsigned first, unsigned last);

/* @copy is a duplicate of @descriptor. */
void descriptor_copied(int descriptor, int copy);

/* A new object that has no name in the kernel. */
void descriptor_unnamed(int descriptor, bool takes_signals);
void descriptor_pair(int first, int second);

/* A lock of its file belongs to what was opened as @descriptor: giving it up, or closing it, gives
 * to whoever locks the file next. */
void descriptor_is_locked(int descriptor);

/* @watcher (an epoll descriptor) watches @descriptor; a wait on @watcher has ended. */
void descriptor_watched(int watcher, int descriptor);
void descriptor_has_waited(int watcher);

/* The caller gives to the channel of @key, which no descriptor stands for; or takes from it. */
void channel_key_gives(uint64_t key);
void channel_key_takes(uint64_t key);

#endif
