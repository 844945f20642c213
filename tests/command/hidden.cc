// A class that no other file knows, whose method is inlined, and tasks of C++'s library, which
// run what they are given by a once of their own; and locks of an object on the heap, which no
// race tells of; a class in a lambda.
#include <future>
#include <mutex>
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

struct desk {
	std::mutex ink, paper;

	void write()
	{
		std::lock_guard<std::mutex> first(ink);
		std::lock_guard<std::mutex> second(paper);
	}

	void read(std::mutex &sheet)
	{
		std::lock_guard<std::mutex> first(sheet);
		std::lock_guard<std::mutex> second(ink);
	}
};

long stamps;

void stamp()
{
	std::packaged_task<void()> task([] {
		struct ticket {
			__attribute__((always_inline)) void use()
			{
				stamps++;
			}
		};

		ticket().use();
	});

	task();
}

} // namespace

int main()
{
	std::thread first(visit);
	std::thread second(visit);

	first.join();
	second.join();

	std::thread third(stamp);
	std::thread fourth(stamp);

	third.join();
	fourth.join();

	auto *own = new desk;

	std::thread([own] { own->write(); }).join();
	std::thread([own] { own->read(own->paper); }).join();
}
