/*
 * Any text as an event script: neither the reader nor what is replayed may crash
 * or loop.
 *
 *   clang -g -O1 -D_GNU_SOURCE -Isrc -Itests/fuzz -fsanitize=fuzzer,address,undefined \
 *     tests/fuzz/fuzz_script.c tests/fuzz/replay_input.c \
 *     $(find src/replay -name "*.c" ! -name replay.c) \
 *     $(find src/{base,elf,finding,options,detect} -name "*.c") -o fuzz_script &&
 *     ./fuzz_script -max_total_time=60 -only_ascii=1 CORPUS tests/replay
 */
#include <stdlib.h>
#include <string.h>

#include "replay_input.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	/* A copy of its own size, so that reading past the end is seen. */
	char *text = malloc(size ? size : 1);

	if (!text)
		return 0;
	memcpy(text, data, size);
	replay_input(text, size, NULL);
	free(text);
	return 0;
}
