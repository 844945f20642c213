/*
 * What --perturb may not do: sleep in a realtime thread while another one spins for what
 * it holds, on their only processor; make a call that a filter of the program punishes.
 *
 * guest-environment: SNARL_OPTIONS=perturb=5
 * guest-run: realtime
 * guest-run: filtered
 */
#include "../guest.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <semaphore.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#define ROUNDS 100
#define THREADS 2

#define PUNISH(number)                                                                             \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (number), 0, 1),                                       \
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)

static struct sock_filter without_sleep[] = {
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	PUNISH(SYS_nanosleep),
	PUNISH(SYS_clock_nanosleep),
	PUNISH(SYS_sched_yield),
	PUNISH(SYS_sched_getscheduler),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};

static pthread_spinlock_t spin;
static sem_t steps;
static int count;

/* The semaphore is a call with a lock held. */
static void *take_steps(void *unused)
{
	for (int i = 0; i < ROUNDS; i++) {
		CHECK_IS(pthread_spin_lock(&spin), 0);
		CHECK_IS(sem_post(&steps), 0);
		count++;
		CHECK_IS(pthread_spin_unlock(&spin), 0);
	}
	return unused;
}

static int become_realtime(void)
{
	struct sched_param priority = {.sched_priority = 50};
	cpu_set_t processors;

	CPU_ZERO(&processors);
	CPU_SET(sched_getcpu(), &processors);
	return sched_setscheduler(0, SCHED_FIFO, &priority) != 0 ||
	       sched_setaffinity(0, sizeof(processors), &processors) != 0;
}

static int become_filtered(void)
{
	struct sock_fprog program = {sizeof(without_sleep) / sizeof(*without_sleep), without_sleep};

	CHECK_IS(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

int main(int argument_count, char **arguments)
{
	pthread_t threads[THREADS];

	CHECK_IS(pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE), 0);
	CHECK_IS(sem_init(&steps, 0, 0), 0);
	if (argument_count > 1 && strcmp(arguments[1], "realtime") == 0 ? become_realtime()
									 : become_filtered())
		return guest_skip("may not");
	for (int i = 0; i < THREADS; i++)
		CHECK_IS(pthread_create(&threads[i], NULL, take_steps, NULL), 0);
	for (int i = 0; i < THREADS; i++)
		CHECK_IS(pthread_join(threads[i], NULL), 0);
	CHECK_IS(count, THREADS * ROUNDS);
	puts("passed");
	return EXIT_SUCCESS;
}
