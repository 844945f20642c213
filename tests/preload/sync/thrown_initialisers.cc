/*
 * Exceptions and cancellation through once-only initialisers: the next caller
 * tries again, and all who return see the initialised object.
 *
 * guest-forgetful: yes
 */
#include "../guest.h"

#include <atomic>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

pthread_once_t c_once = PTHREAD_ONCE_INIT;
pthread_once_t cancelled_once = PTHREAD_ONCE_INIT;
std::once_flag cxx_once;
std::mutex mutex;
int c_tries, cxx_tries, static_tries, cancelled_tries;
std::atomic<int> caught_count;

void initialise_c()
{
	std::lock_guard<std::mutex> guard(mutex);
	if (++c_tries < 4)
		throw std::runtime_error("pthread_once");
}

void initialise_cxx()
{
	std::lock_guard<std::mutex> guard(mutex);
	if (++cxx_tries < 4)
		throw std::runtime_error("call_once");
}

int initial_value()
{
	std::lock_guard<std::mutex> guard(mutex);
	if (++static_tries < 4)
		throw std::runtime_error("static local");
	return 17;
}

int static_value()
{
	static int value = initial_value();
	return value;
}

void cancel_first()
{
	if (++cancelled_tries == 1) {
		pthread_cancel(pthread_self());
		pthread_testcancel();
	}
}

void *call_cancelled(void *)
{
	pthread_once(&cancelled_once, cancel_first);
	return nullptr;
}

template <typename function> void call_until_it_works(function call)
{
	for (;;) {
		try {
			call();
			return;
		} catch (const std::runtime_error &) {
			caught_count++;
		}
	}
}

void use_all()
{
	call_until_it_works([] { pthread_once(&c_once, initialise_c); });
	call_until_it_works([] { std::call_once(cxx_once, initialise_cxx); });
	call_until_it_works([] { CHECK_IS(static_value(), 17); });
	CHECK_IS(c_tries, 4);
	CHECK_IS(cxx_tries, 4);
	CHECK_IS(static_tries, 4);
}

} // namespace

int main()
{
	std::vector<std::thread> threads;

	for (int i = 0; i < 8; i++)
		threads.emplace_back(use_all);
	for (auto &thread : threads)
		thread.join();
	CHECK_IS(caught_count, 9);

	CHECK(guest_run_in_thread(call_cancelled, nullptr) == PTHREAD_CANCELED);
	CHECK(guest_run_in_thread(call_cancelled, nullptr) == nullptr);
	CHECK(guest_run_in_thread(call_cancelled, nullptr) == nullptr);
	CHECK_IS(cancelled_tries, 2);
	return guest_passed();
}
