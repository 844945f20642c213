/*
 * Any bytes as a results file: reading and rendering must neither crash nor
 * loop.  Built with -fsanitize=fuzzer,address; the input is what follows the
 * header and slots, with checksums and commit words mended, so that mutations
 * reach the decoders behind them.
 *
 *   clang -g -O1 -D_GNU_SOURCE -DPACKAGE_VERSION='"0"' -Isrc -I. \
 *     -fsanitize=fuzzer,address,undefined \
 *     tests/fuzz/fuzz_results.c $(find reports src/base src/x86/decode src/elf src/options \
 *     src/finding build/reports -name '*.c') -o fuzz_results -ldw -lelf -ljansson -liberty \
 *     -lZydis && ./fuzz_results -max_total_time=60
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "finding/results.h"
#include "reports/model/model.h"
#include "reports/formats/formats.h"
#include "reports/words/view.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

/* Gives each record the checksum that its content wants. */
static void mend_checksums(unsigned char *image, size_t size)
{
	size_t at = RESULTS_RECORDS_OFFSET;

	while (at + sizeof(struct record_header) <= size) {
		struct record_header *record = (void *)(image + at);

		if (record->size_bytes < sizeof(*record) || record->size_bytes > size - at ||
		    record->payload_bytes > record->size_bytes - sizeof(*record) ||
		    record->live_bytes > record->payload_bytes)
			return;
		record->checksum = record_checksum(record, (unsigned char *)(record + 1));
		at += (record->size_bytes + 7u) & ~7u;
	}
}

static void render_report(struct model *model)
{
	struct view_options options = {.program = "fuzz", .is_verbose = true};
	FILE *sink = fopen("/dev/null", "w");
	struct view *view = view_make(model, &options);

	if (sink) {
#define FORMAT(identifier, key, writer, use, help) writer(view, sink);
#include "options/formats.def"
#undef FORMAT
		fclose(sink);
	}
	view_free(view);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	size_t total = RESULTS_RECORDS_OFFSET + size;
	unsigned char *image = calloc(1, total + 8);
	struct model model;

	if (!image)
		return 0;
	results_format(image, total);
	((struct results_header *)image)->tail = total;
	((struct results_header *)image)->slot_count = RESULTS_SLOT_COUNT;
	/* The same bytes serve as slots. */
	memcpy(image + RESULTS_SLOTS_OFFSET, data, size < 4096 ? size : 4096);
	memcpy(image + RESULTS_RECORDS_OFFSET, data, size);
	if (size && data[size - 1] & 1)
		mend_checksums(image, total);
	model_init(&model);
	/* What stood before the damage is rendered too. */
	model_read_image(&model, "fuzz", image, total);
	model_finish(&model);
	render_report(&model);
	model_free(&model);
	free(image);
	return 0;
}
