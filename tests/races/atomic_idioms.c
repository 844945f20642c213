/*
 * Accesses that are atomic, or may be, as C spells them: on plain types, behind
 * macros, volatile, in assembly.  None is ever an error, at any level of
 * optimisation; a warning is allowed where nothing tells.
 */
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <unistd.h>

#include "cases.h"
#include "idioms.h"

#define WRITE_ONCE(place, value) (*(volatile __typeof__(place) *)&(place) = (value))
#define READ_ONCE(place) (*(const volatile __typeof__(place) *)&(place))
#define ACCESS_ONCE(place) (*(volatile __typeof__(place) *)&(place))
#define STORE_RELEASE(place, value) __atomic_store_n(place, value, __ATOMIC_RELEASE)
#define LOAD_ACQUIRE(place) __atomic_load_n(place, __ATOMIC_ACQUIRE)
#define set_it(place, value) __atomic_store_n(place, value, __ATOMIC_RELAXED)
#define get_it(place) __atomic_load_n(place, __ATOMIC_RELAXED)
#define give(place, value)                                                                         \
	do {                                                                                       \
		set_it(place, value);                                                              \
	} while (0)
#define take(place) ({ __typeof__(*(place)) taken = get_it(place); taken; })
#define AtomicLoad(place) __atomic_load_n((place), __ATOMIC_RELAXED)
#define AtomicStore(place, value) __atomic_store_n((place), (value), __ATOMIC_RELAXED)


static atomic_int c11_value;
static void *c11_write(void *unused)
{
	(void)unused;
	atomic_store(&c11_value, 1);
	return NULL;
}

static void *c11_read(void *unused)
{
	(void)unused;
	if (atomic_load(&c11_value))
		sched_yield();
	return NULL;
}

static void c11_case(void)
{
	run_both(c11_write, c11_read, NULL);
}

static _Atomic int c11_relaxed_value;
static void *c11_relaxed_write(void *unused)
{
	(void)unused;
	atomic_store_explicit(&c11_relaxed_value, 1, memory_order_relaxed);
	return NULL;
}

static void *c11_relaxed_read(void *unused)
{
	(void)unused;
	if (atomic_load_explicit(&c11_relaxed_value, memory_order_relaxed))
		sched_yield();
	return NULL;
}

static void c11_relaxed_case(void)
{
	run_both(c11_relaxed_write, c11_relaxed_read, NULL);
}

static _Atomic long c11_operators_value;
static void *c11_operators_write(void *unused)
{
	(void)unused;
	c11_operators_value = 1;
	return NULL;
}

static void *c11_operators_read(void *unused)
{
	(void)unused;
	if (c11_operators_value)
		sched_yield();
	return NULL;
}

static void c11_operators_case(void)
{
	run_both(c11_operators_write, c11_operators_read, NULL);
}

static struct { int other; _Atomic int count; } c11_field_value;
static void *c11_field_write(void *unused)
{
	(void)unused;
	c11_field_value.count = 1;
	return NULL;
}

static void *c11_field_read(void *unused)
{
	(void)unused;
	if (c11_field_value.count)
		sched_yield();
	return NULL;
}

static void c11_field_case(void)
{
	run_both(c11_field_write, c11_field_read, NULL);
}

static int builtin_value;
static void *builtin_write(void *unused)
{
	(void)unused;
	__atomic_store_n(&builtin_value, 1, __ATOMIC_RELEASE);
	return NULL;
}

static void *builtin_read(void *unused)
{
	(void)unused;
	if (__atomic_load_n(&builtin_value, __ATOMIC_ACQUIRE))
		sched_yield();
	return NULL;
}

static void builtin_case(void)
{
	run_both(builtin_write, builtin_read, NULL);
}

static int builtin_relaxed_value;
static void *builtin_relaxed_write(void *unused)
{
	(void)unused;
	__atomic_store_n(&builtin_relaxed_value, 1, __ATOMIC_RELAXED);
	return NULL;
}

static void *builtin_relaxed_read(void *unused)
{
	(void)unused;
	if (__atomic_load_n(&builtin_relaxed_value, __ATOMIC_RELAXED) > 0)
		sched_yield();
	return NULL;
}

static void builtin_relaxed_case(void)
{
	run_both(builtin_relaxed_write, builtin_relaxed_read, NULL);
}

static int builtin_folded_value;
static void *builtin_folded_write(void *unused)
{
	(void)unused;
	__atomic_store_n(&builtin_folded_value, 1, __ATOMIC_RELAXED);
	return NULL;
}

static void *builtin_folded_read(void *unused)
{
	(void)unused;
	if (__atomic_load_n(&builtin_folded_value, __ATOMIC_RELAXED) + getpid() > 5)
		sched_yield();
	return NULL;
}

static void builtin_folded_case(void)
{
	run_both(builtin_folded_write, builtin_folded_read, NULL);
}

static short builtin_extended_value;
static void *builtin_extended_write(void *unused)
{
	(void)unused;
	__atomic_store_n(&builtin_extended_value, 1, __ATOMIC_RELAXED);
	return NULL;
}

static void *builtin_extended_read(void *unused)
{
	(void)unused;
	if ((long)__atomic_load_n(&builtin_extended_value, __ATOMIC_RELAXED) * getpid() > 5)
		sched_yield();
	return NULL;
}

static void builtin_extended_case(void)
{
	run_both(builtin_extended_write, builtin_extended_read, NULL);
}

static long builtin_generic_value;
static void *builtin_generic_write(void *unused)
{
	(void)unused;
	long given = 5;

	__atomic_store(&builtin_generic_value, &given, __ATOMIC_RELEASE);
	return NULL;
}

static void *builtin_generic_read(void *unused)
{
	(void)unused;
	long taken;

	__atomic_load(&builtin_generic_value, &taken, __ATOMIC_ACQUIRE);
	KEEP(taken);
	return NULL;
}

static void builtin_generic_case(void)
{
	run_both(builtin_generic_write, builtin_generic_read, NULL);
}

static int sync_value;
static void *sync_write(void *unused)
{
	(void)unused;
	__sync_lock_test_and_set(&sync_value, 1);
	return NULL;
}

static void *sync_read(void *unused)
{
	(void)unused;
	if (__sync_fetch_and_add(&sync_value, 0))
		sched_yield();
	return NULL;
}

static void sync_case(void)
{
	run_both(sync_write, sync_read, NULL);
}

static int linux_style_value;
static void *linux_style_write(void *unused)
{
	(void)unused;
	WRITE_ONCE(linux_style_value, 1);
	return NULL;
}

static void *linux_style_read(void *unused)
{
	(void)unused;
	if (READ_ONCE(linux_style_value))
		sched_yield();
	return NULL;
}

static void linux_style_case(void)
{
	run_both(linux_style_write, linux_style_read, NULL);
}

static int access_once_value;
static void *access_once_write(void *unused)
{
	(void)unused;
	ACCESS_ONCE(access_once_value) = 1;
	return NULL;
}

static void *access_once_read(void *unused)
{
	(void)unused;
	if (ACCESS_ONCE(access_once_value))
		sched_yield();
	return NULL;
}

static void access_once_case(void)
{
	run_both(access_once_write, access_once_read, NULL);
}

static int capital_value;
static void *capital_write(void *unused)
{
	(void)unused;
	STORE_RELEASE(&capital_value, 1);
	return NULL;
}

static void *capital_read(void *unused)
{
	(void)unused;
	if (LOAD_ACQUIRE(&capital_value))
		sched_yield();
	return NULL;
}

static void capital_case(void)
{
	run_both(capital_write, capital_read, NULL);
}

static int small_letters_value;
static void *small_letters_write(void *unused)
{
	(void)unused;
	set_it(&small_letters_value, 1);
	return NULL;
}

static void *small_letters_read(void *unused)
{
	(void)unused;
	if (get_it(&small_letters_value))
		sched_yield();
	return NULL;
}

static void small_letters_case(void)
{
	run_both(small_letters_write, small_letters_read, NULL);
}

static int nested_value;
static void *nested_write(void *unused)
{
	(void)unused;
	give(&nested_value, 1);
	return NULL;
}

static void *nested_read(void *unused)
{
	(void)unused;
	if (take(&nested_value))
		sched_yield();
	return NULL;
}

static void nested_case(void)
{
	run_both(nested_write, nested_read, NULL);
}

static int object_like_value;
#define OBJECT object_like_value
#define CURRENT __atomic_load_n(&object_like_value, __ATOMIC_RELAXED)
static _Thread_local int small_letters_alias;

static void *object_like_write(void *unused)
{
	(void)unused;
	small_letters_alias = 1;
	set_it(&OBJECT, 1);
	return NULL;
}

static void *object_like_read(void *unused)
{
	(void)unused;
	if (CURRENT)
		sched_yield();
	return NULL;
}

static void object_like_case(void)
{
	run_both(object_like_write, object_like_read, NULL);
}

static int sqlite_style_value;
static void *sqlite_style_write(void *unused)
{
	(void)unused;
	AtomicStore(&sqlite_style_value, 1);
	return NULL;
}

static void *sqlite_style_read(void *unused)
{
	(void)unused;
	if (AtomicLoad(&sqlite_style_value))
		sched_yield();
	return NULL;
}

static void sqlite_style_case(void)
{
	run_both(sqlite_style_write, sqlite_style_read, NULL);
}

static int lines_value;
static void *lines_write(void *unused)
{
	(void)unused;
	set_it(
		&lines_value,
		1);
	return NULL;
}

static void *lines_read(void *unused)
{
	(void)unused;
	if (get_it(
		    &lines_value
		    ))
		sched_yield();
	return NULL;
}

static void lines_case(void)
{
	run_both(lines_write, lines_read, NULL);
}

static int inlined_value;
static inline void inlined_set(int value)
{
	__atomic_store_n(&inlined_value, value, __ATOMIC_RELEASE);
}
static inline int inlined_get(void)
{
	return __atomic_load_n(&inlined_value, __ATOMIC_ACQUIRE);
}

static void *inlined_write(void *unused)
{
	(void)unused;
	inlined_set(1);
	return NULL;
}

static void *inlined_read(void *unused)
{
	(void)unused;
	if (inlined_get())
		sched_yield();
	return NULL;
}

static void inlined_case(void)
{
	run_both(inlined_write, inlined_read, NULL);
}

static struct account { int id; } pointer_account, *const pointer_value = &pointer_account;
static void *pointer_write(void *unused)
{
	(void)unused;
	__atomic_store_n(&pointer_value->id, 1, __ATOMIC_RELEASE);
	return NULL;
}

static void *pointer_read(void *unused)
{
	(void)unused;
	if (__atomic_load_n(&pointer_value->id, __ATOMIC_ACQUIRE))
		sched_yield();
	return NULL;
}

static void pointer_case(void)
{
	run_both(pointer_write, pointer_read, NULL);
}

static int element_value[4];
static void *element_write(void *unused)
{
	(void)unused;
	__atomic_store_n(&element_value[2], 1, __ATOMIC_RELEASE);
	return NULL;
}

static void *element_read(void *unused)
{
	(void)unused;
	if (__atomic_load_n(element_value + 2, __ATOMIC_ACQUIRE))
		sched_yield();
	return NULL;
}

static void element_case(void)
{
	run_both(element_write, element_read, NULL);
}

static volatile int in_volatile_value;
static void *in_volatile_write(void *unused)
{
	(void)unused;
	in_volatile_value = 1;
	return NULL;
}

static void *in_volatile_read(void *unused)
{
	(void)unused;
	if (in_volatile_value)
		sched_yield();
	return NULL;
}

static void in_volatile_case(void)
{
	run_both(in_volatile_write, in_volatile_read, NULL);
}

static int volatile_cast_value;
static void *volatile_cast_write(void *unused)
{
	(void)unused;
	*(volatile int *)&volatile_cast_value = 1;
	return NULL;
}

static void *volatile_cast_read(void *unused)
{
	(void)unused;
	if (*(volatile int *)&volatile_cast_value)
		sched_yield();
	return NULL;
}

static void volatile_cast_case(void)
{
	run_both(volatile_cast_write, volatile_cast_read, NULL);
}

static int volatile_pointer_value;
static void *volatile_pointer_write(void *unused)
{
	(void)unused;
	volatile int *place = &volatile_pointer_value;

	*place = 1;
	return NULL;
}

static void *volatile_pointer_read(void *unused)
{
	(void)unused;
	volatile int *place = &volatile_pointer_value;

	if (*place)
		sched_yield();
	return NULL;
}

static void volatile_pointer_case(void)
{
	run_both(volatile_pointer_write, volatile_pointer_read, NULL);
}

static int assembly_value;
static void *assembly_write(void *unused)
{
	(void)unused;
	__asm__ volatile("movl $1, %0" : "=m"(assembly_value));
	return NULL;
}

static void *assembly_read(void *unused)
{
	(void)unused;
	int taken;

	__asm__ volatile("movl %1, %0" : "=r"(taken) : "m"(assembly_value));
	KEEP(taken);
	return NULL;
}

static void assembly_case(void)
{
	run_both(assembly_write, assembly_read, NULL);
}

typedef struct { int counter; } atomic_number;
static atomic_number own_type_value;
static inline void counter_set(atomic_number *number, int value)
{
	__atomic_store_n(&number->counter, value, __ATOMIC_RELAXED);
}
static inline int counter_read(const atomic_number *number)
{
	return __atomic_load_n(&number->counter, __ATOMIC_RELAXED);
}

static void *own_type_write(void *unused)
{
	(void)unused;
	counter_set(&own_type_value, 1);
	return NULL;
}

static void *own_type_read(void *unused)
{
	(void)unused;
	if (counter_read(&own_type_value))
		sched_yield();
	return NULL;
}

static void own_type_case(void)
{
	run_both(own_type_write, own_type_read, NULL);
}

static bool boolean_value;
static void *boolean_write(void *unused)
{
	(void)unused;
	__atomic_store_n(&boolean_value, true, __ATOMIC_RELEASE);
	return NULL;
}

static void *boolean_read(void *unused)
{
	(void)unused;
	if (__atomic_load_n(&boolean_value, __ATOMIC_ACQUIRE))
		sched_yield();
	return NULL;
}

static void boolean_case(void)
{
	run_both(boolean_write, boolean_read, NULL);
}

static void *shadowing_write(void *unused)
{
	(void)unused;
	__atomic_store_n(&hidden_level, level_of(0) + 1, __ATOMIC_RELAXED);
	return NULL;
}

static void *shadowing_read(void *unused)
{
	(void)unused;
	if (level)
		sched_yield();
	return NULL;
}

static void shadowing_case(void)
{
	run_both(shadowing_write, shadowing_read, NULL);
}

static const struct race_case cases[] = {
	CASE(shadowing, "data-race:warning? unmarked-sync?"),
	CASE(c11, "data-race:warning? unmarked-sync?"),
	CASE(c11_relaxed, "data-race:warning? unmarked-sync?"),
	CASE(c11_operators, "data-race:warning? unmarked-sync?"),
	CASE(c11_field, "data-race:warning? unmarked-sync?"),
	CASE(builtin, "data-race:warning? unmarked-sync?"),
	CASE(builtin_relaxed, "data-race:warning? unmarked-sync?"),
	CASE(builtin_folded, "data-race:warning? unmarked-sync?"),
	CASE(builtin_extended, "data-race:warning? unmarked-sync?"),
	CASE(builtin_generic, "data-race:warning? unmarked-sync?"),
	CASE(sync, "data-race:warning? unmarked-sync?"),
	CASE(linux_style, "data-race:warning? unmarked-sync?"),
	CASE(access_once, "data-race:warning? unmarked-sync?"),
	CASE(capital, "data-race:warning? unmarked-sync?"),
	CASE(small_letters, "data-race:warning? unmarked-sync?"),
	CASE(nested, "data-race:warning? unmarked-sync?"),
	CASE(object_like, "data-race:warning? unmarked-sync?"),
	CASE(sqlite_style, "data-race:warning? unmarked-sync?"),
	CASE(lines, "data-race:warning? unmarked-sync?"),
	CASE(inlined, "data-race:warning? unmarked-sync?"),
	CASE(pointer, "data-race:warning? unmarked-sync?"),
	CASE(element, "data-race:warning? unmarked-sync?"),
	CASE(in_volatile, "data-race:warning? unmarked-sync?"),
	CASE(volatile_cast, "data-race:warning? unmarked-sync?"),
	CASE(volatile_pointer, "data-race:warning? unmarked-sync?"),
	CASE(assembly, "data-race:warning? unmarked-sync?"),
	CASE(own_type, "data-race:warning? unmarked-sync?"),
	CASE(boolean, "data-race:warning? unmarked-sync?"),
};

int main(int argc, char **argv)
{
	return RUN_CASES(cases, argc, argv);
}
