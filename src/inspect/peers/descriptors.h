/*
 * Waits in system calls on descriptors: who has the other end of a pipe or socket, and who
 * holds a file lock.
 *
 * The kernel tells of each process which descriptors it has, if we may look.
 */
#ifndef INSPECT_PEERS_DESCRIPTORS_H
#define INSPECT_PEERS_DESCRIPTORS_H

#include "inspect/objects/wait.h"

/* Completes @waits, one for each thread of a process that runs. */
void descriptors_find(struct target *target, struct wait *waits);

#endif
