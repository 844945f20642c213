/*
 * A process looks at shadow memory after each instruction of another one, whose thread writes a
 * place from two lines in turn: what a thunk has stored of a write is its origin, or is seen to
 * belong to an older word.  Natively there is no shadow memory.
 */
#include "stepped.h"

#include "base/shadow_place.h"

#define WARM_ROUNDS 300 /* the first accesses of each line keep their callers */
#define ROUNDS 20
#define STEPS_MOST 100000

#define EPOCH_SHIFT 12
#define SLOT_SHIFT 52
#define TAG_BITS 8

static long place __attribute__((aligned(8)));
static long other;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* --- Who writes --------------------------------------------------------------------- */

static __attribute__((noinline)) void write_first(void)
{
	place = 1;
}

static __attribute__((noinline)) void write_second(void)
{
	place = 2;
}

static void spend_epochs(int count)
{
	for (int i = 0; i < count; i++) {
		pthread_mutex_lock(&lock);
		other++;
		pthread_mutex_unlock(&lock);
	}
}

static int write_in_steps(void)
{
	pthread_t second;

	if (!stepped_begin(&second))
		return GUEST_SKIPPED;
	for (int round = 0; round < WARM_ROUNDS + ROUNDS; round++) {
		write_first();
		spend_epochs(1 + round % ROUNDS);
		if (round >= WARM_ROUNDS)
			raise(SIGUSR1);
		write_second();
		if (round >= WARM_ROUNDS)
			raise(SIGUSR2);
		spend_epochs(1);
	}
	stepped_end(second);
	return EXIT_SUCCESS;
}

/* --- Who looks ---------------------------------------------------------------------- */

struct sight {
	uint64_t word;
	uint32_t origin; /* with its tag */
};

static bool look(pid_t pid, struct sight *sight)
{
	uint64_t origins;

	if (!stepped_peek(pid, SHADOW_WRITE_PLACE((uintptr_t)&place), &sight->word) ||
	    !stepped_peek(pid, SHADOW_ORIGIN_PLACE((uintptr_t)&place), &origins))
		return false;
	sight->origin = (uint32_t)origins;
	return true;
}

static uint8_t tag_of(uint64_t word)
{
	return (uint8_t)((word >> SLOT_SHIFT & 15) << 4 | (word >> EPOCH_SHIFT & 15));
}

static bool fits(const struct sight *sight, uint64_t word)
{
	return !(word & STEPPED_FORM_MASK) && sight->origin &&
	       (uint8_t)sight->origin == tag_of(word);
}

/* From one write to the next; returns whether both have the same tag. */
static bool look_at_write(pid_t pid)
{
	struct sight first, now, last;
	uint32_t found = 0;

	CHECK(look(pid, &first));
	CHECK(fits(&first, first.word));
	now = first;
	for (int steps = 0; steps < STEPS_MOST; steps++) {
		CHECK(ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL) == 0);
		if (stepped_stop(pid) == SIGUSR2)
			break;
		CHECK(look(pid, &now));
		if (now.word == first.word || !fits(&now, now.word))
			continue;
		if (!found)
			found = now.origin;
		CHECK(now.origin == found);
	}
	CHECK(look(pid, &last));
	CHECK(last.word != first.word && last.origin == found);
	CHECK(last.origin >> TAG_BITS != first.origin >> TAG_BITS);
	return tag_of(first.word) == tag_of(last.word);
}

static void look_at_writes(pid_t pid)
{
	struct sight sight;
	bool has_shadow = false;
	int same_count = 0;
	int signal;

	while ((signal = stepped_stop(pid)) != 0) {
		if (signal == SIGUSR1)
			has_shadow = look(pid, &sight);
		if (signal == SIGUSR1 && has_shadow)
			same_count += look_at_write(pid);
		CHECK(ptrace(PTRACE_CONT, pid, NULL, NULL) == 0);
	}
	CHECK(same_count > 0 || !has_shadow);
}

int main(void)
{
	pid_t pid = fork();

	CHECK(pid >= 0);
	if (pid == 0)
		exit(write_in_steps());
	look_at_writes(pid);
	return guest_passed();
}
