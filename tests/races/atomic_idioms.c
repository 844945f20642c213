/*
 * Accesses that are atomic, or may be, as C spells them: on plain types, volatile,
 * in assembly.  None is ever an error, at any level of optimisation; a warning is
 * allowed where nothing tells.
 */
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <unistd.h>

#include "cases.h"

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

RACE(c11)

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

RACE(c11_relaxed)

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

RACE(c11_operators)

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

RACE(c11_field)

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

RACE(builtin)

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

RACE(builtin_relaxed)

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

RACE(builtin_folded)

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

RACE(builtin_extended)

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

RACE(builtin_generic)

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

RACE(sync)

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

RACE(pointer)

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

RACE(element)

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

RACE(in_volatile)

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

RACE(volatile_cast)

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

RACE(volatile_pointer)

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

RACE(assembly)

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

RACE(boolean)

/* A plain variable, whose address another place has made that of an atomic. */
static int disguised_value;
static _Atomic int *disguised_place = (_Atomic int *)&disguised_value;
static atomic_int disguised_total;
static void *disguised_write(void *unused)
{
	(void)unused;
	atomic_store_explicit(disguised_place, 1, memory_order_relaxed);
	return NULL;
}

static void *disguised_read(void *unused)
{
	(void)unused;
	disguised_total = *disguised_place;
	return NULL;
}

RACE(disguised)

static const struct race_case cases[] = {
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
	CASE(pointer, "data-race:warning? unmarked-sync?"),
	CASE(element, "data-race:warning? unmarked-sync?"),
	CASE(in_volatile, "data-race:warning? unmarked-sync?"),
	CASE(volatile_cast, "data-race:warning? unmarked-sync?"),
	CASE(volatile_pointer, "data-race:warning? unmarked-sync?"),
	CASE(assembly, "data-race:warning? unmarked-sync?"),
	CASE(boolean, "data-race:warning? unmarked-sync?"),
	CASE(disguised, "data-race:warning? unmarked-sync?"),
};

int main(int argc, char **argv)
{
	return RUN_CASES(cases, argc, argv);
}
