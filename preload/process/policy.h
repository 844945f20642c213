/* What happens to the program after a deadlock: --on-deadlock. */
#ifndef PRELOAD_PROCESS_POLICY_H
#define PRELOAD_PROCESS_POLICY_H

/* The calling thread has reported a deadlock or a hang.  May not return. */
void policy_deadlocked(void);

#endif
