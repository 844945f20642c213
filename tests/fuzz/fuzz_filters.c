/*
 * Any bytes as a file of suppressions, as a baseline, and as results that are merged: reading
 * them must neither crash nor loop.  Built with -fsanitize=fuzzer,address.
 *
 *   clang -g -O1 -D_GNU_SOURCE -DPACKAGE_VERSION='"0"' -Isrc -I. \
 *     -fsanitize=fuzzer,address,undefined \
 *     tests/fuzz/fuzz_filters.c $(find reports src/base src/x86/decode src/elf src/options \
 *     src/finding -name '*.c') -o fuzz_filters -ldw -lelf -ljansson -liberty -lZydis &&
 *     ./fuzz_filters -max_total_time=60
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "reports/filter/filter.h"
#include "reports/merge/merge.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void read_filter(const struct view_options *options)
{
	struct pool pool = {0};
	struct filter filter;
	char error[512] = "";

	if (filter_read(&filter, &pool, options, error, sizeof(error)) != 0 && !error[0])
		abort();
	pool_free(&pool);
}

static void ignore(const char *message)
{
	if (!message[0])
		abort();
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	static char path[] = "/tmp/fuzz-filters-XXXXXX";
	static const char *const files[] = {path, path};
	struct view_options suppressions = {.suppressions = files, .suppression_count = 2};
	struct view_options baseline = {.baseline = path};
	static int file = -1;
	size_t left_out;

	if (file < 0)
		file = mkstemp(path);
	if (ftruncate(file, 0) != 0 || pwrite(file, data, size, 0) != (ssize_t)size)
		abort();
	read_filter(&suppressions);
	read_filter(&baseline);
	if (merge_files(files, 2, "/dev/null", ignore, &left_out) != 0)
		abort();
	return 0;
}
