/*
 * The balance is checked, then acted upon later (check-then-act, warning).
 *
 * What happens: both customers ask whether 80 can be paid out of 100.  Both
 * are told so; both are paid.  The balance is -60.
 *
 * Why it is wrong: no update is lost, the sum is right to the last cent.  But
 * the decision was taken in one critical section and carried out in another,
 * and in between it had stopped being true.
 *
 * See it: snarl run ./withdrawal
 * The check, the write of the other thread after it, and the act.
 *
 * Fix: check and act in one critical section, or check again before the act:
 * clean_withdrawal.c.
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
	pthread_mutex_lock(&account_lock);
	if (balance < amount) { /* HERE: checks */
		pthread_mutex_unlock(&account_lock);
		return false;
	}
	pthread_mutex_unlock(&account_lock);

	pthread_barrier_wait(&both_have_asked);

	pthread_mutex_lock(&account_lock);
	balance -= amount; /* HERE: acts */
	pthread_mutex_unlock(&account_lock);
	return true;
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
