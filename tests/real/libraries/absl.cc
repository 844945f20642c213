// Abseil: its mutex with conditions, notification, counter, barrier, once.
//
// needs: /usr/include/absl/synchronization/mutex.h pkg-config
// build: -std=c++17 $(pkg-config --libs absl_synchronization absl_flat_hash_map absl_base)
#include <absl/base/call_once.h>
#include <absl/container/flat_hash_map.h>
#include <absl/synchronization/barrier.h>
#include <absl/synchronization/blocking_counter.h>
#include <absl/synchronization/mutex.h>
#include <absl/synchronization/notification.h>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

static constexpr int workers = 4;
static absl::Mutex mutex;
static absl::flat_hash_map<int, std::string> map;
static absl::once_flag once;
static std::string *lazy;
static std::string note;
static int ready;

static void work(absl::BlockingCounter *counter, absl::Notification *notification,
		 absl::Barrier *barrier)
{
	absl::call_once(once, [] { lazy = new std::string("lazy"); });
	if (lazy->size() != 4)
		abort();
	for (int i = 0; i < 500; i++) {
		absl::MutexLock lock(&mutex);
		map[i % 30] += "y";
	}
	{
		absl::ReaderMutexLock lock(&mutex);
		if (map.size() > 30)
			abort();
	}
	{
		absl::MutexLock lock(&mutex);
		ready++;
		mutex.Await(absl::Condition(
			+[](int *count) { return *count >= workers; }, &ready));
	}
	counter->DecrementCount();
	notification->WaitForNotification();
	if (note != "told")
		abort();
	if (barrier->Block())
		delete barrier;
}

int main()
{
	absl::BlockingCounter counter(workers);
	absl::Notification notification;
	auto *barrier = new absl::Barrier(workers);
	std::vector<std::thread> threads;

	for (int i = 0; i < workers; i++)
		threads.emplace_back(work, &counter, &notification, barrier);
	counter.Wait();
	note = "told";
	notification.Notify();
	for (auto &thread : threads)
		thread.join();
	printf("%zu\n", map.size());
	return 0;
}
