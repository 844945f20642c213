// A report of C++: a template under a lock that is read-locked for an update, and not taken at all
// for a look; a vector that one of two threads changes under a lock of its own.
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <thread>
#include <vector>

template <class Key, class Value> class Cache {
public:
	void put(const Key &key, Value value)
	{
		std::unique_lock<std::shared_mutex> writing(mutex_);

		values_[key] = std::move(value);
	}

	bool has(const Key &key) const
	{
		std::shared_lock<std::shared_mutex> reading(mutex_);

		++looks_;
		return values_.count(key) != 0;
	}

	size_t size() const
	{
		return values_.size();
	}

private:
	mutable std::shared_mutex mutex_;
	std::map<Key, Value> values_;
	mutable long looks_ = 0;
};

struct Session {
	std::string user;
	std::vector<int> rights;
};

static std::vector<std::string> journal;
static std::mutex journal_mutex;

using Sessions = Cache<std::string, std::shared_ptr<Session>>;

int main()
{
	auto asked = std::make_shared<Sessions>();
	auto filled = std::make_shared<Sessions>();
	std::vector<std::thread> threads;

	for (int i = 0; i < 2; i++)
		threads.emplace_back([&asked] { asked->has("anna"); });
	threads.emplace_back([&filled] {
		if (filled->size() + journal.size() > 1000)
			throw std::string("too many");
	});
	threads.emplace_back([&filled] {
		filled->put("anna", std::make_shared<Session>());
		std::lock_guard<std::mutex> guard(journal_mutex);
		journal.push_back("anna");
	});
	for (std::thread &thread : threads)
		thread.join();
}
