/*
 * Accounts locked as the transfer names them (class-level inversion, warning).
 *
 * What happens: transfer() locks the payer's account, then the payee's.  One
 * teller moves money from Alice to Bob, the other from Carol to Bob.  No pair
 * of locks is ever taken in both orders, so no cycle of locks exists.
 *
 * Why it is wrong: the accounts are all made in one place, so their locks are
 * of one class, and within it transfer() has no order: here an older account
 * comes first, there a younger one.  The first transfer from Bob to Alice that
 * meets one from Alice to Bob stops both tellers for ever.
 *
 * See it: snarl run ./bank_transfer
 * A warning, not an error: this run shows that the class has no order, not
 * that any two of its locks are taken both ways.
 *
 * Fix: an order within the class.  clean_bank_transfer.c takes the lock with
 * the lower address first, whoever pays.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum owner { ALICE, BOB, CAROL, OWNER_COUNT };

struct account {
	pthread_mutex_t lock;
	int balance;
};

struct order {
	enum owner payer, payee;
	int amount;
};

static struct account *accounts[OWNER_COUNT];
static struct order orders[] = { { ALICE, BOB, 30 }, { CAROL, BOB, 20 } };

static struct account *open_account(int balance)
{
	struct account *account = malloc(sizeof *account);

	if (!account)
		abort();
	pthread_mutex_init(&account->lock, NULL);
	account->balance = balance;
	return account;
}

static void transfer(struct account *payer, struct account *payee, int amount)
{
	struct account *first = payer;
	struct account *second = payee;

	pthread_mutex_lock(&first->lock);  /* HERE: first_account */
	pthread_mutex_lock(&second->lock); /* HERE: second_account */
	payer->balance -= amount;
	payee->balance += amount;
	pthread_mutex_unlock(&second->lock);
	pthread_mutex_unlock(&first->lock);
}

static void *serve_customer(void *argument)
{
	const struct order *order = argument;

	transfer(accounts[order->payer], accounts[order->payee], order->amount); /* HERE: teller */
	return NULL;
}

int main(void)
{
	pthread_t tellers[2];

	for (int owner = 0; owner < OWNER_COUNT; owner++)
		accounts[owner] = open_account(100);
	for (int teller = 0; teller < 2; teller++)
		pthread_create(&tellers[teller], NULL, serve_customer, &orders[teller]);
	for (int teller = 0; teller < 2; teller++)
		pthread_join(tellers[teller], NULL);
	printf("Bob has %d\n", accounts[BOB]->balance);
	for (int owner = 0; owner < OWNER_COUNT; owner++) {
		pthread_mutex_destroy(&accounts[owner]->lock);
		free(accounts[owner]);
	}
	return 0;
}
