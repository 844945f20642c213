#include "detect/sync/channel.h"

#include "base/hash.h"
#include "detect/base/thread.h"
#include "detect/sync/handover.h"

#define BUCKETS 4096u /* no more: they are searched without a lock */

void channels_forked(struct channel_table *table)
{
	for (uint32_t number = 1; number <= table->numbers.last; number++) {
		struct channel *channel = channel_by_number(table, number);

		/* Written only if need be: the memory is shared with the parent until then. */
		if (channel && channel->info.busy.is_taken)
			spin_unlock(&channel->info.busy);
	}
}

struct channel *channel_find(const struct channel_table *table, uint64_t key)
{
	struct channel *channel = intern_first(&table->by_key, hash_mix(key));

	/* acquire: pairs with find_or_make(); reclaim_channel() may give it another key. */
	while (channel && load_acquire(&channel->key) != key)
		channel = intern_next(channel);
	return channel;
}

static void begin_rest(struct channel_table *table, struct channel *channel)
{
	if (channel->is_resting)
		return;
	channel->is_resting = true;
	channel->next_resting = NULL;
	if (table->newest_resting)
		table->newest_resting->next_resting = channel;
	else
		table->oldest_resting = channel;
	table->newest_resting = channel;
	table->resting_count++;
}

static struct channel *take_oldest(struct channel_table *table)
{
	struct channel *channel = table->oldest_resting;

	table->oldest_resting = channel->next_resting;
	if (!table->oldest_resting)
		table->newest_resting = NULL;
	table->resting_count--;
	channel->is_resting = false;
	return channel;
}

static bool forget_content(struct channel *channel, struct thread *thread)
{
	struct arena *arena = &thread->memory->arena;

	if (!spin_lock(&channel->info.busy))
		return false;
	snapshot_drop(channel->info.clock, arena);
	snapshot_drop(channel->extra.hand_over, arena);
	channel->info.clock = NULL;
	channel->extra.hand_over = NULL;
	channel->peer = 0;
	channel->is_watched_widely = 0;
	channel->takes_signals = 0;
	for (unsigned i = 0; i < CHANNEL_WATCHERS; i++)
		store_relaxed(&channel->watchers[i], 0u);
	spin_unlock(&channel->info.busy);
	return true;
}

/* One that nobody holds and that was not used lately; NULL if there are not many
 * such.  (The clock algorithm: Corbato, "A Paging Experiment", 1968.) */
static struct channel *reclaim_channel(struct channel_table *table, struct thread *thread)
{
	for (unsigned look = 0; thread && look < 8 && table->resting_count > CHANNEL_RESTING_MAX;
	     look++) {
		struct channel *channel = take_oldest(table);

		if (channel->holder_count)
			continue;
		/* relaxed: a hint. */
		if (load_relaxed(&channel->was_used) || !forget_content(channel, thread)) {
			store_relaxed(&channel->was_used, 0u);
			begin_rest(table, channel);
			continue;
		}
		intern_remove(&table->by_key, channel, hash_mix(channel->key));
		return channel;
	}
	return NULL;
}

static struct channel *make_channel(struct channel_table *table)
{
	struct channel *channel = arena_alloc(&table->arena, sizeof(*channel));
	uint32_t number = table->numbers.last + 1;

	if (!channel)
		return NULL;
	channel->object.info = &channel->info;
	channel->info.extra = &channel->extra;
	channel->info.kind = OBJECT_CHANNEL;
	channel->number = number;
	return id_table_set(&table->numbers, &table->arena, number, channel) ? channel : NULL;
}

/* With the lock held. */
static struct channel *find_or_make(struct channel_table *table, struct thread *thread,
				    uint64_t key)
{
	struct channel *channel = channel_find(table, key);

	if (channel || !intern_begin(&table->by_key, &table->arena, BUCKETS))
		return channel;
	channel = reclaim_channel(table, thread);
	if (!channel)
		channel = make_channel(table);
	if (!channel)
		return NULL;
	store_release(&channel->key, key); /* pairs with channel_find() */
	intern_add(&table->by_key, channel, hash_mix(key));
	return channel;
}

struct channel *channel_get(struct channel_table *table, struct thread *thread, uint64_t key)
{
	struct channel *channel = channel_find(table, key);

	if (channel)
		return channel;
	runtime_lock(&table->lock);
	channel = find_or_make(table, thread, key);
	if (channel && !channel->holder_count)
		begin_rest(table, channel);
	runtime_unlock(&table->lock);
	return channel;
}

struct channel *channel_hold(struct channel_table *table, struct thread *thread, uint64_t key)
{
	struct channel *channel;

	runtime_lock(&table->lock);
	channel = find_or_make(table, thread, key);
	if (channel)
		channel->holder_count++;
	runtime_unlock(&table->lock);
	return channel;
}

void channel_hold_again(struct channel_table *table, struct channel *channel)
{
	runtime_lock(&table->lock);
	channel->holder_count++;
	runtime_unlock(&table->lock);
}

void channel_release(struct channel_table *table, struct channel *channel)
{
	runtime_lock(&table->lock);
	if (channel->holder_count && --channel->holder_count == 0)
		begin_rest(table, channel);
	runtime_unlock(&table->lock);
}

/* relaxed: a hint for reclaim_channel(), which must not bounce between processors. */
static void note_use(struct channel *channel)
{
	if (!load_relaxed(&channel->was_used))
		store_relaxed(&channel->was_used, 1u);
}

void channel_give(struct channel_table *table, struct detector *detector, struct thread *thread,
		  struct channel *channel)
{
	note_use(channel);
	handover_give(detector, thread, &channel->object);
	for (unsigned i = 0; i < CHANNEL_WATCHERS; i++) {
		/* acquire: pairs with channel_watch(). */
		uint32_t number = load_acquire(&channel->watchers[i]);
		struct channel *watcher = channel_by_number(table, number);

		if (!watcher)
			return;
		handover_give(detector, thread, &watcher->object);
	}
	/* acquire: pairs with channel_watch(). */
	if (load_acquire(&channel->is_watched_widely)) {
		struct channel *all = channel_get(table, thread, CHANNEL_WATCHED_WIDELY);

		if (all)
			handover_give(detector, thread, &all->object);
	}
}

void channel_take(struct detector *detector, struct thread *thread, struct channel *channel)
{
	note_use(channel);
	/* relaxed: what was given before the real call is seen after it. */
	if (load_relaxed(&channel->info.clock))
		handover_take(detector, thread, &channel->object);
}

/* False if there is no room. */
static bool add_watcher(struct channel *channel, uint32_t number)
{
	for (unsigned i = 0; i < CHANNEL_WATCHERS; i++) {
		uint32_t expected = 0;

		if (compare_exchange_acq_rel(&channel->watchers[i], &expected, number) ||
		    expected == number)
			return true;
	}
	return false;
}

static void merge_into(struct vclock_snapshot **into, struct vclock_snapshot *more,
		       struct arena *arena)
{
	struct vclock_snapshot *merged = snapshot_merge(*into, more, arena);

	if (!merged)
		return;
	snapshot_drop(*into, arena);
	*into = merged;
}

void channel_watch(struct detector *detector, struct thread *thread, struct channel *channel,
		   struct channel *watcher)
{
	struct arena *arena = &thread->memory->arena;
	struct vclock_snapshot *clock;
	struct vclock_snapshot *hand_over;

	/* release: pairs with channel_give(). */
	if (!add_watcher(channel, watcher->number))
		store_release(&channel->is_watched_widely, 1u);
	if (!detector_lock_info(detector, &channel->info))
		return;
	clock = snapshot_take(channel->info.clock);
	hand_over = snapshot_take(channel->extra.hand_over);
	detector_unlock_info(&channel->info);
	if (clock && detector_lock_info(detector, &watcher->info)) {
		merge_into(&watcher->info.clock, clock, arena);
		merge_into(&watcher->extra.hand_over, hand_over, arena);
		watcher->object.stamp = STAMP_MIXED;
		detector_unlock_info(&watcher->info);
	}
	snapshot_drop(clock, arena);
	snapshot_drop(hand_over, arena);
}
