/*
 * Waits for futex words that look like hangs, as all other threads wait, and are none:
 * another process wakes, a wake comes before the word has changed back, threads wake each
 * other in turn, a wait fails at once.
 *
 * guest-bare: yes
 */
#include <linux/futex.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "../guest.h"

#define ROUNDS 1000

static uint32_t turn;

static long await_word(uint32_t *word, uint32_t value)
{
	return syscall(SYS_futex, word, FUTEX_WAIT, value, NULL, NULL, 0);
}

static void set_word(uint32_t *word, uint32_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELEASE);
	syscall(SYS_futex, word, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
}

static void await_turn(uint32_t value)
{
	uint32_t now;

	while ((now = __atomic_load_n(&turn, __ATOMIC_ACQUIRE)) % 2 != value)
		await_word(&turn, now);
}

static void *take_odd_turns(void *unused)
{
	for (uint32_t i = 0; i < ROUNDS; i++) {
		await_turn(1);
		set_word(&turn, turn + 1);
	}
	return unused;
}

static void take_turns(void)
{
	pthread_t other = guest_start(take_odd_turns, NULL);

	for (uint32_t i = 0; i < ROUNDS; i++) {
		await_turn(0);
		set_word(&turn, turn + 1);
	}
	guest_join(other);
}

static void be_woken_by_child(void)
{
	uint32_t *word = mmap(NULL, sizeof(*word), PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t child;

	CHECK(word != MAP_FAILED);
	child = fork();
	if (child == 0) {
		guest_await_sleep(getppid());
		set_word(word, 1);
		_exit(0);
	}
	while (!__atomic_load_n(word, __ATOMIC_ACQUIRE))
		await_word(word, 0);
	CHECK_IS(guest_wait_for(child), 0);
}

static void fail_wait(void)
{
	static uint32_t word;

	CHECK_FAILS(await_word(&word, 1), EAGAIN);
	CHECK_FAILS(await_word(NULL, 0), EFAULT);
	CHECK_FAILS(await_word((uint32_t *)((uintptr_t)&word + 1), 0), EINVAL);
}

int main(void)
{
	fail_wait();
	take_turns();
	be_woken_by_child();
	return guest_passed();
}
