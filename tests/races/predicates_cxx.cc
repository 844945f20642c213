/*
 * RULES, 'Condition variables', in C++, whose locks may throw: who waits once, and who looks
 * again.  Two waiters wait, and for one item both are woken.
 */
#include <condition_variable>
#include <mutex>

#include "cases.h"

struct shelf {
	std::mutex lock;
	std::condition_variable changed, arrived;
	int waiters = 0;
	int items = 0;
	int taken = 0;
};

static void arrive_at(shelf &place)
{
	place.waiters++;
	place.arrived.notify_one();
}

static void give_items(shelf &place, int count)
{
	std::unique_lock<std::mutex> hold(place.lock);

	place.arrived.wait(hold, [&] { return place.waiters >= 2; });
	place.items += count;
	place.changed.notify_all();
}

#define RUN(name, second)                                                                          \
	static void name##_case(void)                                                              \
	{                                                                                          \
		pthread_t threads[2];                                                              \
                                                                                                   \
		for (pthread_t &thread : threads)                                                  \
			MUST(pthread_create(&thread, NULL, name##_waiter, NULL) == 0);             \
		give_items(name##_shelf, 1);                                                       \
		give_items(name##_shelf, second);                                                  \
		pthread_join(threads[0], NULL);                                                    \
		pthread_join(threads[1], NULL);                                                    \
	}

static shelf wait_once_shelf;

static void *wait_once_waiter(void *unused)
{
	std::unique_lock<std::mutex> hold(wait_once_shelf.lock);

	arrive_at(wait_once_shelf);
	if (wait_once_shelf.items == 0)
		wait_once_shelf.changed.wait(hold);
	wait_once_shelf.items--;
	wait_once_shelf.taken++;
	return unused;
}

RUN(wait_once, 0)

static shelf wait_in_loop_shelf;

static void *wait_in_loop_waiter(void *unused)
{
	std::unique_lock<std::mutex> hold(wait_in_loop_shelf.lock);

	arrive_at(wait_in_loop_shelf);
	while (wait_in_loop_shelf.items == 0)
		wait_in_loop_shelf.changed.wait(hold);
	wait_in_loop_shelf.items--;
	wait_in_loop_shelf.taken++;
	return unused;
}

RUN(wait_in_loop, 1)

static shelf wait_until_shelf;

static void *wait_until_waiter(void *unused)
{
	std::unique_lock<std::mutex> hold(wait_until_shelf.lock);

	arrive_at(wait_until_shelf);
	wait_until_shelf.changed.wait(hold, [] { return wait_until_shelf.items != 0; });
	wait_until_shelf.items--;
	wait_until_shelf.taken++;
	return unused;
}

RUN(wait_until, 1)

/* Who starts anew has another look, too. */
static shelf wait_anew_shelf;

static void *wait_anew_waiter(void *unused)
{
	for (bool is_done = false; !is_done;) {
		std::unique_lock<std::mutex> hold(wait_anew_shelf.lock);

		arrive_at(wait_anew_shelf);
		if (wait_anew_shelf.items == 0) {
			wait_anew_shelf.changed.wait(hold);
			continue;
		}
		wait_anew_shelf.items--;
		is_done = true;
	}
	return unused;
}

RUN(wait_anew, 1)

static const race_case cases[] = {
	CASE(wait_once, "wait-without-loop:warning"),
	CASE(wait_in_loop, "silent"),
	CASE(wait_until, "silent"),
	CASE(wait_anew, "silent"),
};

int main(int argc, char **argv)
{
	return RUN_CASES(cases, argc, argv);
}
