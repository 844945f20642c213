/*
 * The fixed twin of forgotten_promise.cc: the loader sets an exception where
 * there is no result.
 */
#include <future>
#include <iostream>
#include <stdexcept>
#include <string>
#include <thread>

static std::promise<std::string> request;

static void load(const std::string &name)
{
	if (name.empty())
		request.set_exception(
			std::make_exception_ptr(std::runtime_error("no such file")));
	else
		request.set_value("the text of " + name);
}

int main()
{
	std::thread loader(load, "");

	loader.join();
	try {
		std::cout << request.get_future().get() << '\n';
	} catch (const std::exception &problem) {
		std::cout << problem.what() << '\n';
	}
}
