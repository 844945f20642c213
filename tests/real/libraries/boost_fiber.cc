// Boost.Fiber: fibers of several threads that share a mutex, a channel, a condition.
//
// needs: /usr/include/boost/fiber/all.hpp
// build: -lboost_fiber -lboost_context
#include <boost/fiber/all.hpp>
#include <cstdio>
#include <thread>
#include <vector>

namespace fibers = boost::fibers;

static constexpr int workers = 3, each = 10;
static fibers::mutex mutex;
static fibers::condition_variable condition;
static fibers::buffered_channel<long *> channel{64};
static fibers::barrier barrier(workers);
static long sum;
static int done;

static void run_fiber(int number)
{
	for (int turn = 0; turn < 50; turn++) {
		{
			std::unique_lock<fibers::mutex> lock(mutex);
			sum += number;
		}
		if (turn % 10 == 0)
			boost::this_fiber::yield();
	}
	channel.push(new long(number));
}

static void work()
{
	std::vector<fibers::fiber> mine;

	fibers::use_scheduling_algorithm<fibers::algo::round_robin>();
	for (int i = 0; i < each; i++)
		mine.emplace_back(run_fiber, i);
	for (auto &fiber : mine)
		fiber.join();
	barrier.wait();
	std::unique_lock<fibers::mutex> lock(mutex);
	done++;
	condition.notify_all();
}

static void consume()
{
	long total = 0;

	for (int i = 0; i < workers * each; i++) {
		long *number = nullptr;

		channel.pop(number);
		total += *number;
		delete number;
	}
	printf("%ld\n", total);
}

int main()
{
	std::vector<std::thread> threads;
	fibers::promise<std::vector<int>> promise;
	auto future = promise.get_future();

	for (int i = 0; i < workers; i++)
		threads.emplace_back(work);
	threads.emplace_back(consume);
	threads.emplace_back([&] { promise.set_value({1, 2, 3}); });
	{
		std::unique_lock<fibers::mutex> lock(mutex);
		condition.wait(lock, [] { return done == workers; });
	}
	size_t size = future.get().size();
	for (auto &thread : threads)
		thread.join();
	printf("%ld %zu\n", sum, size);
	return 0;
}
