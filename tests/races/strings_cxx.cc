/*
 * A std::string that threads share: its members are calls into the C++ library, all of them
 * without optimisation, and those that change it with optimisation, too.
 */
#include <mutex>
#include <stdexcept>
#include <string>

#include "cases.h"

/* As before C++20: the C++ library has them. */
extern template class std::basic_string<char>;

static std::string appended_text;

static void *appended_add(void *unused)
{
	for (int i = 0; i < 20; i++)
		appended_text += "x";
	return unused;
}

static void appended_case(void)
{
	appended_text.reserve(100); /* else both may free the old characters */
	run_both(appended_add, appended_add, NULL);
}

static std::string assigned_text;

static void *assigned_write(void *unused)
{
	for (int i = 0; i < 20; i++)
		assigned_text = "a name of more than fifteen characters";
	return unused;
}

static void *assigned_read(void *unused)
{
	for (int i = 0; i < 20; i++)
		if (assigned_text.empty())
			sched_yield();
	return unused;
}

static void assigned_case(void)
{
	run_both(assigned_write, assigned_read, NULL);
}

static std::string source_text("what others copy, while it is swapped");

static void *source_swap(void *unused)
{
	/* As long, and not in the string itself: a copy of half of each is one, too. */
	std::string other("another text that it is swapped with.");

	for (int i = 0; i < 20; i++)
		source_text.swap(other);
	return unused;
}

static void *source_copy(void *unused)
{
	std::string copy(source_text);

	KEEP(copy);
	return unused;
}

static void source_case(void)
{
	run_both(source_swap, source_copy, NULL);
}

/* Each under one lock. */
static std::string locked_text;
static std::mutex locked_lock;

static void *locked_add(void *unused)
{
	for (int i = 0; i < 20; i++) {
		std::lock_guard<std::mutex> guard(locked_lock);

		locked_text.append("some text");
		if (locked_text.size() > 100)
			locked_text.clear();
	}
	return unused;
}

static void locked_case(void)
{
	run_both(locked_add, locked_add, NULL);
}

/* Both read it, and change copies of their own. */
static std::string common_text("what both threads look at");

static void *common_copy(void *unused)
{
	std::string own(common_text);

	own.insert(0, "my copy of ");
	own += common_text;
	if (own.find(common_text) == std::string::npos || common_text.compare(own) == 0)
		exit(1);
	own = std::move(own) + common_text.c_str();
	KEEP(own);
	return unused;
}

static void common_case(void)
{
	run_both(common_copy, common_copy, NULL);
}

/* What members throw goes through to their callers. */
static void *thrown_catch(void *unused)
{
	std::string text("short");

	try {
		text.append(std::string::npos - 1, 'x');
		exit(1);
	} catch (const std::length_error &) {
		KEEP(text);
	}
	try {
		text.at(100) = 'x';
		exit(1);
	} catch (const std::out_of_range &) {
		KEEP(text);
	}
	return unused;
}

static void thrown_case(void)
{
	run_both(thrown_catch, thrown_catch, NULL);
}

static const struct race_case cases[] = {
	CASE(appended, "data-race:error|lost-update:error"), CASE(assigned, "data-race:error"),
	CASE(source, "data-race:error"),   CASE(locked, "silent"),
	CASE(common, "silent"),		   CASE(thrown, "silent"),
};

int main(int argc, char **argv)
{
	return RUN_CASES(cases, argc, argv);
}
