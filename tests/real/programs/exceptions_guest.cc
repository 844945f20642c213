/* Exceptions through locks, futures, threads and destructors. */
#include <condition_variable>
#include <exception>
#include <future>
#include <iostream>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <stdexcept>
#include <thread>
#include <vector>

static std::mutex first, second;
static std::shared_mutex table_lock;
static std::recursive_mutex nested_lock;
static thread_local int depth_seen;

static int dive_deeper(int depth)
{
	std::lock_guard<std::recursive_mutex> held(nested_lock);

	depth_seen = depth;
	if (depth == 0)
		throw std::runtime_error("bottom");
	return dive_deeper(depth - 1) + 1;
}

static int do_work(int number)
{
	int caught = 0;

	for (int i = 0; i < 200; i++) {
		try {
			std::scoped_lock both(first, second);
			dive_deeper(number + i % 5);
		} catch (const std::exception &error) {
			caught++;
		}
		if (i % 10) {
			std::shared_lock<std::shared_mutex> reader(table_lock);
		} else {
			std::unique_lock<std::shared_mutex> writer(table_lock);
		}
	}
	if (number == 3)
		throw std::logic_error("three");
	return caught;
}

int main(int argc, char **)
{
	std::vector<std::future<int>> results;
	int sum = 0;

	for (int i = 0; i < 5; i++)
		results.push_back(std::async(std::launch::async, do_work, i));
	for (auto &result : results) {
		try {
			sum += result.get();
		} catch (const std::logic_error &error) {
			std::cout << "caught " << error.what() << "\n";
		}
	}
	std::cout << sum << std::endl;
	if (argc > 1)
		throw std::runtime_error("nobody catches this");
}
