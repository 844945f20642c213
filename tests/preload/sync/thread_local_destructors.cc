/*
 * C++ thread_local and static objects whose destructors lock, after the
 * thread's function has returned, was left by pthread_exit or was cancelled.
 *
 * guest-bare: yes
 */
#include "../guest.h"

#include <atomic>
#include <mutex>
#include <thread>

namespace {

std::mutex mutex;
std::atomic<int> destroyed_count;

struct locker {
	std::mutex own;

	locker()
	{
		std::lock_guard<std::mutex> guard(mutex);
	}
	~locker()
	{
		std::lock_guard<std::mutex> guard(mutex);
		std::lock_guard<std::mutex> inner(own);
		destroyed_count++;
	}
};

struct sayer {
	~sayer()
	{
		std::lock_guard<std::mutex> guard(mutex);
		printf("static destructor, %d thread_local before\n", destroyed_count.load());
	}
};

thread_local locker outer;
sayer last;

void *leave_by_exit(void *)
{
	std::lock_guard<std::mutex> guard(outer.own);
	pthread_exit(&last);
}

void *leave_by_cancel(void *)
{
	std::lock_guard<std::mutex> guard(outer.own);
	pthread_cancel(pthread_self());
	pthread_testcancel();
	return nullptr;
}

} // namespace

int main()
{
	for (int i = 0; i < 20; i++)
		std::thread([] { std::lock_guard<std::mutex> guard(outer.own); }).join();
	CHECK_IS(destroyed_count, 20);
	CHECK(guest_run_in_thread(leave_by_exit, nullptr) == &last);
	CHECK(guest_run_in_thread(leave_by_cancel, nullptr) == PTHREAD_CANCELED);
	CHECK_IS(destroyed_count, 22);
	{
		std::lock_guard<std::mutex> guard(outer.own);
	}
	return guest_passed();
}
