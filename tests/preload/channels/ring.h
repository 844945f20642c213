/* A ring of the kernel by liburing, whose headers need not be here. */
#ifndef RING_H
#define RING_H

#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>

#include "../guest.h"

/* What liburing's headers have inlined into programs. */
struct io_uring {
	uint64_t submissions[13];
	unsigned *head, *tail;
	uint64_t unused[4];
	struct completion { uint64_t datum; int result; unsigned flags; } *completions;
	size_t size_bytes;
	void *memory;
	unsigned mask, count;
	uint64_t others[16];
};

struct submission {
	unsigned char operation; /* 0: none */
	unsigned char unused[31];
	uint64_t datum;
	uint64_t others[3];
};

static struct io_uring ring;
static struct submission *(*get_submission)(struct io_uring *);
static int (*submit)(struct io_uring *);
static int (*get_completion)(struct io_uring *, struct completion **, unsigned, unsigned, void *);

static void ring_begin(void)
{
	int (*init)(unsigned, struct io_uring *, unsigned);

	if (!dlopen("liburing.so.2", RTLD_NOW | RTLD_GLOBAL))
		exit(guest_skip("no liburing"));
	init = (__typeof__(init))dlsym(RTLD_DEFAULT, "io_uring_queue_init");
	get_submission = (__typeof__(get_submission))dlsym(RTLD_DEFAULT, "io_uring_get_sqe");
	submit = (__typeof__(submit))dlsym(RTLD_DEFAULT, "io_uring_submit");
	get_completion = (__typeof__(get_completion))dlsym(RTLD_DEFAULT, "__io_uring_get_cqe");
	if (init(8, &ring, 0) != 0)
		exit(guest_skip("no rings"));
}

static void ring_give(void *datum)
{
	struct submission *submission = get_submission(&ring);

	memset(submission, 0, sizeof(*submission));
	submission->datum = (uint64_t)datum;
	CHECK_IS(submit(&ring), 1);
}

static inline void *ring_take(bool does_wait)
{
	struct completion *completion;
	void *datum;

	if (does_wait)
		while (__atomic_load_n(ring.tail, __ATOMIC_ACQUIRE) == *ring.head)
			usleep(1000);
	if (__atomic_load_n(ring.tail, __ATOMIC_ACQUIRE) == *ring.head)
		CHECK_IS(get_completion(&ring, &completion, 0, 1, NULL), 0);
	else
		completion = &ring.completions[*ring.head & ring.mask];
	datum = (void *)completion->datum;
	__atomic_store_n(ring.head, *ring.head + 1, __ATOMIC_RELEASE);
	return datum;
}

#endif
