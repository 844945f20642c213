/*
 * Any text as a trace of the STD format: neither the reader nor what is replayed
 * may crash or loop.  A first line makes a trace of it.
 *
 *   clang -g -O1 -D_GNU_SOURCE -Isrc -Itests/fuzz -fsanitize=fuzzer,address,undefined \
 *     tests/fuzz/fuzz_std.c tests/fuzz/replay_input.c \
 *     $(find src/replay -name "*.c" ! -name replay.c) \
 *     $(find src/{base,elf,finding,options,detect} -name "*.c") -o fuzz_std &&
 *     ./fuzz_std -max_total_time=60 -only_ascii=1 CORPUS tests/replay
 */
#include <stdlib.h>
#include <string.h>

#include "replay_input.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static const char first_line[] = "T0|w(x)|0\n";

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	size_t first_length = sizeof(first_line) - 1;
	char *text = malloc(first_length + size);

	if (!text)
		return 0;
	memcpy(text, first_line, first_length);
	memcpy(text + first_length, data, size);
	replay_input(text, first_length + size, NULL);
	free(text);
	return 0;
}
