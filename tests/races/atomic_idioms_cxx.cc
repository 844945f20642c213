/*
 * Accesses that are atomic, or may be, as C++ spells them: members, operators,
 * references, wrappers.  None is ever an error, at any level of
 * optimisation; a warning is allowed where nothing tells.
 */
#include <atomic>

#include <sched.h>
#include <unistd.h>

#include "cases.h"



static std::atomic<int> member_value;
static void *member_write(void *unused)
{
	(void)unused;
	member_value.store(1);
	return NULL;
}

static void *member_read(void *unused)
{
	(void)unused;
	if (member_value.load())
		sched_yield();
	return NULL;
}

RACE(member)

static std::atomic<long> relaxed_value;
static void *relaxed_write(void *unused)
{
	(void)unused;
	relaxed_value.store(1, std::memory_order_relaxed);
	return NULL;
}

static void *relaxed_read(void *unused)
{
	(void)unused;
	if (relaxed_value.load(std::memory_order_relaxed))
		sched_yield();
	return NULL;
}

RACE(relaxed)

static std::atomic<int> operators_value;
static void *operators_write(void *unused)
{
	(void)unused;
	operators_value = 1;
	return NULL;
}

static void *operators_read(void *unused)
{
	(void)unused;
	if (operators_value == 1)
		sched_yield();
	return NULL;
}

RACE(operators)

static std::atomic<double> real_value;
static void *real_write(void *unused)
{
	(void)unused;
	real_value.store(1.5, std::memory_order_relaxed);
	return NULL;
}

static void *real_read(void *unused)
{
	(void)unused;
	if (real_value.load(std::memory_order_relaxed) + getpid() > 3.0)
		sched_yield();
	return NULL;
}

RACE(real)

static std::atomic<short> extended_value;
static void *extended_write(void *unused)
{
	(void)unused;
	extended_value.store(1, std::memory_order_relaxed);
	return NULL;
}

static void *extended_read(void *unused)
{
	(void)unused;
	if ((long)extended_value.load(std::memory_order_relaxed) * getpid() > 5)
		sched_yield();
	return NULL;
}

RACE(extended)

static int pointer_target;
static std::atomic<int *> pointer_value;

static void *pointer_write(void *unused)
{
	(void)unused;
	pointer_value.store(&pointer_target, std::memory_order_release);
	return NULL;
}

static void *pointer_read(void *unused)
{
	(void)unused;
	if (pointer_value.load(std::memory_order_acquire))
		sched_yield();
	return NULL;
}

RACE(pointer)

static int reference_value;
static void *reference_write(void *unused)
{
	(void)unused;
	std::atomic_ref<int> place(reference_value);

	place.store(1, std::memory_order_release);
	return NULL;
}

static void *reference_read(void *unused)
{
	(void)unused;
	std::atomic_ref<int> place(reference_value);

	if (place.load(std::memory_order_acquire))
		sched_yield();
	return NULL;
}

RACE(reference)

template <typename T> class Relaxed {
	std::atomic<T> value_{};
public:
	operator T() const { return value_.load(std::memory_order_relaxed); }
	Relaxed &operator=(T value)
	{
		value_.store(value, std::memory_order_relaxed);
		return *this;
	}
};
static Relaxed<int> wrapped_value;

static void *wrapped_write(void *unused)
{
	(void)unused;
	wrapped_value = 1;
	return NULL;
}

static void *wrapped_read(void *unused)
{
	(void)unused;
	if (wrapped_value == 1)
		sched_yield();
	return NULL;
}

RACE(wrapped)

class Switch {
	int other_ = 0;
	std::atomic<bool> on_{false};
public:
	bool is_on() const { return on_; }
	void turn_on() { on_ = true; }
	int other() const { return other_; }
};
static Switch in_class_value;

static void *in_class_write(void *unused)
{
	(void)unused;
	in_class_value.turn_on();
	return NULL;
}

static void *in_class_read(void *unused)
{
	(void)unused;
	if (in_class_value.is_on())
		sched_yield();
	return NULL;
}

RACE(in_class)

enum class State { idle, busy };
static std::atomic<State> enumerated_value;

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

static int builtin_value;
static void *builtin_write(void *unused)
{
	(void)unused;
	__atomic_store_n(&builtin_value, 1, __ATOMIC_RELEASE);
	return NULL;
}

static void *builtin_read(void *unused)
{
	(void)unused;
	if (__atomic_load_n(&builtin_value, __ATOMIC_ACQUIRE))
		sched_yield();
	return NULL;
}

RACE(builtin)

static volatile int in_volatile_value;
static void *in_volatile_write(void *unused)
{
	(void)unused;
	in_volatile_value = 1;
	return NULL;
}

static void *in_volatile_read(void *unused)
{
	(void)unused;
	if (in_volatile_value)
		sched_yield();
	return NULL;
}

RACE(in_volatile)

static std::atomic<int> lambda_value;
static void *lambda_write(void *unused)
{
	(void)unused;
	auto set = [](int value) { lambda_value.store(value, std::memory_order_relaxed); };

	set(4);
	return NULL;
}

static void *lambda_read(void *unused)
{
	(void)unused;
	if (lambda_value.load(std::memory_order_relaxed) == 4)
		sched_yield();
	return NULL;
}

RACE(lambda)

/* The compiler may put the function wholly into the thunk that virtual bases need, and give all of
 * that the line of the function's head; which names a parameter of another function, too. */
struct thunk_base {
	virtual int thunk_count(bool is_read) = 0;
	virtual ~thunk_base() {}
	int kept = 0; /* with data, it has a table of its own */
};

struct thunk_item : virtual thunk_base {
	std::atomic<int> count{0};
	int thunk_count(bool is_read) override
	{
		return is_read ? count.load(std::memory_order_relaxed)
			       : count.fetch_add(1, std::memory_order_relaxed);
	}
};

struct thunk_nothing : virtual thunk_base {
	int thunk_count(bool) override { return 0; }
};

static thunk_base *thunk_bases[] = {new thunk_nothing, new thunk_item};

static void *thunk_write(void *thunk_count)
{
	for (thunk_base *base : thunk_bases)
		base->thunk_count(false);
	return thunk_count;
}

static void *thunk_read(void *unused)
{
	await_first();
	for (thunk_base *base : thunk_bases)
		if (base->thunk_count(true) == 2)
			sched_yield();
	return unused;
}

RACE(thunk)

static const struct race_case cases[] = {
	CASE(member, "data-race:warning? unmarked-sync?"),
	CASE(relaxed, "data-race:warning? unmarked-sync?"),
	CASE(operators, "data-race:warning? unmarked-sync?"),
	CASE(real, "data-race:warning? unmarked-sync?"),
	CASE(extended, "data-race:warning? unmarked-sync?"),
	CASE(pointer, "data-race:warning? unmarked-sync?"),
	CASE(reference, "data-race:warning? unmarked-sync?"),
	CASE(wrapped, "data-race:warning? unmarked-sync?"),
	CASE(in_class, "data-race:warning? unmarked-sync?"),
	CASE(enumerated, "data-race:warning? unmarked-sync?"),
	CASE(builtin, "data-race:warning? unmarked-sync?"),
	CASE(in_volatile, "data-race:warning? unmarked-sync?"),
	CASE(lambda, "data-race:warning? unmarked-sync?"),
	CASE(thunk, "data-race:warning? unmarked-sync?"),
};

int main(int argc, char **argv)
{
	return RUN_CASES(cases, argc, argv);
}
