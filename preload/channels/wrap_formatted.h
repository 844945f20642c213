/*
 * Wrappers of calls with real numbers among their arguments.
 */
#ifndef PRELOAD_CHANNELS_WRAP_FORMATTED_H
#define PRELOAD_CHANNELS_WRAP_FORMATTED_H

/* Does nothing: who names it brings these wrappers in, which lie in an archive. */
void formatted_begin(void);

#endif
