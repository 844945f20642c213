/*
 * Numbers of descriptors: each has a granule that stands for its life.
 *
 * A call with the number reads the granule, and one that closes it or puts another file
 * in its place writes it; so races with the end of a number are found as others are.  Not
 * every opening is seen.  Hence, once a number was closed or given out, its next user
 * asks whether it is open: then it is another file's, and nothing is known of it.
 *
 * Standard input and outputs are not followed: they belong to all.
 */
#ifndef PRELOAD_OUTSIDE_NUMBER_H
#define PRELOAD_OUTSIDE_NUMBER_H

#include "base/types.h"

#define NUMBER_FIRST 3
#define NUMBERS_KEPT 65536

/* 0: @number is not followed. */
uintptr_t number_place(int number);

/* @number is about to be used or closed. */
void number_refresh(int number);

/* It is about to be closed, or was given out. */
void number_changed(int number);

/* It was given out by a call that was told of as a close. */
void number_is_known(int number);

/* The number that @address stands for, or less than 0. */
int number_at(uintptr_t address);

#endif
