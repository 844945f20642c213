/*
 * Races of plain accesses that headers of the C++ library make.  They name types of which there is
 * no object, so debug information does not have these names; but they are no macros.
 */
#include <atomic>
#include <bitset>
#include <memory>
#include <unordered_map>
#include <utility>

#include <sched.h>

#include "cases.h"

static int seen;

static std::bitset<64> set_bits;
static void *set_write(void *unused)
{
	set_bits.set(3);
	return unused;
}

static void *set_read(void *unused)
{
	seen = set_bits.test(4);
	return unused;
}

RACE(set)

static std::bitset<128> proxied_bits;
static void *proxied_write(void *unused)
{
	proxied_bits[100] = true;
	return unused;
}

static void *proxied_read(void *unused)
{
	if (proxied_bits[101])
		sched_yield();
	return unused;
}

RACE(proxied)

static bool exchanged_flag;
static void *exchanged_write(void *unused)
{
	std::exchange(exchanged_flag, true);
	return unused;
}

static void *exchanged_read(void *unused)
{
	if (std::as_const(exchanged_flag))
		sched_yield();
	return unused;
}

RACE(exchanged)

static std::pair<int, int> assigned_pair;
static void *assigned_write(void *unused)
{
	assigned_pair = std::make_pair(1, 2);
	return unused;
}

static void *assigned_read(void *unused)
{
	if (std::as_const(assigned_pair).second)
		sched_yield();
	return unused;
}

RACE(assigned)

/* The number of elements is loaded where the library calls size(). */
static std::unordered_map<int, int> counted_map = {{1, 2}};
static void *counted_write(void *unused)
{
	counted_map[5] = 4;
	return unused;
}

static void *counted_read(void *unused)
{
	if (counted_map.count(5))
		sched_yield();
	return unused;
}

RACE(counted)

/* What the library makes of atomics stays silent. */
static std::atomic<int> marked_value;
static std::shared_ptr<int> marked_pointer = std::make_shared<int>(3);
static void *marked_write(void *unused)
{
	std::shared_ptr<int> copy = marked_pointer;

	marked_value.store(*copy, std::memory_order_release);
	return unused;
}

static void *marked_read(void *unused)
{
	std::shared_ptr<int> copy = marked_pointer;

	if (marked_value.load(std::memory_order_acquire) + (int)copy.use_count())
		sched_yield();
	return unused;
}

RACE(marked)

static const struct race_case cases[] = {
	CASE(set, "data-race:error"),
	CASE(proxied, "data-race:error"),
	CASE(exchanged, "data-race:error"),
	CASE(assigned, "data-race:error"),
	CASE(counted, "data-race:error"),
	CASE(marked, "silent"),
};

int main(int argc, char **argv)
{
	KEEP(seen);
	return RUN_CASES(cases, argc, argv);
}
