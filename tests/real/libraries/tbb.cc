// oneTBB: loops, tasks, containers, its own mutexes.
//
// needs: /usr/include/oneapi/tbb.h
// build: -std=c++17 -ltbb
#include <cstdio>
#include <oneapi/tbb.h>
#include <string>
#include <thread>
#include <vector>

struct item {
	long value;
};

static tbb::concurrent_queue<item *> queue;
static tbb::concurrent_bounded_queue<item *> bounded;
static tbb::concurrent_hash_map<int, std::string> map;
static tbb::concurrent_vector<long> grown;
static tbb::spin_mutex spin;
static tbb::queuing_mutex queuing;
static tbb::spin_rw_mutex rwlock;
static long by_spin, by_queuing, by_rwlock;

static void lock_in_turn(int turn)
{
	{
		tbb::spin_mutex::scoped_lock lock(spin);
		by_spin++;
	}
	{
		tbb::queuing_mutex::scoped_lock lock(queuing);
		by_queuing++;
	}
	tbb::spin_rw_mutex::scoped_lock lock(rwlock, turn % 4 == 0);
	if (turn % 4 == 0)
		by_rwlock++;
	else if (by_rwlock < 0)
		abort();
}

static void run_task()
{
	item *it;

	for (int turn = 0; turn < 200; turn++) {
		queue.push(new item{turn});
		{
			tbb::concurrent_hash_map<int, std::string>::accessor access;
			map.insert(access, turn % 20);
			access->second += "x";
		}
		grown.push_back(turn);
		lock_in_turn(turn);
		if (queue.try_pop(it))
			delete it;
	}
}

static long run_loops()
{
	std::vector<long> values(20000);
	tbb::blocked_range<size_t> all(0, values.size());

	tbb::parallel_for(all, [&](auto &range) {
		for (size_t i = range.begin(); i < range.end(); i++)
			values[i] = (long)i;
	});
	tbb::parallel_sort(values.begin(), values.end(), std::greater<long>());
	return tbb::parallel_reduce(
		all, 0L,
		[&](auto &range, long sum) {
			for (size_t i = range.begin(); i < range.end(); i++)
				sum += values[i];
			return sum;
		},
		std::plus<long>());
}

int main()
{
	long sum = run_loops(), handed = 0;
	tbb::task_group tasks;
	item *it;

	for (int i = 0; i < 8; i++)
		tasks.run(run_task);
	tasks.wait();
	bounded.set_capacity(16);
	std::thread producer([] {
		for (int i = 0; i < 500; i++)
			bounded.push(new item{i});
	});
	for (int i = 0; i < 500; i++) {
		bounded.pop(it);
		handed += it->value;
		delete it;
	}
	producer.join();
	while (queue.try_pop(it))
		delete it;
	printf("%ld %ld %ld %ld %ld %zu\n", sum, by_spin, by_queuing, by_rwlock, handed,
	       grown.size());
	return 0;
}
