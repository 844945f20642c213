/* A C++ library for a C program that knows nothing of exceptions. */
#include "throwing_library.h"
#include "../guest.h"

#include <mutex>
#include <stdexcept>
#include <thread>

namespace {

std::mutex mutex;
int destroyed_count;

struct counted {
	~counted()
	{
		destroyed_count++;
	}
};

[[gnu::noinline]] void throw_under_lock(int depth)
{
	counted here;
	std::unique_lock<std::mutex> guard(mutex, std::defer_lock);

	if (!depth) {
		guard.lock();
		throw std::out_of_range("under a lock");
	}
	throw_under_lock(depth - 1);
	destroyed_count += 1000;
}

} // namespace

extern "C" int throwing_library_run(void)
{
	int caught_count = 0;

	destroyed_count = 0;
	for (int i = 0; i < 50; i++) {
		try {
			throw_under_lock(4);
		} catch (const std::logic_error &) {
			std::lock_guard<std::mutex> guard(mutex);
			caught_count++;
		}
	}
	std::thread([&] {
		try {
			throw_under_lock(4);
		} catch (...) {
			caught_count++;
		}
	}).join();
	CHECK_IS(destroyed_count, 51 * 5);
	return caught_count;
}

extern "C" void throwing_library_leave_thread(void *result)
{
	counted here;
	std::lock_guard<std::mutex> guard(mutex);

	pthread_exit(result);
}
