/*
 * RULES, 'Happens-before': what owners and containers of the C++ library order, and objects that
 * are made anew in their places.
 */
#include <atomic>
#include <latch>
#include <memory>
#include <string>
#include <sys/syscall.h>
#include <unistd.h>
#include <vector>

#include "cxx_cases.h"

static void shared_pointer_use(std::shared_ptr<std::vector<int>> owner)
{
	for (int i = 0; i < 20; i++) {
		std::shared_ptr<std::vector<int>> another = owner;

		MUST(another->size() == 3);
	}
	owner.reset();
}

static void shared_pointer_case()
{
	auto owner = std::make_shared<std::vector<int>>(3, 7);
	std::weak_ptr<std::vector<int>> observer = owner;
	std::thread one(shared_pointer_use, owner), two(shared_pointer_use, std::move(owner));

	if (auto seen = observer.lock())
		MUST(seen->at(0) == 7);
	one.join();
	two.join();
	MUST(observer.expired());
}

/* The count is atomic; what is counted is not. */
static void shared_object_use(const std::shared_ptr<long> &owner)
{
	++*owner;
}

static void shared_object_case()
{
	auto owner = std::make_shared<long>(0);
	std::latch both_there(2); /* else the first may have given its share up by then */
	const auto use = [owner, &both_there] {
		both_there.arrive_and_wait();
		shared_object_use(owner);
	};

	run_two(use, use);
}

static void vector_grows_push(std::vector<long> &vector)
{
	vector.push_back(1);
}

static void vector_grows_read(const long &first)
{
	MUST(first != 12345);
}

static void vector_grows_case()
{
	std::vector<long> vector(300, 1);
	const long &first = vector.front();

	vector.shrink_to_fit();
	run_two([&vector] { vector_grows_push(vector); }, [&first] { vector_grows_read(first); });
}

static void string_append(std::string &text)
{
	text += "a few words, and then a few more of them";
	KEEP(text); /* no tail call */
}

static void string_case()
{
	std::string text;

	text.reserve(1000);
	run_two([&text] { string_append(text); }, [&text] { string_append(text); });
}

/* A virtual-table pointer that is overwritten after it was read.  Only the kernel, which
 * is asked whether the reader has ended, knows of their order. */
struct shape {
	virtual ~shape() = default;
	virtual int corner_count() const { return 1; }
};

struct square : shape {
	int corner_count() const override { return 4; }
};

static void await_end(const std::atomic<int> &thread_id)
{
	int id;

	while (!(id = thread_id.load()))
		sched_yield();
	while (syscall(SYS_tgkill, getpid(), id, 0) == 0)
		sched_yield();
}

static shape *same_table_object;
static std::atomic<int> same_table_reader{0};

static void *same_table_read(void *unused)
{
	same_table_reader.exchange((int)syscall(SYS_gettid));
	MUST(same_table_object->corner_count() > 0);
	return unused;
}

static void *same_table_write(void *unused)
{
	await_end(same_table_reader);
	new (same_table_object) shape;
	KEEP(*same_table_object);
	return unused;
}

static void same_table_case()
{
	same_table_object = new shape;
	run_both(same_table_read, same_table_write, nullptr);
	delete same_table_object;
}

static shape *other_table_object;
static std::atomic<int> other_table_reader{0};

static void *other_table_read(void *unused)
{
	other_table_reader.exchange((int)syscall(SYS_gettid));
	MUST(other_table_object->corner_count() > 0);
	return unused;
}

static void *other_table_write(void *unused)
{
	await_end(other_table_reader);
	new (other_table_object) shape;
	KEEP(*other_table_object);
	return unused;
}

static void other_table_case()
{
	other_table_object = new square;
	run_both(other_table_read, other_table_write, nullptr);
	delete other_table_object;
}

/* The base class's table, which is there already, and then another one. */
static shape *both_tables_object;
static std::atomic<int> both_tables_reader{0};

static void *both_tables_read(void *unused)
{
	both_tables_reader.exchange((int)syscall(SYS_gettid));
	MUST(both_tables_object->corner_count() > 0);
	return unused;
}

static void *both_tables_write(void *unused)
{
	await_end(both_tables_reader);
	new (both_tables_object) square;
	KEEP(*both_tables_object);
	return unused;
}

static void both_tables_case()
{
	both_tables_object = new shape;
	run_both(both_tables_read, both_tables_write, nullptr);
	delete both_tables_object;
}

static const struct race_case cases[] = {
	CASE(shared_pointer, "silent"),
	CASE(shared_object, "lost-update:error"),
	CASE(vector_grows, "data-race:error"),
	CASE(string, "lost-update|data-race lost-update? data-race?"),
	CASE(same_table, "silent"),
	CASE(other_table, "data-race:error"),
	CASE(both_tables, "data-race:error"),
};

int main(int argc, char **argv)
{
	return RUN_CASES(cases, argc, argv);
}
