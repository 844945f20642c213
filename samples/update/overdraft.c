/*
 * A getter that locks and a setter that locks (lost-update).
 *
 * What happens: each cash machine gets the balance, takes its amount off, and
 * sets the balance to what is left.  Both get 100; one sets 20, the other 70,
 * and one of the two payments has cost nobody anything.
 *
 * Why it is wrong: get_balance() and set_balance() are 'thread-safe' each by
 * itself, and what is made of them is not.  The new balance rests on one that
 * was true once, in a critical section that is over.
 *
 * See it: snarl run ./overdraft
 * The stale read, the write of the other thread after it, and the write that
 * overwrites it.
 *
 * Fix: the operation that must be whole takes the lock, not its parts:
 * withdraw() in clean_overdraft.c.
 */
#include <pthread.h>
#include <stdio.h>

struct account {
	pthread_mutex_t lock;
	int balance;
};

static struct account account = { PTHREAD_MUTEX_INITIALIZER, 100 };

/* Two customers at two machines, at the same time. */
static pthread_barrier_t both_have_looked;

static int get_balance(void)
{
	int balance;

	pthread_mutex_lock(&account.lock);
	balance = account.balance; /* HERE: reads */
	pthread_mutex_unlock(&account.lock);
	return balance;
}

static void set_balance(int balance)
{
	pthread_mutex_lock(&account.lock);
	account.balance = balance; /* HERE: writes */
	pthread_mutex_unlock(&account.lock);
}

static void withdraw(int amount)
{
	int balance = get_balance();

	pthread_barrier_wait(&both_have_looked);
	set_balance(balance - amount);
}

static void *serve_customer(void *argument)
{
	const int *amount = argument;

	withdraw(*amount);
	return NULL;
}

int main(void)
{
	static int amounts[] = { 80, 30 };
	pthread_t machines[2];

	pthread_barrier_init(&both_have_looked, NULL, 2);
	for (int machine = 0; machine < 2; machine++)
		pthread_create(&machines[machine], NULL, serve_customer, &amounts[machine]);
	for (int machine = 0; machine < 2; machine++)
		pthread_join(machines[machine], NULL);
	pthread_barrier_destroy(&both_have_looked);
	printf("100 - 80 - 30 = %d\n", account.balance);
	return 0;
}
