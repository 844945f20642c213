/*
 * The waits of C++: conditions, futures, jthread and stop tokens, latch,
 * barrier, semaphores and atomic wait, static locals that threads contend for.
 */
#include "../guest.h"

#include <atomic>
#include <barrier>
#include <chrono>
#include <condition_variable>
#include <future>
#include <latch>
#include <memory>
#include <mutex>
#include <queue>
#include <semaphore>
#include <shared_mutex>
#include <stdexcept>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

namespace {

constexpr int item_count = 1000;

template <typename mutex_type, typename condition_type> void hand_over()
{
	mutex_type mutex;
	condition_type changed;
	std::queue<std::unique_ptr<int>> queue;
	long sum = 0;

	std::thread consumer([&] {
		for (int i = 0; i < item_count; i++) {
			std::unique_lock<mutex_type> guard(mutex);
			if (i % 2)
				changed.wait(guard, [&] { return !queue.empty(); });
			else
				CHECK(changed.wait_for(guard, 60s, [&] { return !queue.empty(); }));
			sum += *queue.front();
			queue.pop();
		}
	});
	for (int i = 0; i < item_count; i++) {
		std::lock_guard<mutex_type> guard(mutex);
		queue.push(std::make_unique<int>(i));
		changed.notify_one();
	}
	consumer.join();
	CHECK_IS(sum, item_count * (item_count - 1) / 2);
	std::unique_lock<mutex_type> guard(mutex);
	CHECK(changed.wait_for(guard, 1ms) == std::cv_status::timeout);
	CHECK(!changed.wait_until(guard, std::chrono::system_clock::now(), [] { return false; }));
}

void use_futures()
{
	std::promise<std::vector<int>> promise;
	std::future<std::vector<int>> future = promise.get_future();
	std::thread keeper([&] { promise.set_value({1, 2, 3}); });
	std::shared_future<int> shared = std::async(std::launch::async, [] { return 5; }).share();
	auto failing = std::async(std::launch::async, []() -> int {
		throw std::runtime_error("in async");
	});
	auto deferred = std::async(std::launch::deferred, [] { return 6; });
	int caught_count = 0;

	CHECK_IS(future.get().size(), 3);
	keeper.join();
	CHECK_IS(shared.get() + deferred.get(), 11);
	try {
		failing.get();
	} catch (const std::runtime_error &) {
		caught_count++;
	}
	try {
		std::future<int> broken = std::promise<int>().get_future();
		broken.get();
	} catch (const std::future_error &) {
		caught_count++;
	}
	CHECK_IS(caught_count, 2);
	std::packaged_task<int(int)> task([](int value) { return value * 2; });
	std::future<int> doubled = task.get_future();
	std::thread(std::move(task), 21).join();
	CHECK_IS(doubled.get(), 42);
}

void use_stop_tokens()
{
	std::mutex mutex;
	std::condition_variable_any changed;
	std::atomic<int> stopped_count{0};

	{
		std::vector<std::jthread> threads;
		for (int i = 0; i < 4; i++)
			threads.emplace_back([&](std::stop_token token) {
				std::unique_lock<std::mutex> guard(mutex);
				CHECK(!changed.wait(guard, token, [] { return false; }));
				stopped_count++;
			});
	}
	CHECK_IS(stopped_count, 4);
}

void use_rendezvous()
{
	std::latch all_here(4);
	std::counting_semaphore<8> tickets(0);
	std::binary_semaphore baton(1);
	std::atomic<int> phase_count{0}, word{0};
	int counter = 0;
	std::barrier phases(4, [&]() noexcept { phase_count++; });
	std::vector<std::jthread> threads;

	for (int i = 0; i < 4; i++)
		threads.emplace_back([&] {
			all_here.arrive_and_wait();
			for (int round = 0; round < 50; round++)
				phases.arrive_and_wait();
			for (int round = 0; round < 50; round++) {
				baton.acquire();
				counter++;
				baton.release();
			}
			word.wait(0);
			tickets.release();
		});
	word = 1;
	word.notify_all();
	for (int i = 0; i < 4; i++)
		tickets.acquire();
	CHECK(!tickets.try_acquire());
	CHECK(!tickets.try_acquire_for(1ms));
	threads.clear();
	CHECK_IS(counter, 200);
	CHECK_IS(phase_count, 50);
}

struct slow_to_make {
	static std::atomic<int> made_count;
	int parts[100];

	slow_to_make()
	{
		made_count++;
		for (int &part : parts) {
			part = 7;
			std::this_thread::yield();
		}
	}
};

std::atomic<int> slow_to_make::made_count;

slow_to_make &only_one()
{
	static slow_to_make instance;
	return instance;
}

void contend_for_static()
{
	std::vector<std::jthread> threads;

	for (int i = 0; i < 8; i++)
		threads.emplace_back([] { CHECK_IS(only_one().parts[99], 7); });
	threads.clear();
	CHECK_IS(slow_to_make::made_count, 1);
}

} // namespace

int main()
{
	hand_over<std::mutex, std::condition_variable>();
	hand_over<std::mutex, std::condition_variable_any>();
	hand_over<std::shared_mutex, std::condition_variable_any>();
	hand_over<std::recursive_timed_mutex, std::condition_variable_any>();
	use_futures();
	use_stop_tokens();
	use_rendezvous();
	contend_for_static();
	return guest_passed();
}
