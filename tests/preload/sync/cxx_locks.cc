/*
 * The lock types of C++, each as a counter's guard, with the exceptions that
 * they throw when they refuse.
 *
 * snarl-expect: status=0 kinds=
 */
#include "../guest.h"

#include <chrono>
#include <mutex>
#include <shared_mutex>
#include <system_error>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

namespace {

constexpr int thread_count = 4;
constexpr int round_count = 500;

template <typename function> void run_threads(function body)
{
	std::vector<std::thread> threads;

	for (int i = 0; i < thread_count; i++)
		threads.emplace_back(body);
	for (auto &thread : threads)
		thread.join();
}

template <typename mutex_type> void count_under(const char *name)
{
	mutex_type mutex;
	int counter = 0;

	run_threads([&] {
		for (int i = 0; i < round_count; i++) {
			std::lock_guard<mutex_type> guard(mutex);
			counter++;
		}
	});
	CHECK_IS(counter, thread_count * round_count);
	printf("%s: %d\n", name, counter);
}

template <typename mutex_type> void count_by_deadline(const char *name)
{
	mutex_type mutex;
	int counter = 0;

	run_threads([&] {
		for (int i = 0; i < round_count; i++) {
			std::unique_lock<mutex_type> guard(mutex, std::defer_lock);
			if (i % 3 == 0)
				CHECK(guard.try_lock_for(60s));
			else if (i % 3 == 1)
				CHECK(guard.try_lock_until(std::chrono::steady_clock::now() + 60s));
			else
				CHECK(guard.try_lock_until(std::chrono::system_clock::now() + 60s));
			counter++;
		}
	});
	CHECK_IS(counter, thread_count * round_count);
	printf("%s: %d\n", name, counter);
}

template <typename mutex_type> void count_shared(const char *name)
{
	mutex_type mutex;
	int counter = 0;

	run_threads([&] {
		int seen = 0;

		for (int i = 0; i < round_count; i++) {
			{
				std::shared_lock<mutex_type> guard(mutex);
				CHECK(counter >= seen);
				seen = counter;
			}
			std::unique_lock<mutex_type> guard(mutex);
			counter++;
		}
	});
	CHECK_IS(counter, thread_count * round_count);
	printf("%s: %d\n", name, counter);
}

/* std::lock and scoped_lock take several locks in any order, by try_lock. */
void lock_several()
{
	std::mutex first, second, third;
	int counter = 0;

	std::thread one([&] {
		for (int i = 0; i < round_count; i++) {
			std::scoped_lock guard(first, second, third);
			counter++;
		}
	});
	std::thread two([&] {
		for (int i = 0; i < round_count; i++) {
			std::scoped_lock guard(third, first, second);
			counter++;
		}
	});
	one.join();
	two.join();
	CHECK_IS(counter, 2 * round_count);
}

void check_refusals()
{
	std::recursive_mutex recursive;
	std::timed_mutex timed;
	std::unique_lock<std::timed_mutex> held(timed);
	int caught_count = 0;

	std::thread([&] {
		CHECK(!timed.try_lock());
		CHECK(!timed.try_lock_for(1ms));
	}).join();
	try {
		held.lock();
	} catch (const std::system_error &error) {
		CHECK(error.code() == std::errc::resource_deadlock_would_occur);
		caught_count++;
	}
	held.unlock();
	try {
		held.unlock();
	} catch (const std::system_error &error) {
		CHECK(error.code() == std::errc::operation_not_permitted);
		caught_count++;
	}
	try {
		std::thread().join();
	} catch (const std::system_error &error) {
		CHECK(error.code() == std::errc::invalid_argument);
		caught_count++;
	}
	CHECK_IS(caught_count, 3);
	for (int i = 0; i < 100; i++)
		recursive.lock();
	for (int i = 0; i < 100; i++)
		recursive.unlock();
}

} // namespace

int main()
{
	count_under<std::mutex>("mutex");
	count_under<std::recursive_mutex>("recursive_mutex");
	count_by_deadline<std::timed_mutex>("timed_mutex");
	count_by_deadline<std::recursive_timed_mutex>("recursive_timed_mutex");
	count_shared<std::shared_mutex>("shared_mutex");
	count_shared<std::shared_timed_mutex>("shared_timed_mutex");
	lock_several();
	check_refusals();
	return guest_passed();
}
