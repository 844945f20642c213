/*
 * The fixed twin of overdraft.c: withdraw() holds the lock from the
 * look at the balance to the last digit written.
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

/* Expects the caller to hold the account's lock. */
static int get_balance(void)
{
	return account.balance; /* HERE: reads */
}

/* Expects the caller to hold the account's lock. */
static void set_balance(int balance)
{
	account.balance = balance; /* HERE: writes */
}

static void withdraw(int amount)
{
	pthread_barrier_wait(&both_have_looked);
	pthread_mutex_lock(&account.lock);
	set_balance(get_balance() - amount);
	pthread_mutex_unlock(&account.lock);
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
