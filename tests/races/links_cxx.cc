/*
 * Lists and trees of C++ that threads share: who changes them calls the C++ library, who looks
 * something up mostly does so without a call.
 */
#include <atomic>
#include <iterator>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <set>

#include "cases.h"

#define ELEMENTS 40

/* Elements that are gone stay where they were, as others may still look at them. */
template <typename T> struct Keeping : std::allocator<T> {
	template <typename U> struct rebind {
		using other = Keeping<U>;
	};
	Keeping() = default;
	template <typename U> Keeping(const Keeping<U> &) {}
	void deallocate(T *, size_t) {}
};

template <typename T> using KeptList = std::list<T, Keeping<T>>;
using KeptSet = std::set<int, std::less<int>, Keeping<int>>;

/* No more steps than there can be, as the list may change meanwhile. */
template <typename List> static inline __attribute__((always_inline)) void walk(List &list)
{
	auto at = list.begin();
	long sum = 0;

	for (int i = 0; i < ELEMENTS && at != list.end(); i++, ++at)
		sum += *at;
	KEEP(sum);
}

static KeptList<int> added_list;
static std::mutex added_mutex;

static void *added_add(void *unused)
{
	for (int i = 0; i < ELEMENTS; i++) {
		std::lock_guard<std::mutex> guard(added_mutex);

		added_list.push_back(i);
	}
	return unused;
}

static void *added_walk(void *unused)
{
	for (int i = 0; i < ELEMENTS; i++)
		walk(added_list);
	return unused;
}

static void added_case(void)
{
	run_both(added_add, added_walk, NULL);
}

static KeptList<int> removed_list;

static void *removed_remove(void *unused)
{
	for (int i = 0; i < ELEMENTS / 2; i++)
		removed_list.pop_front();
	return unused;
}

static void *removed_walk(void *unused)
{
	for (int i = 0; i < ELEMENTS; i++)
		walk(removed_list);
	return unused;
}

static void removed_case(void)
{
	for (int i = 0; i < ELEMENTS; i++)
		removed_list.push_front(i);
	run_both(removed_remove, removed_walk, NULL);
}

static KeptList<int> moved_list, moved_other;

static void *moved_move(void *unused)
{
	for (int i = 0; i < ELEMENTS / 2; i++)
		moved_other.splice(moved_other.end(), moved_list, moved_list.begin());
	return unused;
}

static void *moved_walk(void *unused)
{
	for (int i = 0; i < ELEMENTS; i++)
		walk(moved_list);
	return unused;
}

static void moved_case(void)
{
	moved_list.assign(ELEMENTS, 1);
	run_both(moved_move, moved_walk, NULL);
}

static KeptSet found_set;
static std::mutex found_mutex;

static void *found_insert(void *unused)
{
	for (int i = 0; i < ELEMENTS; i++) {
		std::lock_guard<std::mutex> guard(found_mutex);

		found_set.insert(i);
	}
	return unused;
}

static void *found_find(void *unused)
{
	size_t count = 0;

	for (int i = 0; i < ELEMENTS; i++)
		count += found_set.count(i);
	KEEP(count);
	return unused;
}

static void found_case(void)
{
	found_set.insert(ELEMENTS / 2);
	run_both(found_insert, found_find, NULL);
}

static KeptSet erased_set;

/* Leaves: nothing is turned, so that no look-up goes round in circles. */
static void *erased_erase(void *unused)
{
	for (int i = 0; i < 8; i += 2)
		erased_set.erase(i);
	return unused;
}

static void *erased_find(void *unused)
{
	size_t count = 0;

	for (int i = 0; i < ELEMENTS; i++)
		count += erased_set.count(i);
	KEEP(count);
	return unused;
}

static void erased_case(void)
{
	for (int i : {3, 1, 5, 0, 2, 4, 6})
		erased_set.insert(i);
	run_both(erased_erase, erased_find, NULL);
}

static std::list<int> locked_list, locked_other;
static std::set<int> locked_set;
static std::mutex locked_mutex;

static void *locked_use(void *unused)
{
	for (int i = 0; i < ELEMENTS; i++) {
		std::lock_guard<std::mutex> guard(locked_mutex);

		locked_list.push_back(i);
		locked_other.splice(locked_other.begin(), locked_list, locked_list.begin());
		locked_set.insert(i);
		walk(locked_list);
		walk(locked_other);
		walk(locked_set);
		if (i % 4 == 0)
			locked_other.pop_back();
		locked_set.erase(i / 2);
	}
	return unused;
}

static void locked_case(void)
{
	run_both(locked_use, locked_use, NULL);
}

/* Made by one thread, and published as a whole. */
static std::atomic<std::list<int> *> published_list;
static std::atomic<std::map<int, int> *> published_map;

static void *published_make(void *unused)
{
	auto *list = new std::list<int>;
	auto *map = new std::map<int, int>;

	for (int i = 0; i < ELEMENTS; i++) {
		list->push_front(i);
		(*map)[i] = i;
	}
	list->reverse();
	list->remove(3);
	map->erase(5);
	published_list.store(list, std::memory_order_release);
	published_map.store(map, std::memory_order_release);
	return unused;
}

static void *published_use(void *unused)
{
	std::list<int> *list;
	std::map<int, int> *map;
	long sum = 0;

	while (!(list = published_list.load(std::memory_order_acquire)))
		sched_yield();
	walk(*list);
	while (!(map = published_map.load(std::memory_order_acquire)))
		sched_yield();
	for (auto &entry : *map)
		sum += entry.second;
	for (auto at = map->rbegin(); at != map->rend(); ++at)
		sum += at->first;
	KEEP(sum);
	delete list;
	delete map;
	return unused;
}

static void published_case(void)
{
	run_both(published_make, published_use, NULL);
}

/* What is done to lists stays what it is. */
static void check_list(const std::list<int> &list, std::initializer_list<int> wanted)
{
	MUST(list == std::list<int>(wanted));
	for (auto at = list.end(); at != list.begin();) {
		auto behind = at--;

		MUST(std::next(at) == behind);
	}
}

static void *same_use(void *unused)
{
	std::list<int> list = {1, 2, 3, 4}, other = {7, 8, 9};

	list.splice(list.begin(), list, std::prev(list.end()));
	check_list(list, {4, 1, 2, 3});
	list.splice(std::next(list.begin()), list, list.begin());
	check_list(list, {4, 1, 2, 3});
	list.splice(list.end(), other, std::next(other.begin()), other.end());
	check_list(list, {4, 1, 2, 3, 8, 9});
	check_list(other, {7});
	list.splice(list.begin(), other);
	check_list(list, {7, 4, 1, 2, 3, 8, 9});
	check_list(other, {});
	list.sort();
	check_list(list, {1, 2, 3, 4, 7, 8, 9});
	list.reverse();
	list.erase(std::next(list.begin()), std::prev(list.end()));
	check_list(list, {9, 1});
	list.insert(list.begin(), 5);
	list.swap(other);
	check_list(other, {5, 9, 1});
	return unused;
}

static void same_case(void)
{
	run_both(same_use, same_use, NULL);
}

static const struct race_case cases[] = {
	CASE(added, "data-race:error"),	  CASE(removed, "data-race:error"),
	CASE(moved, "data-race:error"),	  CASE(found, "data-race:error"),
	CASE(erased, "data-race:error"),  CASE(locked, "silent"),
	CASE(published, "silent"),	  CASE(same, "silent"),
};

int main(int argc, char **argv)
{
	return RUN_CASES(cases, argc, argv);
}
