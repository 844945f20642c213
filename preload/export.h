/*
 * What the guest library shows to the program: wrappers, nothing else.
 */
#ifndef PRELOAD_EXPORT_H
#define PRELOAD_EXPORT_H

#define EXPORT __attribute__((visibility("default")))

/* A second name that glibc exports too. */
#define EXPORT_ALIAS(alias, function)                                                              \
	EXPORT extern __typeof__(function) alias __attribute__((alias(#function)));

#endif
