/*
 * Marks wrappers, which are all that the guest library exports.
 */
#ifndef PRELOAD_GUEST_EXPORT_H
#define PRELOAD_GUEST_EXPORT_H

#define EXPORT __attribute__((visibility("default")))

/* A second name of @function, which glibc exports too. */
#define EXPORT_ALIAS(alias, function)                                                              \
	__asm__(".globl " #alias "\n\t.type " #alias ", @function\n\t.set " #alias ", " #function);

/*
 * The seventh argument of a system call, on the stack.  It is no parameter of
 * the wrapper: compilers may write to a parameter's place, and where the caller
 * passes fewer arguments that place is a variable of its own.
 */
#define SYSCALL_LAST_ARGUMENT (((const volatile long *)__builtin_frame_address(0))[2])

#endif
