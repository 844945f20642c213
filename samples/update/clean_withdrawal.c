/*
 * The fixed twin of withdrawal.c: what was true at the first look is
 * checked again in the critical section that acts upon it.
 *
 * The first look may stay: it spares those who ask for too much the way to the
 * machine.  It just decides nothing for the others.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>

static pthread_mutex_t account_lock = PTHREAD_MUTEX_INITIALIZER;
static int balance = 100;

/* Two customers at two machines, at the same time. */
static pthread_barrier_t both_have_asked;

static bool withdraw(int amount)
{
	bool is_paid = false;

	pthread_mutex_lock(&account_lock);
	if (balance < amount) { /* HERE: checks */
		pthread_mutex_unlock(&account_lock);
		return false;
	}
	pthread_mutex_unlock(&account_lock);

	pthread_barrier_wait(&both_have_asked);

	pthread_mutex_lock(&account_lock);
	if (balance >= amount) { /* HERE: checks_again */
		balance -= amount; /* HERE: acts */
		is_paid = true;
	}
	pthread_mutex_unlock(&account_lock);
	return is_paid;
}

static void *serve_customer(void *unused)
{
	(void)unused;
	withdraw(80);
	return NULL;
}

int main(void)
{
	pthread_t machines[2];

	pthread_barrier_init(&both_have_asked, NULL, 2);
	for (int machine = 0; machine < 2; machine++)
		pthread_create(&machines[machine], NULL, serve_customer, NULL);
	for (int machine = 0; machine < 2; machine++)
		pthread_join(machines[machine], NULL);
	pthread_barrier_destroy(&both_have_asked);
	printf("the balance is %d\n", balance);
	return 0;
}
