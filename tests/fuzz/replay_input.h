/* Replaying hostile input in memory, for the fuzz targets of both readers. */
#ifndef FUZZ_REPLAY_INPUT_H
#define FUZZ_REPLAY_INPUT_H

#include <stddef.h>

struct replay;

/* Reads @text and, if it is a script, replays it; gives all memory back.
 * @judge, if any, looks at a replay that came to its end. */
void replay_input(const char *text, size_t length_bytes,
		  void (*judge)(const struct replay *replay, const char *text));

#endif
