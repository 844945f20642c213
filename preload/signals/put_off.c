#define _GNU_SOURCE
#include "preload/signals/put_off.h"

#include <string.h>

#include "base/kernel.h"

#define FIRST_QUEUED 32 /* the kernel's SIGRTMIN */
/* No sort of queued signal uses the last word of what the kernel passes on. */
#define MARK_OFFSET (PUT_OFF_BYTES - sizeof(uint64_t))
#define MARK 0x70757420736f6f6eull

static bool is_marked(const siginfo_t *told)
{
	uint64_t mark;

	memcpy(&mark, (const char *)told + MARK_OFFSET, sizeof(mark));
	return mark == MARK;
}

static void set_mark(siginfo_t *told, uint64_t mark)
{
	memcpy((char *)told + MARK_OFFSET, &mark, sizeof(mark));
}

/* If there are too many, this one comes too late. */
static void keep(struct guest_thread *self, siginfo_t *told)
{
	if (is_marked(told))
		return;
	if (self->put_off_count == GUEST_PUT_OFF) {
		detector_count(&guest_detector, LOST_SIGNAL_ORDER);
		return;
	}
	memcpy(&self->put_off[self->put_off_count++], told, PUT_OFF_BYTES);
	set_mark(told, MARK);
}

bool put_off_signal(struct guest_thread *self, int signal, siginfo_t *told)
{
	long process = kernel_call0(SYS_getpid);
	long thread = kernel_call0(SYS_gettid);

	if (told && signal >= FIRST_QUEUED)
		keep(self, told);
	return (told && kernel_call4(SYS_rt_tgsigqueueinfo, process, thread, signal, told) == 0) ||
	       kernel_call3(SYS_tgkill, process, thread, signal) == 0;
}

/* The first one of @signal, or the number of those that are kept. */
static uint32_t find_first(const struct guest_thread *self, int signal)
{
	uint32_t i = 0;

	while (i < self->put_off_count && self->put_off[i].signal != signal)
		i++;
	return i;
}

static void remove_at(struct guest_thread *self, uint32_t i)
{
	self->put_off_count--;
	memmove(&self->put_off[i], &self->put_off[i + 1],
		(self->put_off_count - i) * sizeof(self->put_off[i]));
}

/* Signals are blocked. */
static bool is_pending(int signal)
{
	uint64_t pending = 0;

	kernel_call2(SYS_rt_sigpending, &pending, sizeof(pending));
	return pending >> (signal - 1) & 1;
}

static void take(struct guest_thread *self, int signal, siginfo_t *told)
{
	uint32_t first = find_first(self, signal);
	bool is_last = is_marked(told);
	struct put_off own;

	if (is_last)
		set_mark(told, 0);
	if (first == self->put_off_count)
		return;
	memcpy(&own, told, PUT_OFF_BYTES);
	memcpy(told, &self->put_off[first], PUT_OFF_BYTES);
	remove_at(self, first);
	if (!is_last)
		self->put_off[self->put_off_count++] = own;
}

/* The marks have been taken past us, as by signalfd(), with what they said. */
static void forget(struct guest_thread *self, int signal)
{
	for (uint32_t i; (i = find_first(self, signal)) < self->put_off_count;)
		remove_at(self, i);
}

void put_off_take(struct guest_thread *self, int signal, siginfo_t *told)
{
	uint64_t signals;

	if (signal < FIRST_QUEUED || (!self->put_off_count && !is_marked(told)))
		return;
	signals = signals_block();
	if (!is_marked(told) && !is_pending(signal))
		forget(self, signal);
	take(self, signal, told);
	signals_restore(signals);
}
