// Containers that two threads change without a lock: a global one, one in an object on
// the heap, one that is reached by its own address alone, one in an object made by new.
#include <list>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

struct shop {
	int number = 0;
	std::unordered_map<std::string, int> stock;
};

struct yard {
	long number = 0;
	std::list<int> logs;
};

static std::vector<std::string> audit;

static std::size_t count_orders(const std::map<int, int> *orders)
{
	return orders->size();
}

int main()
{
	auto shop_one = std::make_unique<shop>();
	auto orders = std::make_unique<std::map<int, int>>();
	auto *mill = new yard;

	std::thread writer([&] {
		audit.push_back("sold");
		shop_one->stock["tea"] = 1;
		(*orders)[7] = 1;
		mill->logs.push_back(1);
	});
	std::thread reader([&] {
		if (audit.size() + shop_one->stock.size() + count_orders(orders.get()) +
			    mill->logs.size() >
		    1000)
			shop_one->number = 1;
	});
	writer.join();
	reader.join();
}
