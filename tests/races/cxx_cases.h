/* What the cases of C++ share. */
#ifndef CXX_CASES_H
#define CXX_CASES_H

#include <functional>
#include <thread>

#include "cases.h"

static inline void run_two(const std::function<void()> &first, const std::function<void()> &second)
{
	std::thread one(first), two(second);

	one.join();
	two.join();
}

#endif
