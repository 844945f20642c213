#include "replay_input.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "replay/replay.h"

#define IMAGE_BYTES (4u << 20)
#define PAGES_MAX 65536

static struct {
	void *start;
	size_t size_bytes;
} given[PAGES_MAX];
static size_t given_count;

static void *give_pages(size_t size_bytes)
{
	void *pages;

	if (given_count == PAGES_MAX)
		return NULL;
	pages = mmap(NULL, size_bytes, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (pages == MAP_FAILED)
		return NULL;
	given[given_count].start = pages;
	given[given_count++].size_bytes = size_bytes;
	return pages;
}

static void take_back_pages(void)
{
	while (given_count > 0) {
		given_count--;
		munmap(given[given_count].start, given[given_count].size_bytes);
	}
}

void replay_input(const char *text, size_t length_bytes,
		  void (*judge)(const struct replay *replay, const char *text))
{
	struct replay *replay = calloc(1, sizeof(*replay));
	void *image = give_pages(IMAGE_BYTES);
	bool is_fine;

	if (!replay || !image)
		abort();
	results_format(image, IMAGE_BYTES);
	replay->image = image;
	is_fine = replay_prepare(replay, "fuzz", text, length_bytes, false, give_pages);
	if (is_fine) {
		replay_results_begin(replay);
		is_fine = replay_run(replay);
		replay_results_end(replay);
	}
	/* What fails says why. */
	if (!is_fine && !replay->error[0])
		abort();
	if (is_fine && judge)
		judge(replay, text);
	replay_dispose(replay);
	take_back_pages();
}
