/*
 * A vector that grows while another thread reads an element (data-race).
 *
 * What happens: the display keeps a reference to the first reading, and shows
 * it from a thread of its own.  Meanwhile main appends another reading.
 *
 * Why it is wrong: the vector is full, so it moves all elements to a larger
 * block and frees the old one, which the reference still points to.  That
 * main never touches the first element in its source is no help.
 *
 * See it: snarl run ./vector
 * The read, and push_back()'s free of the block that was read.
 *
 * Fix: copy what is to be shown, as in clean_vector.cc; or a lock around the
 * vector and no references that outlive it.
 */
#include <cstdio>
#include <thread>
#include <vector>

static void show(const int &reading)
{
	std::printf("%d degrees\n", reading); /* HERE: reads */
}

int main()
{
	std::vector<int> readings(100, 21);

	std::thread display([&first = readings.front()] { show(first); });
	readings.push_back(22); /* HERE: grows */
	display.join();
	return 0;
}
