// Two threads use a container in a node of a map without a lock, and a block that a template
// asks for, whose argument is not what it is for.
#include <map>
#include <thread>
#include <vector>

struct branch {
	int number = 0;
	std::vector<int> rooms;
};

struct tally {
	long hits, misses;
};

template <class Kept> __attribute__((noinline)) long *make_table()
{
	return new long[4 * sizeof(Kept) / sizeof(long)]();
}

int main()
{
	std::map<int, branch> branches;

	branches[1].number = 2;
	std::thread writer([&] { branches.find(1)->second.rooms.push_back(3); });
	std::thread reader([&] {
		if (branches.find(1)->second.rooms.size() > 1000)
			branches.clear();
	});
	writer.join();
	reader.join();

	long *table = make_table<tally>();
	std::thread first([table] { table[1] = 1; });
	std::thread second([table] { table[1] = 2; });

	first.join();
	second.join();
	delete[] table;
}
