#define _GNU_SOURCE
#include "preload/outside/number.h"

#include <fcntl.h>

#include "base/atomic.h"
#include "base/kernel.h"
#include "detect/race/access.h"
#include "preload/guest/guest.h"
#include "preload/guest/process_id.h"

/* Never written: only their shadow is. */
static uint64_t places[NUMBERS_KEPT];
static bool has_changed[NUMBERS_KEPT];

static bool is_followed(int number)
{
	return number >= NUMBER_FIRST && number < NUMBERS_KEPT && !process_is_borrowed();
}

uintptr_t number_place(int number)
{
	return is_followed(number) ? (uintptr_t)&places[number] : 0;
}

static void begin_life(int number)
{
	struct guest_thread *self = guest_enter();

	if (!self)
		return;
	access_memory_begins(&guest_detector, self->thread, number_place(number),
			     sizeof(places[0]));
	guest_leave(self);
}

void number_refresh(int number)
{
	/* relaxed: the program itself orders the opening of a number before its use.  The kernel,
	 * which tells whose number it is, is asked last. */
	if ((unsigned)number >= NUMBERS_KEPT || LIKELY(!load_relaxed(&has_changed[number])) ||
	    !is_followed(number))
		return;
	if (kernel_call3(SYS_fcntl, number, F_GETFD, 0) >= 0 &&
	    exchange_acq_rel(&has_changed[number], false))
		begin_life(number);
}

void number_changed(int number)
{
	/* relaxed: see number_refresh(). */
	if (guest_observes_memory && number >= 0 && number < NUMBERS_KEPT &&
	    !load_relaxed(&has_changed[number]) && is_followed(number))
		store_relaxed(&has_changed[number], true);
}

void number_is_known(int number)
{
	if (is_followed(number))
		store_relaxed(&has_changed[number], false); /* relaxed: see number_refresh() */
}

int number_at(uintptr_t address)
{
	uintptr_t number = (address - (uintptr_t)places) / sizeof(places[0]);

	return address >= (uintptr_t)places && number < NUMBERS_KEPT ? (int)number : -1;
}
