/*
 * The fixed twin of bank_transfer.c: within the class of account locks
 * the one with the lower address is taken first, whoever pays.
 *
 * Any fixed order will do (an account number is as good), as long as all code
 * that takes two of these locks keeps to it.
 */
#include <pthread.h>
#include <stdint.h>
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
	struct account *first = (uintptr_t)payer < (uintptr_t)payee ? payer : payee;
	struct account *second = first == payer ? payee : payer;

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
