/* Marks wrappers, which are all that the guest library exports. */
#ifndef PRELOAD_GUEST_EXPORT_H
#define PRELOAD_GUEST_EXPORT_H

#define EXPORT __attribute__((visibility("default")))

/* A second name of @function, which glibc exports too. */
#define EXPORT_ALIAS(alias, function)                                                              \
	__asm__(".globl " #alias "\n\t.type " #alias ", @function\n\t.set " #alias ", " #function);

#endif
