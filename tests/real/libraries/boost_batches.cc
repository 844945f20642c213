// boost.lockfree's ring of one producer and one consumer, in batches of strings: the producer
// reads its own index, too, comes by other code where a batch goes round the end, and the
// consumer counts each item by a locked instruction.
//
// needs: /usr/include/boost/lockfree/spsc_queue.hpp
// build: -std=c++17
#include <atomic>
#include <boost/lockfree/spsc_queue.hpp>
#include <cstdio>
#include <string>
#include <thread>

static constexpr int batches = 600, items = 5;
static boost::lockfree::spsc_queue<std::string> ring(32);
static std::atomic<long> sum;

static void produce()
{
	std::string batch[items];

	for (int i = 0; i < batches; i++) {
		for (auto &item : batch)
			item = "batch " + std::to_string(i);
		for (size_t done = 0; done < items;)
			done += ring.push(batch + done, items - done);
	}
}

static void consume()
{
	for (size_t count = 0; count < items * batches;)
		count += ring.consume_all(
			[](const std::string &item) { sum += (long)item.size(); });
}

int main()
{
	std::thread producer(produce), consumer(consume);

	producer.join();
	consumer.join();
	printf("%ld\n", sum.load());
	return 0;
}
