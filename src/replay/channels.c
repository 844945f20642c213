/* Channels of a replay: pipes and the like, futex words, signals. */
#include "detect/deadlock/wait.h"
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

static void unblock_reader(struct replay *replay, struct actor *reader,
			   const struct script_event *event, struct primitive *channel)
{
	replay_leave_queue(channel, reader);
	wait_end(&replay->detector, reader->thread);
	take_from_channel(replay, reader, event, channel->address);
	replay_unblock(replay, reader);
}

void replay_write_channel(struct replay *replay, struct actor *actor,
			  const struct script_event *event)
{
	struct primitive *channel = replay_primitive(replay, event->object);

	give_to_channel(replay, actor, event, channel->address);
	if (channel->waiters)
		unblock_reader(replay, channel->waiters, event, channel);
	else
		channel->value++;
}

void replay_read_channel(struct replay *replay, struct actor *actor,
			 const struct script_event *event)
{
	struct primitive *channel = replay_primitive(replay, event->object);

	channel->value -= channel->value > 0;
	take_from_channel(replay, actor, event, channel->address);
}

void replay_block_channel(struct replay *replay, struct actor *actor,
			  const struct script_event *event)
{
	struct primitive *channel = replay_primitive(replay, event->object);
	struct wait wait = {
		.kind = WAIT_INPUT,
		.number = channel->number,
		.stack = replay_stack(replay, actor, event),
	};

	if (channel->value) {
		replay_read_channel(replay, actor, event);
		return;
	}
	replay_block(actor, channel, WAITS_FOR_INPUT, false, wait.stack);
	wait_begin(&replay->detector, actor->thread, &wait);
}

static void unblock_waiter(struct replay *replay, struct actor *waiter,
			   const struct script_event *event, struct primitive *word)
{
	replay_leave_queue(word, waiter);
	futex_wait_end(&replay->detector, waiter->thread, &waiter->futex, true);
	take_from_channel(replay, waiter, event, word->address);
	replay_unblock(replay, waiter);
}

void replay_wake(struct replay *replay, struct actor *actor, const struct script_event *event)
{
	struct primitive *word = replay_primitive(replay, event->object);
	struct sync_object *futex = sync_find(&replay->detector.objects, word->address);

	give_to_channel(replay, actor, event, word->address);
	if (futex)
		futex_woken(&replay->detector, futex, UINT32_MAX);
	while (word->waiters)
		unblock_waiter(replay, word->waiters, event, word);
}

void replay_wait_word(struct replay *replay, struct actor *actor, const struct script_event *event)
{
	take_from_channel(replay, actor, event, replay_primitive(replay, event->object)->address);
}

void replay_block_word(struct replay *replay, struct actor *actor, const struct script_event *event)
{
	struct primitive *word = replay_primitive(replay, event->object);
	struct sync_object *futex = replay_object(replay, actor, word, event);
	stack_id stack = replay_stack(replay, actor, event);

	if (!futex)
		return;
	replay_block(actor, word, WAITS_FOR_WAKE, false, stack);
	futex_wait_begin(&replay->detector, actor->thread, &actor->futex, futex, stack);
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
