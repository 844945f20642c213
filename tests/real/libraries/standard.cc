// The standard library: mutexes, latches, futures, semaphores, and what atomics publish.
//
// needs: /usr/include/c++/12/latch
// build: -std=c++20
#include <atomic>
#include <barrier>
#include <cstdio>
#include <future>
#include <latch>
#include <map>
#include <memory>
#include <semaphore>
#include <shared_mutex>
#include <string>
#include <thread>
#include <vector>

static constexpr int workers = 4;

struct spin_lock {
	std::atomic_flag flag = ATOMIC_FLAG_INIT;

	void lock()
	{
		while (flag.test_and_set(std::memory_order_acquire))
			std::this_thread::yield();
	}
	void unlock()
	{
		flag.clear(std::memory_order_release);
	}
};

static std::shared_mutex shared;
static std::map<std::string, int> counts;
static spin_lock spin;
static long by_spin, by_semaphore;
static std::binary_semaphore semaphore(1);
static std::atomic<std::string *> published;
static std::atomic<bool> is_ready;
static std::string data;
static std::shared_ptr<std::string> owned = std::make_shared<std::string>("owned");

static void lock_in_turn(int turn)
{
	{
		std::lock_guard lock(spin);
		by_spin++;
	}
	{
		std::unique_lock lock(shared);
		counts[std::to_string(turn % 17)]++;
	}
	{
		std::shared_lock lock(shared);
		if (!counts.count(std::to_string(turn % 17)))
			abort();
	}
	semaphore.acquire();
	by_semaphore++;
	semaphore.release();
	auto mine = owned;
	if (mine->empty())
		abort();
}

static void publish_or_read(int number)
{
	std::string *text;

	if (number == 0) {
		data = "hello";
		is_ready.store(true, std::memory_order_release);
		published.store(new std::string("x"), std::memory_order_release);
		return;
	}
	while (!is_ready.load(std::memory_order_acquire))
		;
	while (!(text = published.load(std::memory_order_acquire)))
		;
	if (data != "hello" || *text != "x")
		abort();
}

int main()
{
	std::vector<std::thread> threads;
	std::latch latch(workers);
	std::barrier barrier(workers);

	for (int number = 0; number < workers; number++)
		threads.emplace_back([&, number] {
			for (int turn = 0; turn < 1000; turn++)
				lock_in_turn(turn);
			publish_or_read(number);
			latch.arrive_and_wait();
			barrier.arrive_and_wait();
		});
	auto future = std::async(std::launch::async, [] { return std::string("future"); });
	std::string text = future.get();
	for (auto &thread : threads)
		thread.join();
	delete published.load();
	printf("%s %ld %ld %zu\n", text.c_str(), by_spin, by_semaphore, counts.size());
	return 0;
}
