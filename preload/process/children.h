/* Children of the process, made by any of its threads. */
#ifndef PRELOAD_PROCESS_CHILDREN_H
#define PRELOAD_PROCESS_CHILDREN_H

/* The caller is about to make one. */
void children_begin(void);

#endif
