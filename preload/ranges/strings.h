/* std::string's members that are called, not inlined: what they access. */
#ifndef PRELOAD_RANGES_STRINGS_H
#define PRELOAD_RANGES_STRINGS_H

/* The wrapper for calls of @name that go to @original; NULL if there is none.  @original may
 * be NULL, to ask whether there is one. */
void *string_wrapper(const char *name, void *original);

#endif
