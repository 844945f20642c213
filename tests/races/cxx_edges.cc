/*
 * RULES, 'Happens-before': what the C++ library orders.  Much of it is atomics and
 * futexes in headers and in libstdc++, with no call that could be wrapped.
 */
#include <atomic>
#include <barrier>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <future>
#include <latch>
#include <memory>
#include <mutex>
#include <queue>
#include <semaphore>
#include <shared_mutex>
#include <stop_token>
#include <string>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "cases.h"

using namespace std::chrono_literals;

static void run_two(const std::function<void()> &first, const std::function<void()> &second)
{
	std::thread one(first), two(second);

	one.join();
	two.join();
}

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

/* --- Owners and containers ---------------------------------------------------------------- */

static void shared_pointer_use(std::shared_ptr<std::vector<int>> owner)
{
	for (int i = 0; i < 20; i++) {
		std::shared_ptr<std::vector<int>> another = owner;

		MUST(another->size() == 3);
	}
	owner.reset();
}

static void shared_pointer_case()
{
	auto owner = std::make_shared<std::vector<int>>(3, 7);
	std::weak_ptr<std::vector<int>> observer = owner;
	std::thread one(shared_pointer_use, owner), two(shared_pointer_use, std::move(owner));

	if (auto seen = observer.lock())
		MUST(seen->at(0) == 7);
	one.join();
	two.join();
	MUST(observer.expired());
}

/* The count is atomic; what is counted is not. */
static void shared_object_use(const std::shared_ptr<long> &owner)
{
	++*owner;
}

static void shared_object_case()
{
	auto owner = std::make_shared<long>(0);
	std::latch both_there(2); /* else the first may have given its share up by then */
	const auto use = [owner, &both_there] {
		both_there.arrive_and_wait();
		shared_object_use(owner);
	};

	run_two(use, use);
}

static void vector_grows_push(std::vector<long> &vector)
{
	vector.push_back(1);
}

static void vector_grows_read(const long &first)
{
	MUST(first != 12345);
}

static void vector_grows_case()
{
	std::vector<long> vector(300, 1);
	const long &first = vector.front();

	vector.shrink_to_fit();
	run_two([&vector] { vector_grows_push(vector); }, [&first] { vector_grows_read(first); });
}

static void string_append(std::string &text)
{
	text += "a few words, and then a few more of them";
}

static void string_case()
{
	std::string text;

	text.reserve(1000);
	run_two([&text] { string_append(text); }, [&text] { string_append(text); });
}

/* A virtual-table pointer that is overwritten after it was read.  Only the kernel, which
 * is asked whether the reader has ended, knows of their order. */
struct shape {
	virtual ~shape() = default;
	virtual int corner_count() const { return 1; }
};

struct square : shape {
	int corner_count() const override { return 4; }
};

static void await_end(const std::atomic<int> &thread_id)
{
	int id;

	while (!(id = thread_id.load()))
		sched_yield();
	while (syscall(SYS_tgkill, getpid(), id, 0) == 0)
		sched_yield();
}

static shape *same_table_object;
static std::atomic<int> same_table_reader{0};

static void *same_table_read(void *unused)
{
	same_table_reader.exchange((int)syscall(SYS_gettid));
	MUST(same_table_object->corner_count() > 0);
	return unused;
}

static void *same_table_write(void *unused)
{
	await_end(same_table_reader);
	new (same_table_object) shape;
	KEEP(*same_table_object);
	return unused;
}

static void same_table_case()
{
	same_table_object = new shape;
	run_both(same_table_read, same_table_write, nullptr);
	delete same_table_object;
}

static shape *other_table_object;
static std::atomic<int> other_table_reader{0};

static void *other_table_read(void *unused)
{
	other_table_reader.exchange((int)syscall(SYS_gettid));
	MUST(other_table_object->corner_count() > 0);
	return unused;
}

static void *other_table_write(void *unused)
{
	await_end(other_table_reader);
	new (other_table_object) shape;
	KEEP(*other_table_object);
	return unused;
}

static void other_table_case()
{
	other_table_object = new square;
	run_both(other_table_read, other_table_write, nullptr);
	delete other_table_object;
}

/* The base class's table, which is there already, and then another one. */
static shape *both_tables_object;
static std::atomic<int> both_tables_reader{0};

static void *both_tables_read(void *unused)
{
	both_tables_reader.exchange((int)syscall(SYS_gettid));
	MUST(both_tables_object->corner_count() > 0);
	return unused;
}

static void *both_tables_write(void *unused)
{
	await_end(both_tables_reader);
	new (both_tables_object) square;
	KEEP(*both_tables_object);
	return unused;
}

static void both_tables_case()
{
	both_tables_object = new shape;
	run_both(both_tables_read, both_tables_write, nullptr);
	delete both_tables_object;
}

static const struct race_case cases[] = {
	CASE(same_table, "silent"),
	CASE(other_table, "data-race:error"),
	CASE(both_tables, "data-race:error"),
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
	CASE(shared_pointer, "silent"),
	CASE(shared_object, "lost-update:error"),
	CASE(vector_grows, "data-race:error"),
	CASE(string, "lost-update|data-race lost-update? data-race?"),
};

int main(int argc, char **argv)
{
	return RUN_CASES(cases, argc, argv);
}
