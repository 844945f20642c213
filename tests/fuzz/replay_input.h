/* Replaying hostile input in memory, for the fuzz targets of both readers. */
#ifndef FUZZ_REPLAY_INPUT_H
#define FUZZ_REPLAY_INPUT_H

#include <stddef.h>

/* Reads @text and, if it is a script, replays it; gives all memory back. */
void replay_input(const char *text, size_t length_bytes);

#endif
