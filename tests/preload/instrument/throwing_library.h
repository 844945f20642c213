/* See throwing_library.cc. */
#ifndef THROWING_LIBRARY_H
#define THROWING_LIBRARY_H

#ifdef __cplusplus
extern "C" {
#endif

/* Throws and catches inside; how often. */
int throwing_library_run(void);

/* Ends the calling thread, over frames with destructors. */
void throwing_library_leave_thread(void *result);

#ifdef __cplusplus
}
#endif

#endif
