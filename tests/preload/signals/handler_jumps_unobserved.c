/*
 * The same without races.
 *
 * snarl-expect: kinds=any
 * guest-timeout: 60
 * guest-environment: SNARL_OPTIONS=races=off
 */
#include "handler_jumps.c"
