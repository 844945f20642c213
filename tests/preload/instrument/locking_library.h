/* A library that locks, for itself and for its caller; opened by dlopen. */
#ifndef LOCKING_LIBRARY_H
#define LOCKING_LIBRARY_H

#include <pthread.h>

/* 100 and the number of calls since it was loaded. */
int locking_library_count(void);

int locking_library_lock(pthread_mutex_t *mutex);
int locking_library_unlock(pthread_mutex_t *mutex);
int locking_library_wait(pthread_cond_t *condition, pthread_mutex_t *mutex);

/* Runs and joins a thread that counts. */
void locking_library_run_thread(void);

#endif
