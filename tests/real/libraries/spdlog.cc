// spdlog: an asynchronous logger, whose pool of threads writes what four others say.
//
// needs: /usr/include/spdlog/spdlog.h
// build: -std=c++17 -DSPDLOG_COMPILED_LIB -DSPDLOG_FMT_EXTERNAL -lspdlog -lfmt
#include <cstdio>
#include <spdlog/async.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>
#include <sstream>
#include <thread>
#include <vector>

static std::ostringstream text;

static void speak(int number)
{
	auto logger = spdlog::get("all");

	for (int i = 0; i < 300; i++)
		logger->info("thread {} line {}", number, i);
}

int main()
{
	spdlog::init_thread_pool(256, 2);
	spdlog::register_logger(std::make_shared<spdlog::async_logger>(
		"all", std::make_shared<spdlog::sinks::ostream_sink_mt>(text),
		spdlog::thread_pool(), spdlog::async_overflow_policy::block));
	std::vector<std::thread> threads;
	for (int i = 0; i < 4; i++)
		threads.emplace_back(speak, i);
	for (auto &thread : threads)
		thread.join();
	spdlog::shutdown();
	size_t lines = 0;
	for (char c : text.str())
		lines += c == '\n';
	printf("%zu\n", lines);
	return 0;
}
