/*
 * A promise that one path forgets (hang).
 *
 * What happens: the loader sets the result of a file that is there.  For one
 * that is not it merely returns, and who waits for the future waits for ever.
 *
 * Why: a future is ready once its promise has a value or an exception, or is
 * destroyed.  This one lives on in the table of requests.
 *
 * See it: snarl run ./forgotten_promise
 *
 * Fix: clean_forgotten_promise.cc sets an exception on that path: get() throws
 * it where the result is wanted.
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
		return;
	request.set_value("the text of " + name);
}

int main()
{
	std::thread loader(load, "");

	loader.join();
	try {
		std::cout << request.get_future().get() << '\n'; /* HERE: waits */
	} catch (const std::exception &problem) {
		std::cout << problem.what() << '\n';
	}
}
