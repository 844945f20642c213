/*
 * What the guest library shows to the program: wrappers, nothing else.
 */
#ifndef PRELOAD_GUEST_EXPORT_H
#define PRELOAD_GUEST_EXPORT_H

#define EXPORT __attribute__((visibility("default")))

/* A second name that glibc exports too. */
#define EXPORT_ALIAS(alias, function)                                                              \
	__asm__(".globl " #alias "\n\t.type " #alias ", @function\n\t.set " #alias ", " #function);

#endif
