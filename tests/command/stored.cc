// Two threads, one after the other, put into a map without a lock: what lies in the map's blocks
// is no other bug.  What they do elsewhere to an object that was made there is.
#include <memory>
#include <sched.h>
#include <sys/stat.h>
#include <thread>
#include <unordered_map>

struct order {
	long number = 0;
};

static std::unordered_map<int, std::shared_ptr<order>> orders;
static order *last;

static order *put(int key)
{
	return (orders[key] = std::make_shared<order>()).get();
}

// Nothing but the kernel tells that the other thread has ended.
static void await_other()
{
	struct stat tasks;

	do
		sched_yield();
	while (stat("/proc/self/task", &tasks) == 0 && tasks.st_nlink > 2 + 2);
}

int main()
{
	std::thread first([] {
		last = put(1);
		last->number = 1;
		put(2);
	});
	std::thread second([] {
		await_other();
		last->number = 2;
		put(1);
		put(3);
	});

	first.join();
	second.join();
}
