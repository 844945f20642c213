/*
 * Intel's TBB, on which std::execution stands: tasks are stolen and joined by atomics
 * and futexes in the library and in templates.  What they order is no race.
 *
 * guest-timeout: 60
 */
#include "../guest.h"

#if __has_include(<tbb/parallel_for.h>)
#include <tbb/concurrent_queue.h>
#include <tbb/parallel_for.h>
#include <tbb/parallel_reduce.h>
#include <tbb/parallel_sort.h>
#include <tbb/spin_mutex.h>
#include <tbb/task_group.h>
#include <tbb/task_arena.h>
#include <vector>

static std::vector<long> numbers(5000), doubled(5000);
static tbb::spin_mutex mutex;
static long under_mutex;

static long sum_up()
{
	tbb::parallel_for(tbb::blocked_range<int>(0, 5000, 100), [](const auto &range) {
		for (int i = range.begin(); i != range.end(); i++)
			numbers[i] = (i * 7919L) % 5000;
	});
	tbb::parallel_for(0, 5000, [](int i) { doubled[i] = 2 * numbers[4999 - i]; });
	return tbb::parallel_reduce(
		tbb::blocked_range<int>(0, 5000, 50), 0L,
		[](const auto &range, long sum) {
			for (int i = range.begin(); i != range.end(); i++)
				sum += numbers[i] + doubled[i];
			return sum;
		},
		[](long a, long b) { return a + b; });
}

static long use_group()
{
	long left = 0, right = 0;
	tbb::task_group group;

	group.run([&] { left = sum_up(); });
	group.run([&] { right = 1; });
	group.wait();
	for (int i = 0; i < 50; i++)
		group.run([] {
			tbb::spin_mutex::scoped_lock lock(mutex);
			under_mutex++;
		});
	group.wait();
	return left + right;
}

int main()
{
	tbb::task_arena arena(4);

	arena.execute([] {
		printf("%ld\n", use_group());
		tbb::parallel_sort(numbers.begin(), numbers.end());
	});
	printf("%ld %ld %ld\n", under_mutex, numbers[0], numbers[4999]);
	return guest_passed();
}
#else
int main()
{
	return guest_skip("built without TBB");
}
#endif
