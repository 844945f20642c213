// absl's cords: copies share their parts, which the last owner frees or changes.  What counts the
// owners is in a library of its own, which the program does not name.
//
// needs: /usr/include/absl/strings/cord.h pkg-config
// build: -std=c++17 $(pkg-config --cflags --libs absl_cord absl_synchronization absl_strings)
#include <absl/strings/cord.h>
#include <absl/strings/str_cat.h>
#include <absl/synchronization/mutex.h>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

static constexpr int turns = 300;
static absl::Mutex mutex;
static absl::Cord cord;

static void extend()
{
	for (int i = 0; i < turns; i++) {
		absl::MutexLock lock(&mutex);

		cord.Append(absl::StrCat("part ", i));
		if (cord.size() > 500)
			cord.RemovePrefix(400);
	}
}

static void copy()
{
	for (int i = 0; i < turns; i++) {
		absl::Cord mine;
		{
			absl::MutexLock lock(&mutex);

			mine = cord;
		}
		if (mine.size() > 1000 || std::string(mine).size() != mine.size())
			abort();
	}
}

int main()
{
	std::vector<std::thread> threads;

	for (int i = 0; i < 2; i++) {
		threads.emplace_back(extend);
		threads.emplace_back(copy);
	}
	for (auto &thread : threads)
		thread.join();
	printf("%d\n", cord.size() <= 510);
	return 0;
}
