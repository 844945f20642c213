/* Files that belong to the command: in the build tree, or installed. */
#ifndef COMMAND_BASE_INSTALLED_H
#define COMMAND_BASE_INSTALLED_H

/* The directory of our own executable, allocated; NULL if not known. */
char *installed_own_directory(void);

/* The first of these that can be read, allocated, or NULL: @built below the executable's
 * directory; @installed below it, as the installed tree may have been moved; @configured. */
char *installed_find(const char *built, const char *installed, const char *configured);

#endif
