/*
 * The environment of programs that the guest executes.
 *
 * Our variables (the entry in LD_PRELOAD, and SNARL_OPTIONS) are added to it,
 * or removed for programs that cannot be observed.  The environment that the
 * guest sees does not change.  Copies live in the thread's room (room.h).
 */
#ifndef PRELOAD_GUEST_ENVIRONMENT_H
#define PRELOAD_GUEST_ENVIRONMENT_H

#include "base/types.h"

/* To be called once, before the others: finds the path of our library. */
void environment_begin(void);

/* A variable of this process; NULL if not set.  Works before libc is initialised. */
const char *environment_get(const char *name);

/* Sets the SNARL_OPTIONS of executed programs.  Default: those of this process. */
void environment_set_options(const char *options);

/* @environment with our variables, or without them; @environment itself if
 * nothing has to change. */
char *const *environment_with_us(char *const *environment);
char *const *environment_without_us(char *const *environment);

/* A shell command that exports our variables and then runs @command; @command
 * itself if @environment has them already. */
const char *environment_for_shell(char *const *environment, const char *command);

/* The path of our library; "" if it is not known. */
const char *environment_library(void);

/* Is @path a regular file that may be executed? */
bool environment_is_executable(const char *path);

#endif
