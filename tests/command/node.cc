// Two threads use a container in a node of a map without a lock.
#include <map>
#include <thread>
#include <vector>

struct branch {
	int number = 0;
	std::vector<int> rooms;
};

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
}
