/* A library whose constructor locks and leaves a thread running. */
#ifndef EARLY_LIBRARY_H
#define EARLY_LIBRARY_H

int early_locked_count(void);
int early_thread_count(void);

/* Ends and joins the thread that the constructor started. */
void early_finish(void);

#endif
