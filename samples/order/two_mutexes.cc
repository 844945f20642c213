/*
 * Two std::mutex members, locked in opposite orders (lock-order-inversion).
 *
 * What happens: left.swap(right) locks left, then right; right.swap(left) the
 * other way round.  In this run one swap is over before the other begins.
 *
 * Why it is wrong: two nested lock_guards have the order of the call, and the
 * caller does not know that there is one.  If both swaps hold their own mutex
 * at once, both wait for ever.
 *
 * See it: snarl run ./two_mutexes
 * The stacks end in std::mutex::lock, inlined into lock_guard's constructor,
 * with the line of each lock_guard below it.
 *
 * Fix: let one std::scoped_lock take both.  It goes on by trylock and backs
 * off, so it holds neither while it waits for the other:
 * clean_two_mutexes.cc.
 */
#include <cstdio>
#include <mutex>
#include <thread>
#include <utility>

class Buffer {
public:
	explicit Buffer(int value) : value_(value)
	{
	}

	void swap(Buffer &other)
	{
		std::lock_guard<std::mutex> own(mutex_);          /* HERE: own */
		std::lock_guard<std::mutex> others(other.mutex_); /* HERE: other */
		std::swap(value_, other.value_);
	}

	int value() const
	{
		return value_;
	}

private:
	std::mutex mutex_;
	int value_;
};

static Buffer left(1), right(2);

static std::mutex progress_mutex;
static bool is_first_done;

/* Luck, made repeatable: the second waits, but loses patience in the end. */
static void wait_for_luck()
{
	bool is_lucky = false;

	for (int patience = 1000000; patience > 0 && !is_lucky; patience--) {
		std::this_thread::yield();
		std::lock_guard<std::mutex> guard(progress_mutex);
		is_lucky = is_first_done;
	}
}

static void swap_first()
{
	left.swap(right); /* HERE: left_first */
	std::lock_guard<std::mutex> guard(progress_mutex);
	is_first_done = true;
}

static void swap_second()
{
	wait_for_luck();
	right.swap(left); /* HERE: right_first */
}

int main()
{
	std::thread first(swap_first);
	std::thread second(swap_second);

	first.join();
	second.join();
	std::printf("left %d, right %d\n", left.value(), right.value());
	return 0;
}
