/*
 * Races of plain accesses of word size or less, as C++ spells them.  Their machine
 * code could be that of atomics; the source says that they are none, so each is an
 * error at every level of optimisation.
 */
#include <array>
#include <atomic>
#include <map>
#include <memory>
#include <numeric>
#include <thread>
#include <vector>

#include <sched.h>

#include "cases.h"



static int reference_value;
static void reference_set(int &place)
{
	place = 1;
}

static void *reference_write(void *unused)
{
	(void)unused;
	reference_set(reference_value);
	return NULL;
}

static void *reference_read(void *unused)
{
	(void)unused;
	if (reference_value == 1)
		sched_yield();
	return NULL;
}

RACE(reference)

class Counter {
	int count_ = 0;
public:
	int get() const { return count_; }
	void set(int count) { count_ = count; }
};
static Counter member_value;

static void *member_write(void *unused)
{
	(void)unused;
	member_value.set(3);
	return NULL;
}

static void *member_read(void *unused)
{
	(void)unused;
	if (member_value.get() == 3)
		sched_yield();
	return NULL;
}

RACE(member)

static int lambda_value;
static void *lambda_write(void *unused)
{
	(void)unused;
	auto set = [](int value) { lambda_value = value; };

	set(4);
	return NULL;
}

static void *lambda_read(void *unused)
{
	(void)unused;
	if (lambda_value == 4)
		sched_yield();
	return NULL;
}

RACE(lambda)

static int captured_value;
static void captured_set(int &place)
{
	auto set = [&place] { place = 4; };

	set();
}

static void *captured_write(void *unused)
{
	(void)unused;
	captured_set(captured_value);
	return NULL;
}

static void *captured_read(void *unused)
{
	(void)unused;
	if (captured_value == 4)
		sched_yield();
	return NULL;
}

RACE(captured)

static long templated_value;
template <typename T> static void assign(T &place, T value)
{
	place = value;
}

static void *templated_write(void *unused)
{
	(void)unused;
	assign(templated_value, 5l);
	return NULL;
}

static void *templated_read(void *unused)
{
	(void)unused;
	if (templated_value == 5)
		sched_yield();
	return NULL;
}

RACE(templated)

static std::vector<int> iterated_value(4);
static void *iterated_write(void *unused)
{
	(void)unused;
	for (auto it = iterated_value.begin(); it != iterated_value.end(); ++it)
		*it = 1;
	return NULL;
}

static void *iterated_read(void *unused)
{
	(void)unused;
	if (iterated_value[2] == 1)
		sched_yield();
	return NULL;
}

RACE(iterated)

static std::array<int, 4> ranged_value;
static void *ranged_write(void *unused)
{
	(void)unused;
	for (int &element : ranged_value)
		element = 1;
	return NULL;
}

static void *ranged_read(void *unused)
{
	(void)unused;
	if (ranged_value[2] == 1)
		sched_yield();
	return NULL;
}

RACE(ranged)

enum class State { idle, busy };
static State enumerated_value;

static void *enumerated_write(void *unused)
{
	(void)unused;
	enumerated_value = State::busy;
	return NULL;
}

static void *enumerated_read(void *unused)
{
	(void)unused;
	if (enumerated_value == State::busy)
		sched_yield();
	return NULL;
}

RACE(enumerated)

static bool boolean_value;
static void *boolean_write(void *unused)
{
	(void)unused;
	boolean_value = true;
	return NULL;
}

static void *boolean_read(void *unused)
{
	(void)unused;
	if (boolean_value)
		sched_yield();
	return NULL;
}

RACE(boolean)

static std::shared_ptr<int> shared_value = std::make_shared<int>(1);
static const std::shared_ptr<int> shared_other = std::make_shared<int>(2);
/* A reader that counts in the old block meets no freed one, which would end the program. */
static const std::shared_ptr<int> shared_kept = shared_value;

static void *shared_write(void *unused)
{
	(void)unused;
	shared_value = shared_other;
	return NULL;
}

static void *shared_read(void *unused)
{
	(void)unused;
	std::shared_ptr<int> copy = shared_value;

	if (*copy == 1)
		sched_yield();
	return NULL;
}

RACE(shared)

namespace bank { struct Account { long balance = 0; int owner = 0; }; static Account account; }
static void *named_write(void *unused)
{
	(void)unused;
	bank::account.balance = 7;
	return NULL;
}

static void *named_read(void *unused)
{
	(void)unused;
	if (bank::account.balance == 7)
		sched_yield();
	return NULL;
}

RACE(named)

/* New memory has no pointer that an atomic may have loaded, who ever has made it. */
static std::map<int, int> inserted_values;

static void *inserted_write(void *unused)
{
	inserted_values[1] = 2;
	return unused;
}

static void *inserted_read(void *unused)
{
	await_first();
	if (inserted_values.find(1) == inserted_values.end())
		sched_yield();
	return unused;
}

RACE(inserted)

/* The pointer to the object comes through functions of the library with an empty pack. */
class started_meter {
	std::vector<int> values_;
	std::thread thread_;
	bool is_done_ = false;
public:
	started_meter() : values_(10)
	{
		thread_ = std::thread([this] {
			std::iota(values_.begin(), values_.end(), 1);
			is_done_ = true;
		});
	}
	bool is_done() const { return is_done_; }
	void join() { thread_.join(); }
};

static void started_case(void)
{
	started_meter meter;

	while (!meter.is_done() && sched_yield() == 0)
		;
	meter.join();
}

/* Both statements name an atomic, too. */
std::atomic<int> beside_source, beside_total;
static int beside_value;

static void *beside_write(void *unused)
{
	beside_value = beside_source;
	return unused;
}

static void *beside_read(void *unused)
{
	beside_total += beside_value;
	return unused;
}

RACE(beside)

/* The captured reference is loaded beside an atomic, but is none. */
static std::atomic<int> counted_sum;

static void counted_case(void)
{
	std::vector<std::thread> threads;

	for (int i = 0; i < 4; i++)
		threads.emplace_back([&] { counted_sum += i; });
	for (std::thread &thread : threads)
		thread.join();
}

/* The vectors' pointers are loaded ahead of the loop, where clang leaves them without a line. */
static std::vector<double> hoisted_from(16, 1.0), hoisted_to(16);
int hoisted_first;

static void *hoisted_write(void *unused)
{
	hoisted_from[1] = 2;
	return unused;
}

static void *hoisted_read(void *unused)
{
	for (int i = hoisted_first; i < 16; i += 3)
		hoisted_to[i] = hoisted_from[(i + 1) % 16] * 0.5;
	return unused;
}

RACE(hoisted)

/* What the line of a thunk's code does not say is said by that of the other access. */
struct thunk_base {
	virtual int thunk_look() = 0;
	virtual ~thunk_base() {}
	int kept = 0; /* with data, it has a table of its own */
};

struct thunk_item : virtual thunk_base {
	int count{0};
	int thunk_look() override
	{
		return count;
	}
};

struct thunk_nothing : virtual thunk_base {
	int thunk_look() override { return 0; }
};

static thunk_item *thunk_made = new thunk_item;

static void *thunk_write(void *thunk_look)
{
	thunk_made->count = 1;
	return thunk_look;
}

static void *thunk_read(void *unused)
{
	await_first();
	thunk_nothing nothing;
	thunk_base *volatile bases[] = {thunk_made, &nothing};

	for (thunk_base *base : bases)
		if (base->thunk_look())
			sched_yield();
	return unused;
}

RACE(thunk)

/* What an atomic's member functions return, stored beside it. */
static struct noted_item { int seen; std::atomic<int> turn; } *noted_made = new noted_item;
static int noted_last;

static void *noted_write(void *unused)
{
	noted_made->seen = noted_made->turn.load(std::memory_order_relaxed) + 1;
	noted_last = noted_made->turn.exchange(2, std::memory_order_acq_rel);
	KEEP(noted_last);
	return unused;
}

static void *noted_read(void *unused)
{
	await_first();
	noted_last = noted_made->turn.load(std::memory_order_relaxed);
	KEEP(noted_last);
	noted_made->seen = 1;
	return unused;
}

RACE(noted)

/* The same if the one thread has never touched what is atomic. */
static struct passed_item { int seen; std::atomic<int> turn; } *passed_made = new passed_item;

static void *passed_write(void *unused)
{
	passed_made->seen = passed_made->turn.load(std::memory_order_relaxed) + 1;
	KEEP(passed_made->seen);
	return unused;
}

static void *passed_read(void *unused)
{
	await_first();
	return passed_write(unused);
}

RACE(passed)

/* What a function returns a reference to. */
int &referred()
{
	static int value;

	return value;
}

static void *referred_write(void *unused)
{
	referred() = 1;
	return unused;
}

static void *referred_read(void *unused)
{
	if (referred())
		sched_yield();
	return unused;
}

RACE(referred)

static const struct race_case cases[] = {
	CASE(reference, "data-race:error"),
	CASE(member, "data-race:error"),
	CASE(lambda, "data-race:error"),
	CASE(captured, "data-race:error"),
	CASE(templated, "data-race:error"),
	CASE(iterated, "data-race:error"),
	CASE(ranged, "data-race:error"),
	CASE(enumerated, "data-race:error"),
	CASE(boolean, "data-race:error"),
	CASE(shared, "data-race:error lost-update? use-after-free?"),
	CASE(named, "data-race:error"),
	CASE(inserted, "data-race:error"),
	CASE(started, "data-race:error"),
	CASE(beside, "data-race:error"),
	CASE(counted, "data-race:error"),
	CASE(hoisted, "data-race:error"),
	CASE(thunk, "data-race:error"),
	CASE(noted, "data-race:error"),
	CASE(passed, "data-race:error"),
	CASE(referred, "data-race:error"),
};

int main(int argc, char **argv)
{
	return RUN_CASES(cases, argc, argv);
}
