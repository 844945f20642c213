/* Functions of the C++ library that change and follow the links of lists and trees. */
#ifndef PRELOAD_RANGES_LINKS_H
#define PRELOAD_RANGES_LINKS_H

/* The wrapper for calls of @name that go to @original; NULL if there is none.  @original may
 * be NULL, to ask whether there is one. */
void *links_wrapper(const char *name, void *original);

#endif
