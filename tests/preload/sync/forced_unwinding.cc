/*
 * pthread_exit and cancellation unwind C++ frames: destructors run, catch (...)
 * sees the unwinding and passes it on, in every kind of wait; exceptions are
 * thrown and caught while locks are held.
 *
 * guest-forgetful: yes
 */
#include "../guest.h"

#include <atomic>
#include <cxxabi.h>
#include <mutex>
#include <semaphore.h>
#include <stdexcept>

namespace {

std::mutex mutex;
pthread_mutex_t c_mutex = PTHREAD_MUTEX_INITIALIZER;
pthread_cond_t c_condition = PTHREAD_COND_INITIALIZER;
sem_t never_posted;
std::atomic<int> destroyed_count, seen_count, waiter_id;

struct counted {
	~counted()
	{
		destroyed_count++;
	}
};

struct c_guard {
	c_guard()
	{
		CHECK_IS(pthread_mutex_lock(&c_mutex), 0);
	}
	~c_guard()
	{
		CHECK_IS(pthread_mutex_unlock(&c_mutex), 0);
	}
};

/* Not known to the compiler as a function that does not return. */
void (*volatile leave_thread)(void *) = pthread_exit;

[[gnu::noinline]] void leave_below(int depth)
{
	counted here;
	std::lock_guard<std::mutex> *no_guard = nullptr;

	if (depth)
		leave_below(depth - 1);
	else
		leave_thread(&mutex);
	CHECK(no_guard);
}

void *leave_by_exit(void *)
{
	std::lock_guard<std::mutex> guard(mutex);
	try {
		leave_below(9);
	} catch (const std::exception &) {
		CHECK_NOT_REACHED("not an exception of the program");
	} catch (abi::__forced_unwind &) {
		seen_count++;
		throw;
	}
	return nullptr;
}

void *wait_for_semaphore(void *)
{
	counted here;
	waiter_id = gettid();
	sem_wait(&never_posted);
	return nullptr;
}

void *wait_for_condition(void *)
{
	c_guard guard;
	counted here;
	waiter_id = gettid();
	for (;;)
		pthread_cond_wait(&c_condition, &c_mutex);
}

void check_cancel(void *(*body)(void *))
{
	for (int i = 0; i < 20; i++) {
		waiter_id = 0;
		destroyed_count = 0;
		pthread_t thread = guest_start(body, nullptr);
		while (!waiter_id)
			sched_yield();
		guest_await_sleep(waiter_id);
		CHECK_IS(pthread_cancel(thread), 0);
		CHECK(guest_join(thread) == PTHREAD_CANCELED);
		CHECK_IS(destroyed_count, 1);
	}
}

[[gnu::noinline]] void throw_below(int depth)
{
	c_guard *no_guard = nullptr;
	counted here;

	if (!depth)
		throw std::runtime_error("below");
	throw_below(depth - 1);
	CHECK(no_guard);
}

void check_exceptions()
{
	destroyed_count = 0;
	for (int i = 0; i < 100; i++) {
		try {
			std::lock_guard<std::mutex> guard(mutex);
			throw_below(9);
		} catch (const std::runtime_error &) {
			std::lock_guard<std::mutex> guard(mutex);
			seen_count++;
		}
	}
	CHECK_IS(destroyed_count, 1000);
	CHECK_IS(seen_count, 101);
}

} // namespace

int main()
{
	CHECK_IS(sem_init(&never_posted, 0, 0), 0);
	CHECK(guest_run_in_thread(leave_by_exit, nullptr) == &mutex);
	CHECK_IS(destroyed_count, 10);
	CHECK_IS(seen_count, 1);
	check_cancel(wait_for_semaphore);
	check_cancel(wait_for_condition);
	check_exceptions();
	return guest_passed();
}
