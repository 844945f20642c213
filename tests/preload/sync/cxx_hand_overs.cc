/*
 * Two threads take two locks in opposite orders, one after the other: the second looks until
 * what the first one sets is there, and then waits for it in vain.  So the finding is a warning
 * and no error.
 *
 * snarl-expect: status=0 kinds=lock-order-inversion
 * guest-run: future
 * guest-run: latch
 * guest-run: atomic
 */
#include "../guest.h"

#include <atomic>
#include <chrono>
#include <future>
#include <latch>
#include <mutex>
#include <string_view>
#include <thread>

namespace {

std::mutex first, second;

void take_both(std::mutex &outer, std::mutex &inner)
{
	std::scoped_lock outer_guard(outer);
	std::scoped_lock inner_guard(inner);
}

template <typename send_type, typename look_type, typename wait_type>
void hand_over(send_type send, look_type look, wait_type wait)
{
	std::thread receiver([&] {
		while (!look())
			std::this_thread::yield();
		wait();
		take_both(second, first);
	});
	std::thread sender([&] {
		take_both(first, second);
		send();
	});

	sender.join();
	receiver.join();
}

void hand_over_future()
{
	std::promise<int> promise;
	std::future<int> future = promise.get_future();

	hand_over([&] { promise.set_value(1); },
		  [&] {
			  return future.wait_for(std::chrono::seconds(0)) ==
				 std::future_status::ready;
		  },
		  [&] { CHECK_IS(future.get(), 1); });
}

void hand_over_latch()
{
	std::latch latch(1);

	hand_over([&] { latch.count_down(); }, [&] { return latch.try_wait(); },
		  [&] { latch.wait(); });
}

void hand_over_atomic()
{
	std::atomic<int> word = 0;

	hand_over([&] { word = 1; }, [&] { return word != 0; }, [&] { word.wait(0); });
}

} // namespace

int main(int count, char **arguments)
{
	std::string_view way = count > 1 ? arguments[1] : "";

	if (way == "future")
		hand_over_future();
	else if (way == "latch")
		hand_over_latch();
	else
		hand_over_atomic();
	return guest_passed();
}
