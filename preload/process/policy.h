/*
 * What we do to the program, where options ask for it: --on-deadlock.
 */
#ifndef PRELOAD_PROCESS_POLICY_H
#define PRELOAD_PROCESS_POLICY_H

/* A deadlock or hang was reported by this thread.  May not return. */
void policy_deadlocked(void);

#endif
