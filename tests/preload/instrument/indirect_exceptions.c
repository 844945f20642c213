/*
 * A C program that reaches libstdc++ and libgcc only through a library that
 * it needs: a preloaded library's own dependencies come before those in the
 * search order, and must not take _Unwind_RaiseException away.
 *
 * guest-bare: yes
 * guest-forgetful: yes
 */
#include "../guest.h"
#include "throwing_library.h"

static void *leave_function(void *result)
{
	throwing_library_leave_thread(result);
	return NULL;
}

static void *run_case(void *unused)
{
	CHECK_IS(throwing_library_run(), 51);
	return unused;
}

int main(void)
{
	int word;

	run_case(NULL);
	guest_run_in_thread(run_case, NULL);
	CHECK(guest_run_in_thread(leave_function, &word) == &word);
	run_case(NULL);
	return guest_passed();
}
