// What large C++ libraries build by hand: a lock of one bit, a queue of turns, hazard
// pointers, a counter of each thread, a list that only grows.
//
// build: -std=c++17
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

static constexpr int workers = 3, turns = 2000, slots = 16;

// The lock is a bit of a word that has other uses.
struct bit_lock {
	std::atomic<uint32_t> word{0x100};

	void lock()
	{
		while (word.fetch_or(1, std::memory_order_acquire) & 1)
			std::this_thread::yield();
	}
	void unlock()
	{
		word.fetch_and(~1u, std::memory_order_release);
	}
};

// Each slot's turn says who may use it next.
struct turn_queue {
	struct slot {
		std::atomic<uint32_t> turn{0};
		long *item;
	} all[slots];
	std::atomic<uint32_t> head{0}, tail{0};

	void push(long *item)
	{
		uint32_t ticket = head.fetch_add(1);
		slot &mine = all[ticket % slots];

		while (mine.turn.load(std::memory_order_acquire) != ticket / slots * 2)
			std::this_thread::yield();
		mine.item = item;
		mine.turn.store(ticket / slots * 2 + 1, std::memory_order_release);
	}
	long *pop()
	{
		uint32_t ticket = tail.fetch_add(1);
		slot &mine = all[ticket % slots];

		while (mine.turn.load(std::memory_order_acquire) != ticket / slots * 2 + 1)
			std::this_thread::yield();
		long *item = mine.item;
		mine.turn.store(ticket / slots * 2 + 2, std::memory_order_release);
		return item;
	}
};

struct record {
	long first, second;
};

struct node {
	long value;
	node *next;
};

static bit_lock lock;
static long by_lock;
static turn_queue queue;
static std::atomic<long> popped;
static std::atomic<record *> current;
static std::atomic<record *> hazards[workers];
static std::atomic<long> counters[workers];
static std::atomic<node *> grown;

static record *protect(int number)
{
	record *found;

	do {
		found = current.load(std::memory_order_relaxed);
		hazards[number].store(found, std::memory_order_seq_cst);
	} while (found != current.load(std::memory_order_seq_cst));
	return found;
}

static bool is_protected(const record *old)
{
	for (auto &hazard : hazards)
		if (hazard.load(std::memory_order_acquire) == old)
			return true;
	return false;
}

static void replace_current(int turn, std::vector<record *> *retired)
{
	std::vector<record *> left;

	retired->push_back(current.exchange(new record{turn, -turn}));
	for (record *old : *retired) {
		if (is_protected(old)) {
			left.push_back(old);
		} else {
			old->first = 1;
			delete old;
		}
	}
	*retired = left;
}

static void grow(int turn)
{
	auto *mine = new node{turn, grown.load(std::memory_order_relaxed)};
	long length = 0;

	while (!grown.compare_exchange_weak(mine->next, mine, std::memory_order_release,
					    std::memory_order_relaxed))
		;
	for (node *at = grown.load(std::memory_order_acquire); at && length < 10; at = at->next)
		length += at->value >= 0;
}

static void work(int number)
{
	std::vector<record *> retired;

	for (int turn = 0; turn < turns; turn++) {
		lock.lock();
		by_lock++;
		lock.unlock();
		queue.push(new long(turn));
		long *item = queue.pop();
		popped += *item;
		delete item;
		record *found = protect(number);
		if (found->first + found->second)
			abort();
		hazards[number].store(nullptr, std::memory_order_release);
		if (turn % 10 == 0) {
			replace_current(turn, &retired);
			grow(turn);
		}
		counters[number].store(counters[number].load(std::memory_order_relaxed) + 1,
				       std::memory_order_relaxed);
	}
}

int main()
{
	std::vector<std::thread> threads;
	long counted = 0;

	current = new record{0, 0};
	for (int number = 0; number < workers; number++)
		threads.emplace_back(work, number);
	for (auto &thread : threads)
		thread.join();
	for (auto &counter : counters)
		counted += counter;
	printf("%ld %ld %ld\n", by_lock, popped.load(), counted);
	return 0;
}
