/*
 * A condition wait that cannot return (deadlock through the mutex it needs).
 *
 * What happens: the reader holds account_lock and waits for mail; the wait has
 * let go of mail_lock, but must have it back before it returns.  The deliverer
 * holds mail_lock and wants account_lock.
 *
 * Why: a condition wait ends with a lock operation.  Even if the deliverer had
 * signalled first, or the wait had a time limit, the reader would now stand in
 * front of mail_lock, and the deliverer in front of account_lock.
 *
 * See it: snarl run ./cond_wait
 * The wait with its mutex, the lock held over it, and the deliverer's two.
 *
 * Fix: hold nothing but the condition's own mutex while waiting:
 * clean_cond_wait.c leaves the account before it waits.
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>

static pthread_mutex_t account_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t mail_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t mail_arrived = PTHREAD_COND_INITIALIZER;
static int visit_count, bill, mail_count;
static sem_t reader_is_in;

static void *read_mail(void *unused)
{
	(void)unused;
	pthread_mutex_lock(&account_lock); /* HERE: reader_holds */
	visit_count++;
	pthread_mutex_lock(&mail_lock);
	/* Who waits for this gets mail_lock only once the reader waits. */
	sem_post(&reader_is_in);
	while (mail_count == 0)
		pthread_cond_wait(&mail_arrived, &mail_lock); /* HERE: reader_waits */
	mail_count--;
	pthread_mutex_unlock(&mail_lock);
	pthread_mutex_unlock(&account_lock);
	return NULL;
}

static void *deliver_mail(void *unused)
{
	(void)unused;
	sem_wait(&reader_is_in);
	pthread_mutex_lock(&mail_lock);    /* HERE: deliverer_holds */
	pthread_mutex_lock(&account_lock); /* HERE: deliverer_waits */
	bill += visit_count;
	pthread_mutex_unlock(&account_lock);
	mail_count++;
	pthread_cond_signal(&mail_arrived);
	pthread_mutex_unlock(&mail_lock);
	return NULL;
}

int main(void)
{
	pthread_t reader, deliverer;

	sem_init(&reader_is_in, 0, 0);
	pthread_create(&reader, NULL, read_mail, NULL);
	pthread_create(&deliverer, NULL, deliver_mail, NULL);
	pthread_join(reader, NULL);
	pthread_join(deliverer, NULL);
	printf("%d letters left, the bill is %d\n", mail_count, bill);
	return 0;
}
