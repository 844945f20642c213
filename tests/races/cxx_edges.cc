/*
 * RULES, 'Happens-before': what the C++ library orders.  Much of it is atomics and
 * futexes in headers and in libstdc++, with no call that could be wrapped.
 */
#include <atomic>
#include <barrier>
#include <chrono>
#include <condition_variable>
#include <future>
#include <latch>
#include <mutex>
#include <queue>
#include <semaphore>
#include <shared_mutex>
#include <stop_token>
#include <string>
#include <thread>

#include "cxx_cases.h"

using namespace std::chrono_literals;

/* As HAND_OVER and EXCLUDE, but the data is an argument and so are the parts. */
#define CXX_HAND_OVER(name, shared, give, take)                                                    \
	static void name##_update(long &data)                                                      \
	{                                                                                          \
		data++;                                                                            \
	}                                                                                          \
	static void name##_case()                                                                  \
	{                                                                                          \
		static long data;                                                                  \
		shared;                                                                            \
		run_two(                                                                           \
			[&] {                                                                      \
				name##_update(data);                                               \
				give;                                                              \
			},                                                                         \
			[&] {                                                                      \
				take;                                                              \
				name##_update(data);                                               \
			});                                                                        \
		KEEP(data);                                                                        \
	}

#define CXX_EXCLUDE(name, shared, first, second)                                                   \
	static void name##_update(long &data)                                                      \
	{                                                                                          \
		data++;                                                                            \
	}                                                                                          \
	static void name##_case()                                                                  \
	{                                                                                          \
		static long data;                                                                  \
		shared;                                                                            \
		run_two(                                                                           \
			[&] {                                                                      \
				first;                                                             \
				name##_update(data);                                               \
			},                                                                         \
			[&] {                                                                      \
				second;                                                            \
				name##_update(data);                                               \
			});                                                                        \
		KEEP(data);                                                                        \
	}

/* --- Locks ----------------------------------------------------------------------- */

CXX_EXCLUDE(nothing, , , )
CXX_EXCLUDE(plain_mutex, std::mutex mutex, std::lock_guard guard(mutex),
	    std::scoped_lock guard(mutex))
CXX_EXCLUDE(timed_mutex, std::timed_mutex mutex, std::unique_lock guard(mutex, 1h),
	    std::unique_lock guard(mutex))
CXX_EXCLUDE(recursive_mutex, std::recursive_mutex mutex, std::lock_guard outer(mutex);
	    std::lock_guard inner(mutex), std::lock_guard guard(mutex))
CXX_EXCLUDE(shared_mutex_both, std::shared_mutex mutex, std::shared_lock guard(mutex),
	    std::unique_lock guard(mutex))
CXX_EXCLUDE(shared_mutex_readers, std::shared_mutex mutex, std::shared_lock guard(mutex),
	    std::shared_lock guard(mutex))
CXX_EXCLUDE(shared_timed_mutex, std::shared_timed_mutex mutex, std::unique_lock guard(mutex, 1h),
	    std::shared_lock guard(mutex, 1h))
CXX_EXCLUDE(two_mutexes, std::mutex mutex; std::mutex other, std::scoped_lock both(mutex, other),
	    std::scoped_lock both(other, mutex))

/* --- Hand-overs ------------------------------------------------------------------- */

CXX_HAND_OVER(promise, std::promise<void> promise, promise.set_value(), promise.get_future().wait())
CXX_HAND_OVER(promise_with_value, std::promise<std::string> promise, promise.set_value("done"),
	      MUST(promise.get_future().get() == "done"))
CXX_EXCLUDE(after_promise, std::promise<void> promise, promise.set_value(),
	    promise.get_future().wait())
CXX_HAND_OVER(latch, std::latch latch(1), latch.count_down(), latch.wait())
CXX_HAND_OVER(latch_of_two, std::latch latch(2), latch.arrive_and_wait(), latch.arrive_and_wait())
CXX_EXCLUDE(after_latch, std::latch latch(2), latch.arrive_and_wait(), latch.arrive_and_wait())
CXX_HAND_OVER(barrier, std::barrier<> barrier(2), barrier.arrive_and_wait(),
	      barrier.arrive_and_wait())
CXX_EXCLUDE(after_barrier, std::barrier<> barrier(2), barrier.arrive_and_wait(),
	    barrier.arrive_and_wait())
CXX_HAND_OVER(counting_semaphore, std::counting_semaphore<4> semaphore(0), semaphore.release(),
	      semaphore.acquire())
CXX_HAND_OVER(binary_semaphore, std::binary_semaphore semaphore(0), semaphore.release(),
	      MUST(semaphore.try_acquire_for(1h)))
CXX_EXCLUDE(after_semaphore, std::binary_semaphore semaphore(1), semaphore.release(),
	    semaphore.acquire())
CXX_HAND_OVER(atomic_wait, std::atomic<int> word(0), word = 1; word.notify_one(), word.wait(0))
CXX_HAND_OVER(atomic_flag_wait, std::atomic_flag flag, flag.test_and_set(); flag.notify_all(),
	      flag.wait(false))
CXX_HAND_OVER(atomic_release, std::atomic<bool> flag(false),
	      flag.store(true, std::memory_order_release),
	      while (!flag.load(std::memory_order_acquire)) std::this_thread::yield())
CXX_HAND_OVER(atomic_exchange, std::atomic<int> word(0), word.exchange(1),
	      int one = 1; while (!word.compare_exchange_weak(one, 2)) one = 1)

struct inbox {
	std::mutex mutex;
	std::condition_variable changed;
	std::condition_variable_any any_changed;
	std::queue<std::string> messages;

	void put(const std::string &message)
	{
		std::lock_guard guard(mutex);
		messages.push(message);
		changed.notify_one();
		any_changed.notify_one();
	}

	std::string take()
	{
		std::unique_lock guard(mutex);
		changed.wait(guard, [this] { return !messages.empty(); });
		std::string message = std::move(messages.front());
		messages.pop();
		return message;
	}

	std::string take_timed()
	{
		std::unique_lock guard(mutex);
		MUST(any_changed.wait_for(guard, 1h, [this] { return !messages.empty(); }));
		std::string message = std::move(messages.front());
		messages.pop();
		return message;
	}
};

CXX_HAND_OVER(condition_queue, inbox inbox, inbox.put("a message that is too long for its object"),
	      MUST(!inbox.take().empty()))
CXX_HAND_OVER(condition_any, inbox inbox, inbox.put("short"), MUST(!inbox.take_timed().empty()))

/* --- Tasks and threads --------------------------------------------------------------- */

static long async_data;

static long async_update()
{
	return ++async_data;
}

static void async_case()
{
	async_data++;
	auto result = std::async(std::launch::async, async_update);
	MUST(result.get() == 2);
	async_data++;
	std::packaged_task<long()> task(async_update);
	auto packaged = task.get_future();
	std::thread thread(std::move(task));
	packaged.wait();
	async_data++;
	thread.join();
	KEEP(async_data);
}

static long stop_token_data;

static void stop_token_update()
{
	stop_token_data++;
}

static void stop_token_case()
{
	std::jthread thread([](std::stop_token token) {
		while (!token.stop_requested())
			std::this_thread::yield();
		stop_token_update();
	});
	stop_token_update();
	thread.request_stop();
	thread.join();
	stop_token_update();
	KEEP(stop_token_data);
}

/* --- Done once -------------------------------------------------------------------------- */

static std::once_flag call_once_flag;
static long call_once_data;

static void call_once_use()
{
	std::call_once(call_once_flag, [] { call_once_data++; });
	MUST(call_once_data == 1);
}

static void call_once_case()
{
	run_two(call_once_use, call_once_use);
	KEEP(call_once_data);
}

/* A body that throws comes before the next one. */
static std::once_flag thrown_once_flag;
static long thrown_once_data;

static void thrown_once_use()
{
	for (int i = 0; i < 4; i++) {
		try {
			std::call_once(thrown_once_flag, [] {
				if (++thrown_once_data < 4)
					throw 1;
			});
			break;
		} catch (int) {
			sched_yield();
		}
	}
}

static void thrown_once_case()
{
	run_two(thrown_once_use, thrown_once_use);
	MUST(thrown_once_data == 4);
}

struct thrown {
	long value;
	thrown()
	{
		static long count;

		if (++count < 4)
			throw 1;
		value = count;
	}
};

static void thrown_guard_use()
{
	for (int i = 0; i < 4; i++) {
		try {
			static thrown object;

			MUST(object.value == 4);
			break;
		} catch (int) {
			sched_yield();
		}
	}
}

static void thrown_guard_case()
{
	run_two(thrown_guard_use, thrown_guard_use);
}

struct guarded {
	long value;
	guarded() : value(5)
	{
	}
};

static guarded &static_guard_get()
{
	static guarded object;

	return object;
}

static void static_guard_use()
{
	MUST(static_guard_get().value == 5);
}

static void static_guard_case()
{
	run_two(static_guard_use, static_guard_use);
}

static guarded &static_then_update_get()
{
	static guarded object;

	return object;
}

static void static_then_update_use()
{
	static_then_update_get().value++;
}

static void static_then_update_case()
{
	run_two(static_then_update_use, static_then_update_use);
}

static const struct race_case cases[] = {
	CASE(nothing, "lost-update:error"),
	CASE(plain_mutex, "silent"),
	CASE(timed_mutex, "silent"),
	CASE(recursive_mutex, "silent"),
	CASE(shared_mutex_both, "silent"),
	CASE(shared_mutex_readers, "lost-update:error"),
	CASE(shared_timed_mutex, "silent"),
	CASE(two_mutexes, "silent"),
	CASE(promise, "silent"),
	CASE(promise_with_value, "silent"),
	CASE(after_promise, "lost-update:error"),
	CASE(latch, "silent"),
	CASE(latch_of_two, "silent"),
	CASE(after_latch, "lost-update:error"),
	CASE(barrier, "silent"),
	CASE(after_barrier, "lost-update:error"),
	CASE(counting_semaphore, "silent"),
	CASE(binary_semaphore, "silent"),
	CASE(after_semaphore, "lost-update:error"),
	CASE(atomic_wait, "silent"),
	CASE(atomic_flag_wait, "silent"),
	CASE(atomic_release, "silent"),
	CASE(atomic_exchange, "silent"),
	CASE(condition_queue, "silent"),
	CASE(condition_any, "silent"),
	CASE(async, "silent"),
	CASE(stop_token, "silent"),
	CASE(call_once, "silent"),
	CASE(thrown_once, "silent"),
	CASE(thrown_guard, "silent"),
	CASE(static_guard, "silent"),
	CASE(static_then_update, "lost-update:error"),
};

int main(int argc, char **argv)
{
	return RUN_CASES(cases, argc, argv);
}
