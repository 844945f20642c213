/*
 * RULES, 'Lost updates', where C++ finds the place by functions that stay calls in
 * unoptimised code, and where methods lock by themselves.  Each with what looks like it.
 */
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "cases.h"

/* Both threads have read before either writes. */
static pthread_barrier_t both_have_read;

/* A case in which both threads do @work. */
#define BOTH(name, work)                                                                           \
	static void *name##_work(void *unused)                                                     \
	{                                                                                          \
		(void)unused;                                                                      \
		work;                                                                              \
		return NULL;                                                                       \
	}                                                                                          \
	static void name##_case(void)                                                              \
	{                                                                                          \
		run_both(name##_work, name##_work, NULL);                                          \
	}

static std::vector<long> element_values(4);
static NOINLINE void element_count(size_t index)
{
	element_values[index] = element_values[index] + 1;
}

BOTH(element, element_count(2))

/* Another element is stored to than was loaded. */
static std::vector<long> other_element_values(4);
static NOINLINE void other_element_count(size_t index)
{
	other_element_values[index] = other_element_values[index + 1] + 1;
}

BOTH(other_element, other_element_count(2))

static std::map<int, long> entry_values{{1, 1}, {2, 2}};
static NOINLINE void entry_count(int key)
{
	entry_values[key] = entry_values[key] + 1;
}

BOTH(entry, entry_count(2))

struct pair_of_counts {
	long first, second;
};

static std::unique_ptr<pair_of_counts> owned_counts{new pair_of_counts{1, 2}};

BOTH(owned, owned_counts->second = owned_counts->second + 1)

/* Under a lock. */
static std::mutex guarded_lock;
static std::unique_ptr<pair_of_counts> guarded_counts{new pair_of_counts{1, 2}};

BOTH(guarded, const std::lock_guard<std::mutex> guard(guarded_lock);
     guarded_counts->second = guarded_counts->second + 1)

/* Findings are told apart by code, so some cases have an account of their own. */
template <int> class numbered_account {
	std::mutex lock;
	long balance = 100;
public:
	NOINLINE long get()
	{
		const std::lock_guard<std::mutex> guard(lock);
		return balance;
	}

	NOINLINE void set(long value)
	{
		const std::lock_guard<std::mutex> guard(lock);
		balance = value;
	}

	NOINLINE void add(long value)
	{
		const std::lock_guard<std::mutex> guard(lock);
		balance += value;
	}
};

using Account = numbered_account<1>;

static Account methods_account;
static NOINLINE void methods_withdraw(Account &account)
{
	long balance = account.get();

	pthread_barrier_wait(&both_have_read);
	account.set(balance - 10);
	KEEP(account);
}

BOTH(methods, methods_withdraw(methods_account))

/* One after the other: neither setter is an update by itself. */
static numbered_account<2> turns_account;
static NOINLINE void turns_withdraw(numbered_account<2> &account, long amount)
{
	account.set(account.get() - amount);
	KEEP(account);
}

static void *turns_write(void *unused)
{
	turns_withdraw(turns_account, 10);
	return unused;
}

static void *turns_read(void *unused)
{
	await_first();
	turns_withdraw(turns_account, 20);
	return unused;
}

RACE(turns)

/* The methods ask those of a member. */
class nested_account {
	std::mutex lock;
	numbered_account<3> inner;
public:
	NOINLINE long get()
	{
		const std::lock_guard<std::mutex> guard(lock);
		return inner.get();
	}

	NOINLINE void set(long value)
	{
		const std::lock_guard<std::mutex> guard(lock);
		inner.set(value);
	}
};

static nested_account nested_account_shared;
static NOINLINE void nested_withdraw(nested_account &account)
{
	account.set(account.get() - 10);
	KEEP(account);
}

static void *nested_write(void *unused)
{
	nested_withdraw(nested_account_shared);
	return unused;
}

static void *nested_read(void *unused)
{
	await_first();
	nested_withdraw(nested_account_shared);
	return unused;
}

RACE(nested)

/* In one method. */
static Account whole_method_account;
static NOINLINE void whole_method_withdraw(Account &account)
{
	long balance = account.get();

	pthread_barrier_wait(&both_have_read);
	account.add(-10);
	KEEP(balance);
}

BOTH(whole_method, whole_method_withdraw(whole_method_account))

/* clang's unoptimised store() asks for its memory order first, and is none. */
static std::atomic<long> atomic_value;

BOTH(atomic, atomic_value.store(atomic_value.load() + 1); KEEP(atomic_value))

/* Both sections search for the entry. */
static std::mutex found_lock;
static std::map<int, long> found_tree{{1, 1}, {2, 2}};
static std::unordered_map<int, long> found_table{{1, 1}, {2, 2}};

/* What was read, once the other thread has read, too. */
#define READ_ENTRY(entries, key)                                                                   \
	({                                                                                         \
		found_lock.lock();                                                                 \
		long entry_value = (entries)[key];                                                 \
		found_lock.unlock();                                                               \
		pthread_barrier_wait(&both_have_read);                                             \
		entry_value;                                                                       \
	})

static NOINLINE void found_in_tree_count(int key)
{
	long value = READ_ENTRY(found_tree, key);

	found_lock.lock();
	found_tree[key] = value + 1;
	found_lock.unlock();
}

BOTH(found_in_tree, found_in_tree_count(2))

static NOINLINE void found_in_table_count(int key)
{
	long value = READ_ENTRY(found_table, key);

	found_lock.lock();
	found_table[key] = value + 1;
	found_lock.unlock();
}

BOTH(found_in_table, found_in_table_count(2))

/* What is stored rests on another entry. */
static NOINLINE void found_beside_count(int from, int to)
{
	long value = READ_ENTRY(found_tree, from);

	found_lock.lock();
	found_tree[to] = value + 1;
	found_lock.unlock();
}

BOTH(found_beside, found_beside_count(1, 3))

/* It is read again. */
static NOINLINE void found_again_count(int key)
{
	long value = READ_ENTRY(found_tree, key);

	found_lock.lock();
	if (found_tree[key] != value)
		value = found_tree[key];
	found_tree[key] = value + 1;
	found_lock.unlock();
}

BOTH(found_again, found_again_count(4))

static const struct race_case cases[] = {
	CASE(element, "lost-update:error"),
	CASE(other_element, "data-race:error"),
	CASE(entry, "lost-update:error|data-race:error"), /* its search is not followed */
	CASE(owned, "lost-update:error"),
	CASE(guarded, "silent"),
	CASE(atomic, "lost-update?"),
	CASE(methods, "lost-update:error"),
	CASE(turns, "lost-update:warning"),
	CASE(nested, "lost-update:warning"),
	CASE(whole_method, "silent"),
	CASE(found_in_tree, "lost-update:error"),
	CASE(found_in_table, "lost-update:error"),
	CASE(found_beside, "silent"),
	CASE(found_again, "silent"),
};

int main(int argc, char **argv)
{
	pthread_barrier_init(&both_have_read, NULL, 2);
	return RUN_CASES(cases, argc, argv);
}
