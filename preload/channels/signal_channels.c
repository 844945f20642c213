#include "preload/channels/signal_channels.h"

#include "preload/channels/descriptors.h"

static struct channel *channels[SIGNAL_MAX + 1]; /* 0: SIGNAL_OF_TIMERS */

void signals_give(struct guest_thread *self, int signal)
{
	struct channel *channel;
	struct channel *expected = NULL;

	if (signal < 0 || signal > SIGNAL_MAX)
		return;
	/* acquire: pairs with the exchange below. */
	channel = load_acquire(&channels[signal]);
	if (!channel) {
		channel = channel_hold(&guest_channels, self->thread,
				       CHANNEL_KEY(KEY_SIGNAL, (uint64_t)signal));
		if (channel && !compare_exchange_acq_rel(&channels[signal], &expected, channel))
			channel = expected;
	}
	if (channel)
		channel_give(&guest_channels, &guest_detector, self->thread, channel);
}

void signals_take(struct guest_thread *self, int signal)
{
	struct channel *channel;

	if (signal < 0 || signal > SIGNAL_MAX)
		return;
	channel = load_acquire(&channels[signal]); /* pairs with signals_give() */
	if (channel)
		channel_take(&guest_detector, self->thread, channel);
}

void signals_take_all(struct guest_thread *self)
{
	for (int signal = 0; signal <= SIGNAL_MAX; signal++)
		signals_take(self, signal);
}
