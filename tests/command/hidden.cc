// A class that no other file knows, whose method is inlined, and tasks of C++'s library, which
// run what they are given by a once of their own.
#include <future>
#include <thread>

namespace
{

struct counter {
	long value = 0;

	__attribute__((always_inline)) void add()
	{
		value++;
	}
};

counter visits;

void visit()
{
	std::packaged_task<void()> task([] { visits.add(); });

	task();
}

} // namespace

int main()
{
	std::thread first(visit);
	std::thread second(visit);

	first.join();
	second.join();
}
