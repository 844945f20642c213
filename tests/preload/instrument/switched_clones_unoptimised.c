/*
 * The same with frames and stack slots for everything.
 *
 * guest-forgetful: yes
 */
// guest-timeout: 60
#ifdef __clang__
#pragma clang optimize off
#else
#pragma GCC optimize("O0")
#endif
#include "switched_clones.c"
