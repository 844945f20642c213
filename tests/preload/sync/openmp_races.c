/*
 * OpenMP without what orders its threads: the library's own atomics must not hide it.
 *
 * snarl-expect: status=66 kinds=lost-update,data-race
 */
#include "../guest.h"

#ifdef _OPENMP
#include <omp.h>

#define COUNT 1000

static long total, written[COUNT], seen;

int main(void)
{
	for (int round = 0; round < 20; round++) {
#pragma omp parallel for num_threads(4)
		for (int i = 0; i < COUNT; i++)
			total += i; /* a reduction forgotten */
	}
	/* Several times: a thread that comes late may have acquired, in the library, from
	 * those whose part it then reads. */
	for (int round = 0; round < 5; round++) {
#pragma omp parallel num_threads(4)
		{
			long found;

#pragma omp for nowait
			for (int i = 0; i < COUNT; i++)
				written[i] = i + 1;
			/* What another thread writes: the barrier was given up by nowait. */
			found = written[(omp_get_thread_num() * (COUNT / 4) + COUNT / 4) % COUNT];
#pragma omp atomic
			seen += found != 0;
		}
	}
	CHECK(total > 0 && seen >= 0);
	return guest_passed();
}
#else
int main(void)
{
	return guest_skip("built without OpenMP");
}
#endif
