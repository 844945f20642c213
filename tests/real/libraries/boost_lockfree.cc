// Boost's lock-free queue, stack and ring of one producer and one consumer.
//
// needs: /usr/include/boost/lockfree/queue.hpp
#include <boost/lockfree/queue.hpp>
#include <boost/lockfree/spsc_queue.hpp>
#include <boost/lockfree/stack.hpp>
#include <cstdio>
#include <thread>

struct item {
	long first, second;
};

static constexpr int turns = 10000;
static boost::lockfree::queue<item *> queue(128);
static boost::lockfree::spsc_queue<item *, boost::lockfree::capacity<64>> ring;
static boost::lockfree::stack<item *> stack(128);

static void produce()
{
	for (int i = 0; i < turns; i++) {
		auto *queued = new item{i, i + 1}, *in_ring = new item{i, 2},
		     *stacked = new item{i, 3};

		while (!queue.push(queued))
			;
		while (!ring.push(in_ring))
			std::this_thread::yield();
		while (!stack.push(stacked))
			;
	}
}

static void consume()
{
	long sum = 0;
	int taken = 0;
	item *it;

	while (taken < 3 * turns) {
		bool found = queue.pop(it);

		for (int from = 0; from < 3; from++) {
			if (found) {
				sum += it->first + it->second;
				delete it;
				taken++;
			}
			found = from == 0 ? ring.pop(it) : from == 1 && stack.pop(it);
		}
	}
	printf("%ld\n", sum);
}

int main()
{
	std::thread producer(produce), consumer(consume);

	producer.join();
	consumer.join();
	return 0;
}
