/* Finds libsnarl.so. */
#ifndef COMMAND_RUN_LIBRARY_H
#define COMMAND_RUN_LIBRARY_H

/* Its absolute path (allocated), or NULL after a message. */
char *library_find(void);

#endif
