/*
 * The fixed twin of vector.cc: the display has a copy of the reading, and
 * the vector may move as it likes.
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

	std::thread display([first = readings.front()] { show(first); });
	readings.push_back(22); /* HERE: grows */
	display.join();
	return 0;
}
