/*
 * RULES, 'Happens-before': words of objects that a thread takes from a pool of its own.  A locked
 * instruction touches each once in a life; what is stored to it then concerns nobody, until the
 * object is handed to another thread by just such a store.
 */
#include "cases.h"

#define OBJECTS 4
#define LIVES 3000
#define HANDED 16 /* so many, with some lives between them */

struct object {
	int state;
	long datum;
};

/* Its state is a granule of its own. */
struct whole_object {
	long state;
	long lives;
	long datum;
};

enum { TAKEN = 1, USED, HANDED_OVER };

static NOINLINE void ends_life(struct object *object, int state)
{
	__atomic_exchange_n(&object->state, state, __ATOMIC_ACQ_REL);
}

/* Ends an epoch, and touches the state by a locked instruction in the first lives only. */
static void ends_whole_life(struct whole_object *object, long state)
{
	static pthread_mutex_t own = PTHREAD_MUTEX_INITIALIZER;

	pthread_mutex_lock(&own);
	object->lives++;
	pthread_mutex_unlock(&own);
	if (object->lives < LIVES / OBJECTS / 10)
		__atomic_exchange_n(&object->state, state, __ATOMIC_ACQ_REL);
}

static NOINLINE void awaits(const int *place, int value)
{
	while (__atomic_load_n(place, __ATOMIC_ACQUIRE) != value)
		sched_yield();
}

/* NAME_owner() hands object 0 over by the last of its states; that it is about to do so is told
 * before, so that the other does not look meanwhile. */
#define RECYCLED(name, sort, ends)                                                                 \
	static int name##_answer, name##_near;                                                     \
	static void name##_live(int lives)                                                         \
	{                                                                                          \
		for (int i = 0; i < lives; i++) {                                                  \
			struct sort *object = &name##_objects[i % OBJECTS];                        \
                                                                                                   \
			ends(object, 0);                                                           \
			name##_store(object, TAKEN);                                               \
			name##_store(object, USED);                                                \
			name##_store(object, TAKEN);                                               \
		}                                                                                  \
	}                                                                                          \
	static void *name##_owner(void *unused)                                                    \
	{                                                                                          \
		for (int i = 0; i < HANDED; i++) {                                                 \
			name##_live(LIVES);                                                        \
			__atomic_exchange_n(&name##_near, i + 1, __ATOMIC_RELEASE);                \
			name##_hand(i);                                                            \
			awaits(&name##_answer, i + 1);                                             \
		}                                                                                  \
		return unused;                                                                     \
	}                                                                                          \
	static void *name##_taker(void *unused)                                                    \
	{                                                                                          \
		for (int i = 0; i < HANDED; i++) {                                                 \
			awaits(&name##_near, i + 1);                                               \
			name##_take(i);                                                            \
			__atomic_exchange_n(&name##_answer, i + 1, __ATOMIC_RELEASE);              \
		}                                                                                  \
		return unused;                                                                     \
	}                                                                                          \
	static void name##_case(void)                                                              \
	{                                                                                          \
		run_both(name##_owner, name##_taker, NULL);                                        \
	}

static struct object handed_objects[OBJECTS];

static NOINLINE void handed_store(struct object *object, int state)
{
	__atomic_store_n(&object->state, state, __ATOMIC_RELEASE);
}

static NOINLINE void handed_hand(int i)
{
	handed_objects[0].datum = i;
	handed_store(&handed_objects[0], HANDED_OVER + i);
}

static NOINLINE void handed_take(int i)
{
	awaits(&handed_objects[0].state, HANDED_OVER + i);
	MUST(handed_objects[0].datum >= i);
}

RECYCLED(handed, object, ends_life)

/* Once it is handed over there is another store to its datum. */
static struct object early_objects[OBJECTS];

static NOINLINE void early_store(struct object *object, int state)
{
	__atomic_store_n(&object->state, state, __ATOMIC_RELEASE);
}

static NOINLINE void early_hand(int i)
{
	early_objects[0].datum = i;
	early_store(&early_objects[0], HANDED_OVER + i);
	early_objects[0].datum = i + 1;
}

static NOINLINE void early_take(int i)
{
	awaits(&early_objects[0].state, HANDED_OVER + i);
	MUST(early_objects[0].datum >= i);
}

RECYCLED(early, object, ends_life)

/* The same where the state sleeps (race/atomics/asleep.h): it is read, too, also in part. */
#define WHOLE(name)                                                                                \
	static struct whole_object name##_objects[OBJECTS];                                        \
	static NOINLINE void name##_store(struct whole_object *object, long state)                 \
	{                                                                                          \
		MUST((int)__atomic_load_n(&object->state, __ATOMIC_ACQUIRE) >= 0);                 \
		MUST(*(volatile char *)&object->state >= 0);                                       \
		__atomic_store_n(&object->state, state, __ATOMIC_RELEASE);                         \
	}                                                                                          \
	static NOINLINE long name##_load(const struct whole_object *object)                        \
	{                                                                                          \
		return __atomic_load_n(&object->state, __ATOMIC_ACQUIRE);                          \
	}                                                                                          \
	static NOINLINE void name##_take(int i)                                                    \
	{                                                                                          \
		static struct whole_object unused[LIVES]; /* so that the place becomes quiet */    \
                                                                                                   \
		for (int k = 0; k < LIVES; k++)                                                    \
			MUST(!name##_load(&unused[k]));                                            \
		while (name##_load(&name##_objects[0]) != HANDED_OVER + i)                         \
			sched_yield();                                                             \
		MUST(name##_objects[0].datum >= i);                                                \
	}

WHOLE(whole)

static NOINLINE void whole_hand(int i)
{
	whole_objects[0].datum = i;
	whole_store(&whole_objects[0], HANDED_OVER + i);
}

RECYCLED(whole, whole_object, ends_whole_life)

WHOLE(whole_early)

static NOINLINE void whole_early_hand(int i)
{
	whole_early_objects[0].datum = i;
	whole_early_store(&whole_early_objects[0], HANDED_OVER + i);
	whole_early_objects[0].datum = i + 1;
}

RECYCLED(whole_early, whole_object, ends_whole_life)

int main(int argc, char **argv)
{
	static const struct race_case cases[] = {
		CASE(handed, "silent"),
		CASE(early, "data-race:error"),
		CASE(whole, "silent"),
		CASE(whole_early, "data-race:error"),
	};

	return RUN_CASES(cases, argc, argv);
}
