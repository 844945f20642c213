/* Channels of a replay: pipes and the like, futex words, signals. */
#include "replay/replay.h"

/* The kind in a signal's key; the key of an object is its address. */
#define KEY_SIGNAL 1u

static struct channel *find_channel(struct replay *replay, struct actor *actor,
				    const struct script_event *event, uint64_t key)
{
	struct channel *channel;

	if (!replay->channels.arena.pages)
		arena_init(&replay->channels.arena, replay->detector.pages);
	channel = channel_get(&replay->channels, actor->thread, key);
	if (!channel)
		replay_fail(replay, event, "out of memory", "", "");
	return channel;
}

static void give_to_channel(struct replay *replay, struct actor *actor,
			    const struct script_event *event, uint64_t key)
{
	struct channel *channel = find_channel(replay, actor, event, key);

	if (channel)
		channel_give(&replay->channels, &replay->detector, actor->thread, channel);
}

static void take_from_channel(struct replay *replay, struct actor *actor,
			      const struct script_event *event, uint64_t key)
{
	struct channel *channel = find_channel(replay, actor, event, key);

	if (channel)
		channel_take(&replay->detector, actor->thread, channel);
}

void replay_write_channel(struct replay *replay, struct actor *actor,
			  const struct script_event *event)
{
	give_to_channel(replay, actor, event, replay_primitive(replay, event->object)->address);
}

void replay_read_channel(struct replay *replay, struct actor *actor,
			 const struct script_event *event)
{
	take_from_channel(replay, actor, event, replay_primitive(replay, event->object)->address);
}

void replay_kill(struct replay *replay, struct actor *actor, const struct script_event *event)
{
	give_to_channel(replay, actor, event, CHANNEL_KEY(KEY_SIGNAL, event->number));
}

void replay_signal_wait(struct replay *replay, struct actor *actor,
			const struct script_event *event)
{
	take_from_channel(replay, actor, event, CHANNEL_KEY(KEY_SIGNAL, event->number));
}
