/*
 * A plug-in that is opened more often than modules can be observed: the last ones run
 * natively.
 *
 * snarl-expect: kinds=
 * guest-timeout: 120
 */
#include "opened_library.h"
#include "plugin_library.h"

#define OPENINGS 4200 /* there are 4096 rows: preload/code/clones.c */

static long call_plugin(void)
{
	void *library = open_library("libplugin.so", RTLD_NOW | RTLD_LOCAL);
	long (*call)(long);
	long result;

	find_function(library, "plugin_call", &call);
	result = call(20);
	CHECK_IS(dlclose(library), 0);
	return result;
}

static void *call_often(void *unused)
{
	long first = call_plugin();

	for (int i = 1; i < OPENINGS; i++)
		CHECK_IS(call_plugin(), first);
	return unused;
}

int main(void)
{
	guest_run_in_thread(call_often, NULL);
	return guest_passed();
}
