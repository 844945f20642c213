/*
 * Code of a module that has no table for unwinding is observed all the same.
 *
 * snarl-expect: status=66 kinds=data-race
 */
#define HAS_NO_TABLE
#include "generated_code.c"
