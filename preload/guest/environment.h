/*
 * The environment that executed programs get.
 *
 * Programs build environments of their own: ours (the entry in LD_PRELOAD, and
 * SNARL_OPTIONS) is put into them, or taken out for programs that cannot be
 * observed.  What the program itself sees stays as it was.  Copies live in the
 * thread's room (room.h).
 */
#ifndef PRELOAD_GUEST_ENVIRONMENT_H
#define PRELOAD_GUEST_ENVIRONMENT_H

#include "base/types.h"

/* Once, before the others: finds out what our library is called. */
void environment_begin(void);

/* A variable of this process, also before libc knows of them; NULL if not set. */
const char *environment_get(const char *name);

/* The settings that executed programs are to get instead of our own. */
void environment_set_options(const char *options);

/* @environment with our variables, or without; itself if that is no change. */
char *const *environment_with_us(char *const *environment);
char *const *environment_without_us(char *const *environment);

/* @command for a shell, which first exports our variables; itself if @environment
 * has them. */
const char *environment_for_shell(char *const *environment, const char *command);

/* Our library's path; "" if not known. */
const char *environment_library(void);

/* Is @path a file, not a folder, that may be executed? */
bool environment_is_executable(const char *path);

#endif
