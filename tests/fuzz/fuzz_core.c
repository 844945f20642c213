/*
 * Any bytes as a core file: reading it, its stacks and its objects must neither crash nor
 * loop.  Built with -fsanitize=fuzzer,address; seeds are cores that gcore writes.
 *
 *   clang -g -O1 -D_GNU_SOURCE -Isrc -I. -fsanitize=fuzzer,address,undefined \
 *     tests/fuzz/fuzz_core.c $(find src/inspect reports/model reports/symbols -name '*.c') \
 *     src/finding/*.c src/elf/*.c src/base/*.c -o fuzz_core \
 *     -lunwind-generic -lunwind -ldw -lelf -liberty && ./fuzz_core -max_total_time=60 SEEDS
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "finding/results.h"
#include "inspect/inspect.h"

#define IMAGE_BYTES (32u << 20)

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	static unsigned char *image;
	struct pool pool = {0};
	char why[TARGET_MESSAGE_BYTES];
	char path[64];
	int file = memfd_create("core", MFD_CLOEXEC);

	if (!image)
		image = malloc(IMAGE_BYTES);
	if (!image || file < 0 || write(file, data, size) != (ssize_t)size)
		return 0;
	results_format(image, IMAGE_BYTES);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	(void)inspect_core(path, image, &pool, why);
	pool_free(&pool);
	(void)close(file);
	return 0;
}
