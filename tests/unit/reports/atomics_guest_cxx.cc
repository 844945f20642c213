#include <atomic>
#include <cstring>

/* atomics_guest.h is C: the two meet in the names alone. */
struct Node {
	long key;
	std::atomic<int> state;
	int plain;
};

static std::atomic<bool> flag;
static Node node;

extern "C" {

extern void *const cxx_flag;
extern void *const cxx_member;
extern void *const cxx_plain;
void *const cxx_flag = &flag;
void *const cxx_member = &node.state;
void *const cxx_plain = &node.plain;

__attribute__((noinline)) int cxx_load_inlined(const void *address)
{
	return static_cast<const Node *>(address)->state.load(std::memory_order_acquire);
}

__attribute__((noinline)) void cxx_store_inlined(void *address, int value)
{
	static_cast<Node *>(address)->state.store(value, std::memory_order_release);
}

__attribute__((noinline)) int cxx_load_plain(const Node *at)
{
	return at->plain;
}

const unsigned char *cxx_load_out_of_line(void)
{
	int (std::atomic<int>::*member)(std::memory_order) const noexcept = &std::atomic<int>::load;
	const unsigned char *code;

	/* The first word of a pointer to a member that is not virtual. */
	static_assert(sizeof(member) >= sizeof(code), "a member pointer begins with its code");
	std::memcpy(&code, &member, sizeof(code));
	return code;
}
}
