/*
 * Annotations for programs that snarl watches: what orders threads where no tool can see
 * it, as in a lock or queue of the program's own, made of system calls or devices.
 *
 * Nothing is to be linked.  Where snarl is not there an annotation is a test of a pointer.
 * Code that uses them must be position-independent, as compilers make it by default.
 * ThreadSanitizer's AnnotateHappensBefore, AnnotateHappensAfter, __tsan_release and
 * __tsan_acquire mean the same to snarl.
 */
#ifndef SNARL_H
#define SNARL_H

#ifdef __cplusplus
extern "C" {
#endif

extern void snarl_happens_before(const volatile void *address) __attribute__((weak));
extern void snarl_happens_after(const volatile void *address) __attribute__((weak));

#ifdef __cplusplus
}
#endif

#define SNARL_CALL(function, address) ((function) ? (function)(address) : (void)0)

/*
 * What this thread did until now comes before what a thread does after
 * SNARL_HAPPENS_AFTER() of the same address.  The address is only a name for the two; those
 * of several threads add up.
 */
#define SNARL_HAPPENS_BEFORE(address) SNARL_CALL(snarl_happens_before, address)
#define SNARL_HAPPENS_AFTER(address) SNARL_CALL(snarl_happens_after, address)

#endif
