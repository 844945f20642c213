// moodycamel's concurrent queues: items made by one thread, taken and freed by another.
//
// needs: /usr/include/concurrentqueue/concurrentqueue.h
#include <atomic>
#include <concurrentqueue/blockingconcurrentqueue.h>
#include <concurrentqueue/concurrentqueue.h>
#include <cstdio>
#include <thread>

struct item {
	long first, second;
};

static constexpr int each = 10000;
static moodycamel::ConcurrentQueue<item *> queue;
static moodycamel::BlockingConcurrentQueue<item *> blocking;
static std::atomic<int> taken;
static std::atomic<long> sum;

static void produce()
{
	moodycamel::ProducerToken token(queue);

	for (int i = 0; i < each; i++) {
		if (i % 2)
			queue.enqueue(token, new item{i, 1});
		else
			queue.enqueue(new item{i, 1});
		if (i % 10 == 0)
			blocking.enqueue(new item{i, 2});
	}
}

static void use(item *it)
{
	sum += it->first + it->second;
	delete it;
}

static void consume()
{
	item *it;
	item *many[8];

	while (taken < 2 * each) {
		if (queue.try_dequeue(it)) {
			use(it);
			taken++;
		}
		size_t count = queue.try_dequeue_bulk(many, 8);
		for (size_t i = 0; i < count; i++)
			use(many[i]);
		taken += (int)count;
	}
	for (int i = 0; i < each / 10; i++) {
		blocking.wait_dequeue(it);
		use(it);
	}
}

int main()
{
	std::thread threads[] = {std::thread(produce), std::thread(produce), std::thread(consume),
				 std::thread(consume)};

	for (auto &thread : threads)
		thread.join();
	printf("%ld\n", sum.load());
	return 0;
}
