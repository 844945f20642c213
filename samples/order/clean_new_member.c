/*
 * The fixed twin of new_member.c: the list is always locked first.
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

struct member {
	pthread_mutex_t card_lock;
	int age;
	struct member *next;
};

static pthread_mutex_t list_lock = PTHREAD_MUTEX_INITIALIZER;
static struct member *members;

static void *join_club(void *unused)
{
	struct member *member = malloc(sizeof *member);

	(void)unused;
	if (!member)
		abort();
	pthread_mutex_init(&member->card_lock, NULL);
	pthread_mutex_lock(&list_lock);
	pthread_mutex_lock(&member->card_lock);
	member->age = 30;
	member->next = members;
	members = member;
	pthread_mutex_unlock(&member->card_lock);
	pthread_mutex_unlock(&list_lock);
	return NULL;
}

static int add_ages(void)
{
	int sum = 0;

	pthread_mutex_lock(&list_lock);
	for (struct member *member = members; member; member = member->next) {
		pthread_mutex_lock(&member->card_lock);
		sum += member->age;
		pthread_mutex_unlock(&member->card_lock);
	}
	pthread_mutex_unlock(&list_lock);
	return sum;
}

static void *count_members(void *unused)
{
	int sum;

	(void)unused;
	while ((sum = add_ages()) == 0)
		sched_yield();
	printf("%d years\n", sum);
	return NULL;
}

int main(void)
{
	pthread_t joiner, counter;

	pthread_create(&joiner, NULL, join_club, NULL);
	pthread_create(&counter, NULL, count_members, NULL);
	pthread_join(joiner, NULL);
	pthread_join(counter, NULL);
	pthread_mutex_destroy(&members->card_lock);
	free(members);
	return 0;
}
