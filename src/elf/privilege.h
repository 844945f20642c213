/*
 * Programs that gain privileges when they are executed: the loader ignores LD_PRELOAD in
 * them.
 */
#ifndef ELF_PRIVILEGE_H
#define ELF_PRIVILEGE_H

/* Why the program at @path would gain privileges if this process executed it: "it is
 * set-uid", ...; NULL: it would not, or is not there. */
const char *privilege_reason(const char *path);

#endif
