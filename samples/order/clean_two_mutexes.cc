/*
 * The fixed twin of two_mutexes.cc: one std::scoped_lock takes both.
 *
 * It locks one and tries the other; if that fails it lets go of the first and
 * starts over, so it never waits while holding.  The order stays a matter of
 * the call, and is none of lock order: a try cannot block.
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
		std::scoped_lock both(mutex_, other.mutex_);
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
