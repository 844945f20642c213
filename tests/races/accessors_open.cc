/*
 * RULES, 'Lost updates', where getters and setters are called through pointers and the PLT,
 * or by functions that only pass the call on.  Each with what looks like it and is none.
 */
#include <mutex>

#include "cases.h"

/* Both threads have read before either writes. */
static pthread_barrier_t both_have_read;

struct balance {
	virtual long get() = 0;
	virtual void set(long value) = 0;
};

/* A class of its own for each case, as findings are told apart by their places. */
template <int number> struct account : balance {
	std::mutex lock;
	long value = 100;

	NOINLINE long get() override
	{
		const std::lock_guard<std::mutex> guard(lock);
		return value;
	}

	NOINLINE void set(long stored) override
	{
		const std::lock_guard<std::mutex> guard(lock);
		value = stored;
	}
};

/* Its calls of @BALANCE, a reference, are not those of a known class. */
#define WITHDRAW(name, number, get_it, set_it, stored)                                             \
	static account<number> name##_account;                                                     \
	static balance *volatile name##_balance = &name##_account;                                 \
	static NOINLINE void name##_withdraw(balance &object)                                      \
	{                                                                                          \
		long value = get_it;                                                               \
                                                                                                   \
		pthread_barrier_wait(&both_have_read);                                             \
		set_it(stored);                                                                    \
		KEEP(value);                                                                       \
		KEEP(object);                                                                      \
	}                                                                                          \
	static void *name##_work(void *unused)                                                     \
	{                                                                                          \
		name##_withdraw(*name##_balance);                                                  \
		return unused;                                                                     \
	}                                                                                          \
	static void name##_case(void)                                                              \
	{                                                                                          \
		run_both(name##_work, name##_work, NULL);                                          \
	}

WITHDRAW(methods, 1, object.get(), object.set, value - 10)

/* What is stored does not rest on what was loaded, or on what another object had. */
WITHDRAW(unrelated, 2, object.get(), object.set, 10)

static account<3> other_from;
static balance *volatile other_from_balance = &other_from;
WITHDRAW(other, 4, other_from_balance->get(), object.set, value - 10)

/* It is read again, but in a section of its own. */
WITHDRAW(again, 5, object.get(), object.set, object.get() - 10 * value)

/* --- Forwarders ----------------------------------------------------------------------------- */

static NOINLINE long get_of(balance &object)
{
	KEEP(object);
	return object.get();
}

static NOINLINE void set_of(int times, long stored, balance &object)
{
	KEEP(times);
	object.set(stored);
	KEEP(object);
}

WITHDRAW(
	forwarded, 6, get_of(object), [&](long stored) { set_of(1, stored, object); }, value - 10)

static NOINLINE void set_twice(long stored, balance &object, int unused)
{
	set_of(unused, stored, object);
	KEEP(object);
}

WITHDRAW(
	forwarded_twice, 7, get_of(object), [&](long stored) { set_twice(stored, object, 1); },
	value - 10)

/* The argument that rests on the value is not what is stored. */
WITHDRAW(
	forwarded_beside, 8, get_of(object), [&](int times) { set_of(times, 5, object); },
	(int)value - 10)

/* --- The PLT -------------------------------------------------------------------------------- */

static pthread_mutex_t plt_lock = PTHREAD_MUTEX_INITIALIZER;
static long plt_value = 100;

extern "C" {

static long plt_load(void)
{
	long value;

	pthread_mutex_lock(&plt_lock);
	value = plt_value;
	pthread_mutex_unlock(&plt_lock);
	return value;
}

static void plt_store(long value)
{
	pthread_mutex_lock(&plt_lock);
	plt_value = value;
	pthread_mutex_unlock(&plt_lock);
	KEEP(plt_value);
}

/* Whoever the loader asks where a function is, is called through the PLT. */
long (*resolve_plt_get(void))(void)
{
	return plt_load;
}

void (*resolve_plt_set(void))(long)
{
	return plt_store;
}

long plt_get(void) __attribute__((ifunc("resolve_plt_get")));
void plt_set(long value) __attribute__((ifunc("resolve_plt_set")));
}

WITHDRAW(plt, 9, plt_get(), plt_set, value - 10)

static const struct race_case cases[] = {
	CASE(methods, "lost-update:error"),
	CASE(unrelated, "silent"),
	CASE(other, "silent"),
	CASE(again, "lost-update?"),
	CASE(forwarded, "lost-update:error"),
	CASE(forwarded_twice, "lost-update:error"),
	CASE(forwarded_beside, "silent"),
	CASE(plt, "lost-update:error"),
};

int main(int argc, char **argv)
{
	pthread_barrier_init(&both_have_read, NULL, 2);
	return RUN_CASES(cases, argc, argv);
}
