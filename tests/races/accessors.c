/*
 * RULES, 'Lost updates', where load and store are made by functions of their own, which
 * stay calls: getters and setters.  Each with what looks like it and is none.
 */
#include "cases.h"

/* Both threads have read before either writes. */
static pthread_barrier_t both_have_read;

struct account {
	pthread_mutex_t lock;
	long number, balance;
};

static NOINLINE long account_balance(const struct account *account)
{
	KEEP(*account);
	return account->balance;
}

static NOINLINE void account_set_balance(struct account *account, long balance)
{
	account->balance = balance;
	KEEP(*account);
}

#define ACCOUNT(name) static struct account name##_account = {PTHREAD_MUTEX_INITIALIZER, 1, 100}

#define RUN_BOTH(name)                                                                             \
	static void name##_case(void)                                                              \
	{                                                                                          \
		run_both(name##_work, name##_work, &name##_account);                               \
		KEEP(name##_account);                                                              \
	}

/* Reads the balance under the lock, lets the other thread do so too, and takes the lock
 * again.  A macro: the two sections are to be in one function. */
#define READ_FIRST(account)                                                                        \
	({                                                                                         \
		long balance_first;                                                                \
                                                                                                   \
		pthread_mutex_lock(&(account)->lock);                                              \
		balance_first = account_balance(account);                                          \
		pthread_mutex_unlock(&(account)->lock);                                            \
		pthread_barrier_wait(&both_have_read);                                             \
		pthread_mutex_lock(&(account)->lock);                                              \
		balance_first;                                                                     \
	})

ACCOUNT(split_calls);

static void *split_calls_work(void *argument)
{
	struct account *account = argument;
	long balance = READ_FIRST(account);

	account_set_balance(account, balance - 10);
	pthread_mutex_unlock(&account->lock);
	return NULL;
}

RUN_BOTH(split_calls)

/* Loaded by the function, stored directly. */
ACCOUNT(split_half);

static void *split_half_work(void *argument)
{
	struct account *account = argument;
	long balance = READ_FIRST(account);

	account->balance = balance - 10;
	pthread_mutex_unlock(&account->lock);
	return NULL;
}

RUN_BOTH(split_half)

/* What is stored does not rest on what was loaded. */
ACCOUNT(split_unrelated);
static volatile long split_unrelated_seen;

static void *split_unrelated_work(void *argument)
{
	struct account *account = argument;

	split_unrelated_seen = READ_FIRST(account);
	account_set_balance(account, account->number);
	pthread_mutex_unlock(&account->lock);
	return NULL;
}

RUN_BOTH(split_unrelated)

/* In one section. */
ACCOUNT(whole_calls);

static void *whole_calls_work(void *argument)
{
	struct account *account = argument;

	pthread_barrier_wait(&both_have_read);
	pthread_mutex_lock(&account->lock);
	account_set_balance(account, account_balance(account) - 10);
	pthread_mutex_unlock(&account->lock);
	return NULL;
}

RUN_BOTH(whole_calls)

/* Loaded again before it is stored. */
ACCOUNT(split_again);

static void *split_again_work(void *argument)
{
	struct account *account = argument;
	long balance = READ_FIRST(account);

	if (account_balance(account) != balance)
		balance = account_balance(account);
	account_set_balance(account, balance - 10);
	pthread_mutex_unlock(&account->lock);
	return NULL;
}

RUN_BOTH(split_again)

/* --- Functions that lock and unlock by themselves ------------------------------------------ */

static NOINLINE long account_locked_balance(struct account *account)
{
	long balance;

	pthread_mutex_lock(&account->lock);
	balance = account->balance;
	pthread_mutex_unlock(&account->lock);
	return balance;
}

static NOINLINE void account_set_locked_balance(struct account *account, long balance)
{
	pthread_mutex_lock(&account->lock);
	account->balance = balance;
	pthread_mutex_unlock(&account->lock);
	KEEP(*account);
}

ACCOUNT(locking);

static void *locking_work(void *argument)
{
	struct account *account = argument;
	long balance = account_locked_balance(account);

	pthread_barrier_wait(&both_have_read);
	account_set_locked_balance(account, balance - 10);
	KEEP(*account);
	return NULL;
}

RUN_BOTH(locking)

/* What is stored does not rest on what was loaded. */
ACCOUNT(locking_unrelated);

static void *locking_unrelated_work(void *argument)
{
	struct account *account = argument;
	long balance = account_locked_balance(account);

	pthread_barrier_wait(&both_have_read);
	account_set_locked_balance(account, account->number);
	KEEP(balance);
	return NULL;
}

RUN_BOTH(locking_unrelated)

/* Another lock is held around both. */
ACCOUNT(locking_inside);
static pthread_mutex_t locking_inside_outer = PTHREAD_MUTEX_INITIALIZER;

static void *locking_inside_work(void *argument)
{
	struct account *account = argument;

	pthread_barrier_wait(&both_have_read);
	pthread_mutex_lock(&locking_inside_outer);
	account_set_locked_balance(account, account_locked_balance(account) - 10);
	pthread_mutex_unlock(&locking_inside_outer);
	return NULL;
}

RUN_BOTH(locking_inside)

/* The account is found by a pointer in the object. */
struct holder {
	long number;
	struct account *account;
};

static NOINLINE long holder_balance(const struct holder *holder)
{
	KEEP(*holder);
	return holder->account->balance;
}

static NOINLINE void holder_set_balance(struct holder *holder, long balance)
{
	holder->account->balance = balance;
	KEEP(*holder);
}

ACCOUNT(split_pointed);
static struct holder split_pointed_holder = {1, &split_pointed_account};

static void *split_pointed_work(void *argument)
{
	struct holder *holder = argument;
	long balance;

	pthread_mutex_lock(&split_pointed_account.lock);
	balance = holder_balance(holder);
	pthread_mutex_unlock(&split_pointed_account.lock);
	pthread_barrier_wait(&both_have_read);
	pthread_mutex_lock(&split_pointed_account.lock);
	holder_set_balance(holder, balance - 10);
	pthread_mutex_unlock(&split_pointed_account.lock);
	return NULL;
}

static void split_pointed_case(void)
{
	run_both(split_pointed_work, split_pointed_work, &split_pointed_holder);
}

/* --- Floating-point values ------------------------------------------------------------ */

/* A number with functions that load and store it, and what reads it, lets the other thread do
 * so, and stores @stored. */
#define NUMBER(name, type, stored)                                                                 \
	static struct {                                                                            \
		pthread_mutex_t lock;                                                              \
		type total, other;                                                                 \
	} name##_sum = {PTHREAD_MUTEX_INITIALIZER, 100, 3};                                        \
	static NOINLINE type name##_total(void)                                                    \
	{                                                                                          \
		type total;                                                                        \
                                                                                                   \
		pthread_mutex_lock(&name##_sum.lock);                                              \
		total = name##_sum.total;                                                          \
		pthread_mutex_unlock(&name##_sum.lock);                                            \
		return total;                                                                      \
	}                                                                                          \
	static NOINLINE void name##_set_total(type total)                                          \
	{                                                                                          \
		pthread_mutex_lock(&name##_sum.lock);                                              \
		name##_sum.total = total;                                                          \
		pthread_mutex_unlock(&name##_sum.lock);                                            \
		KEEP(name##_sum);                                                                  \
	}                                                                                          \
	static void *name##_work(void *unused)                                                     \
	{                                                                                          \
		type total = name##_total();                                                       \
                                                                                                   \
		KEEP(total);                                                                       \
		pthread_barrier_wait(&both_have_read);                                             \
		name##_set_total(stored);                                                          \
		KEEP(name##_sum);                                                                  \
		return unused;                                                                     \
	}                                                                                          \
	static void name##_case(void)                                                              \
	{                                                                                          \
		run_both(name##_work, name##_work, NULL);                                          \
	}

NUMBER(number, double, total * 1.5)
NUMBER(small_number, float, total + 2)
NUMBER(other_number, double, number_sum.other * 1.5)

/* --- Tests, and functions that act ----------------------------------------------------------- */

struct stock {
	pthread_mutex_t lock;
	int items, sold;
};

/* With a test of what is there, and a function that takes @pack of it.  Where packs are equal,
 * compilers make one function of several. */
#define STOCK(name, pack)                                                                          \
	static struct stock name##_stock = {PTHREAD_MUTEX_INITIALIZER, pack, 0};                   \
	static NOINLINE int name##_has(struct stock *stock)                                        \
	{                                                                                          \
		int has;                                                                           \
                                                                                                   \
		pthread_mutex_lock(&stock->lock);                                                  \
		has = stock->items >= pack;                                                        \
		pthread_mutex_unlock(&stock->lock);                                                \
		return has;                                                                        \
	}                                                                                          \
	static NOINLINE void name##_take(struct stock *stock)                                      \
	{                                                                                          \
		pthread_mutex_lock(&stock->lock);                                                  \
		stock->items -= pack;                                                              \
		pthread_mutex_unlock(&stock->lock);                                                \
		KEEP(*stock);                                                                      \
	}

static NOINLINE void stock_sell(struct stock *stock)
{
	pthread_mutex_lock(&stock->lock);
	stock->sold++;
	pthread_mutex_unlock(&stock->lock);
	KEEP(*stock);
}

/* Both find the last item there, and both take it. */
STOCK(tested, 1)

static void *tested_work(void *unused)
{
	while (tested_has(&tested_stock)) {
		pthread_barrier_wait(&both_have_read);
		tested_take(&tested_stock);
	}
	return unused;
}

static void tested_case(void)
{
	run_both(tested_work, tested_work, NULL);
}

/* The same without a loop, of what a pointer leads to. */
STOCK(tested_once, 2)

static void *tested_once_work(void *argument)
{
	if (tested_once_has(argument)) {
		pthread_barrier_wait(&both_have_read);
		tested_once_take(argument);
	}
	return NULL;
}

static void tested_once_case(void)
{
	run_both(tested_once_work, tested_once_work, &tested_once_stock);
}

/* What is updated is not what the test has read. */
STOCK(tested_other, 3)

static void *tested_other_work(void *unused)
{
	if (tested_other_has(&tested_other_stock)) {
		pthread_barrier_wait(&both_have_read);
		stock_sell(&tested_other_stock);
	} else {
		tested_other_take(&tested_other_stock);
	}
	return unused;
}

static void tested_other_case(void)
{
	run_both(tested_other_work, tested_other_work, NULL);
}

/* No test decides that the item is taken. */
STOCK(tested_apart, 4)

static void *tested_apart_work(void *unused)
{
	if (tested_apart_has(&tested_apart_stock))
		stock_sell(&tested_apart_stock);
	pthread_barrier_wait(&both_have_read);
	tested_apart_take(&tested_apart_stock);
	return unused;
}

static void tested_apart_case(void)
{
	run_both(tested_apart_work, tested_apart_work, NULL);
}

/* Another lock is held around both. */
STOCK(tested_inside, 5)
static pthread_mutex_t tested_inside_outer = PTHREAD_MUTEX_INITIALIZER;

static void *tested_inside_work(void *unused)
{
	pthread_barrier_wait(&both_have_read);
	pthread_mutex_lock(&tested_inside_outer);
	if (tested_inside_has(&tested_inside_stock))
		tested_inside_take(&tested_inside_stock);
	pthread_mutex_unlock(&tested_inside_outer);
	return unused;
}

static void tested_inside_case(void)
{
	run_both(tested_inside_work, tested_inside_work, NULL);
}

/* Who takes one has a look of its own. */
static struct stock tested_again_stock = {PTHREAD_MUTEX_INITIALIZER, 6, 0};

static NOINLINE int tested_again_has(void)
{
	int has;

	pthread_mutex_lock(&tested_again_stock.lock);
	has = tested_again_stock.items >= 6;
	pthread_mutex_unlock(&tested_again_stock.lock);
	return has;
}

static NOINLINE void tested_again_take(void)
{
	pthread_mutex_lock(&tested_again_stock.lock);
	tested_again_stock.items -= 6 * (tested_again_stock.items > 5);
	pthread_mutex_unlock(&tested_again_stock.lock);
	KEEP(tested_again_stock);
}

static void *tested_again_work(void *unused)
{
	if (tested_again_has()) {
		pthread_barrier_wait(&both_have_read);
		tested_again_take();
	}
	return unused;
}

static void tested_again_case(void)
{
	run_both(tested_again_work, tested_again_work, NULL);
}

static const struct race_case cases[] = {
	CASE(split_calls, "lost-update:error"),
	CASE(split_half, "lost-update:error"),
	CASE(split_unrelated, "silent"),
	CASE(whole_calls, "silent"),
	CASE(split_again, "silent"),
	CASE(locking, "lost-update:error"),
	CASE(locking_unrelated, "silent"),
	CASE(locking_inside, "silent"),
	CASE(split_pointed, "lost-update:error"),
	CASE(number, "lost-update:error"),
	CASE(small_number, "lost-update:error"),
	CASE(other_number, "silent"),
	CASE(tested, "check-then-act:warning"),
	CASE(tested_once, "check-then-act:warning"),
	CASE(tested_other, "silent"),
	CASE(tested_apart, "silent"),
	CASE(tested_inside, "silent"),
	CASE(tested_again, "silent"),
};

int main(int argc, char **argv)
{
	pthread_barrier_init(&both_have_read, NULL, 2);
	return RUN_CASES(cases, argc, argv);
}
