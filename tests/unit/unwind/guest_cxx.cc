#include "guest.h"

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <stdexcept>
#include <vector>

namespace
{

// Takes a stack while it is destroyed: also while an exception passes.
struct asks_at_end {
	void (*leaf)();
	~asks_at_end()
	{
		leaf();
	}
};

void go_on(const guest_walk &walk);

[[gnu::noinline]] void through_function(const guest_walk &walk)
{
	asks_at_end guard{walk.leaf};
	std::function<void(const guest_walk &)> function = go_on;

	function(walk);
}

[[gnu::noinline]] void through_sort(const guest_walk &walk)
{
	std::vector<int> numbers = {3, 1, 2};
	bool is_first = true;

	std::sort(numbers.begin(), numbers.end(), [&](int left, int right) {
		if (is_first) {
			is_first = false;
			go_on(walk);
		}
		return left < right;
	});
}

[[gnu::noinline]] void through_catch(const guest_walk &walk)
{
	alignas(64) volatile char block[64] = {};

	try {
		go_on(walk);
	} catch (const std::runtime_error &error) {
		walk.leaf();
		block[0] = error.what()[0];
		block[1] = block[0];
		throw;
	}
}

[[gnu::noinline]] void go_on(const guest_walk &walk)
{
	guest_walk rest{walk.choices >> 4, walk.depth - 1, walk.leaf};

	if (walk.depth == 0) {
		walk.leaf();
		throw std::runtime_error("the end");
	}
	switch (walk.choices & 3) {
	case 0:
		return through_function(rest);
	case 1:
		return through_sort(rest);
	default:
		return through_catch(rest);
	}
}

} // namespace

extern "C" void guest_cxx(const guest_walk *walk)
{
	try {
		go_on(*walk);
	} catch (const std::runtime_error &) {
		walk->leaf();
		return;
	}
	abort();
}
