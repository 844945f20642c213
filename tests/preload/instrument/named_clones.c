/*
 * Functions that call one another in a thread, so that a debugger or profiler finds the
 * thread in the innermost one's clone: see run_onlookers.
 *
 * named_clones          ends well
 * named_clones fault    dies of SIGSEGV in innermost(), by an access to a guard page
 * named_clones busy     spends some time in innermost()
 */
#include <sys/mman.h>

#include "../guest.h"

#define NOINLINE __attribute__((noinline))
#define COUNT 24
#define PAGE 4096

static int total;

/* Touches @count numbers and the one after them. */
NOINLINE int innermost(int *numbers, int count)
{
	int sum = 0;

	for (int i = 0; i < count; i++) {
		sum += numbers[i];
		numbers[i] = sum ^ count;
	}
	total = sum;
	return sum + numbers[count];
}

NOINLINE int middle(int *numbers, int count)
{
	int result = innermost(numbers, count);

	return 3 * result + total;
}

static NOINLINE int outermost(int *numbers, int rounds)
{
	int result = 0;

	for (int i = 0; i < rounds; i++)
		result += middle(numbers, COUNT) + 1;
	return result;
}

struct work {
	int *numbers;
	int rounds, result;
};

static void *run(void *argument)
{
	struct work *work = argument;

	work->result = outermost(work->numbers, work->rounds);
	return NULL;
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";
	char *pages =
		mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int after = strcmp(mode, "fault") == 0 ? 0 : 1;
	struct work work = {.rounds = strcmp(mode, "busy") == 0 ? 500000 : 1};

	CHECK(pages != MAP_FAILED);
	CHECK_IS(mprotect(pages + PAGE, PAGE, PROT_NONE), 0);
	work.numbers = (int *)(void *)(pages + PAGE) - COUNT - after;
	guest_run_in_thread(run, &work);
	printf("%d\n", work.result);
	return guest_passed();
}
