/*
 * Any bytes as a file of suppressions, as a baseline, as a file of lock orders, and as results
 * that are merged or learned from: reading them must neither crash nor loop.
 * Built with -fsanitize=fuzzer,address.
 *
 *   clang -g -O1 -D_GNU_SOURCE -DPACKAGE_VERSION='"0"' -Isrc -I. \
 *     -fsanitize=fuzzer,address,undefined \
 *     tests/fuzz/fuzz_filters.c $(find reports src/base src/x86/decode src/elf src/options \
 *     src/finding build/reports -name '*.c') -o fuzz_filters -ldw -lelf -ljansson -liberty \
 *     -lZydis && ./fuzz_filters -max_total_time=60
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "reports/filter/filter.h"
#include "reports/merge/merge.h"
#include "reports/order/order_file.h"
#include "reports/order/order_learn.h"

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

/* Whatever is read as an order is found again. */
static void read_orders(const char *path)
{
	struct pool pool = {0};
	struct order_file file;
	char error[512] = "";

	if (order_file_read(&file, &pool, path, error, sizeof(error)) != 0 && !error[0])
		abort();
	for (size_t i = 0; !error[0] && i < file.count; i++)
		if (!order_file_find(&file, file.lines[i].from, file.lines[i].to))
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
	static struct order_lesson lesson = {
		.path = "/dev/null", .files = files, .file_count = 2, .complain = ignore};
	static int file = -1;
	size_t left_out;

	if (file < 0)
		file = mkstemp(path);
	if (ftruncate(file, 0) != 0 || pwrite(file, data, size, 0) != (ssize_t)size)
		abort();
	read_filter(&suppressions);
	read_filter(&baseline);
	read_orders(path);
	if (order_learn_files(&lesson) != 0)
		abort();
	if (merge_files(files, 2, "/dev/null", ignore, &left_out) != 0)
		abort();
	return 0;
}
