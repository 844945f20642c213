/* A library of C++ for a program that has none of it: see opened_locally.c. */
#include <stdexcept>
#include <string>
#include <vector>

static std::string make_name(long number)
{
	return "a name that has too many letters for a short one " + std::to_string(number);
}

extern "C" long local_call(long number)
{
	static const std::string name = make_name(number);
	std::vector<std::string> names;

	for (int i = 0; i < 100; i++)
		names.push_back(name);
	try {
		throw std::runtime_error(names.back());
	} catch (const std::exception &thrown) {
		return (long)std::string(thrown.what()).size();
	}
}
