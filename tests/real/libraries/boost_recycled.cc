// Boost's lock-free queues and stacks where all push and pop, so that their nodes are used again.
//
// needs: /usr/include/boost/lockfree/queue.hpp
#include <boost/lockfree/queue.hpp>
#include <boost/lockfree/stack.hpp>
#include <atomic>
#include <cstdio>
#include <thread>
#include <vector>

struct item {
	long first, second;
};

static constexpr int turns = 1500, threads = 2;
static boost::lockfree::queue<item *> queue(16);
static boost::lockfree::stack<item *> stack(16);
static boost::lockfree::queue<item *, boost::lockfree::capacity<64>> bounded_queue;
static boost::lockfree::stack<item *, boost::lockfree::capacity<64>> bounded_stack;
static std::atomic<long> sum, taken;

template <typename container> static void put(container &to, int i)
{
	auto *it = new item{i, i + 1};

	while (!to.push(it))
		std::this_thread::yield();
}

template <typename container> static void take(container &from)
{
	item *it;

	if (!from.pop(it))
		return;
	sum += it->first + it->second;
	taken++;
	delete it;
}

static void produce()
{
	for (int i = 0; i < turns; i++) {
		put(queue, i);
		put(stack, i);
		put(bounded_queue, i);
		put(bounded_stack, i);
	}
}

static void consume()
{
	while (taken < 4L * turns * threads) {
		take(queue);
		take(stack);
		take(bounded_queue);
		take(bounded_stack);
	}
}

int main()
{
	std::vector<std::thread> all;

	for (int i = 0; i < threads; i++) {
		all.emplace_back(produce);
		all.emplace_back(consume);
	}
	for (auto &thread : all)
		thread.join();
	printf("%ld\n", sum.load());
	return 0;
}
