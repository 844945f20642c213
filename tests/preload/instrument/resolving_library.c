/* A library that the loader asks which function is meant, before it knows whose code that is:
 * see resolved_while_opened.c. */
#include "resolving_library.h"

static int level;
static int choices[8];

static int first(int number)
{
	return number + level;
}

static int second(int number)
{
	return number - level;
}

static int (*resolve(void))(int)
{
	for (int i = 0; i < 8; i++)
		choices[i] = ++level;
	return choices[7] ? first : second;
}

int resolved_call(int number) __attribute__((ifunc("resolve")));

int resolving_call(int number)
{
	return resolved_call(number);
}
