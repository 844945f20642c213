#include "inspect/inspect.h"

#include "inspect/observed/observed.h"
#include "inspect/record.h"
#include "inspect/waits/confirm.h"
#include "inspect/waits/look.h"
#include "inspect/waits/watch.h"

bool inspect_process(pid_t pid, uint64_t watch_ms, void *image, struct pool *pool,
		     char why[TARGET_MESSAGE_BYTES])
{
	struct inspection *inspection = pool_alloc(pool, sizeof(*inspection));
	struct watch *watch = watch_ms ? watch_begin(pool, pid, watch_ms, why) : NULL;
	bool is_fine;

	inspection->pool = pool;
	is_fine = (watch || !watch_ms) && look_at_processes(inspection, pid, why);
	if (is_fine) {
		if (watch)
			watch_compare(watch, &inspection->looks[0]);
		verdict_find(inspection);
		confirm_verdicts(inspection);
		observed_copy(&inspection->looks[0].target, image);
		record_inspection(image, inspection, STATES_LOOKED_AT);
	}
	look_close(inspection);
	return is_fine;
}

void inspect_at_timeout(pid_t pid, void *image)
{
	const struct target asked = {.pid = pid};
	struct pool pool = {0};
	struct inspection *inspection = pool_alloc(&pool, sizeof(*inspection));
	char why[TARGET_MESSAGE_BYTES];

	if (!observed_find(image, &asked))
		return;
	inspection->pool = &pool;
	if (look_at_processes(inspection, pid, why))
		inspection->look_count = 1;
	else
		inspection->looks[inspection->look_count++].target = asked;
	record_inspection(image, inspection, STATES_AT_TIMEOUT);
	look_close(inspection);
	pool_free(&pool);
}

bool inspect_core(const char *path, void *image, struct pool *pool, char why[TARGET_MESSAGE_BYTES])
{
	struct inspection *inspection = pool_alloc(pool, sizeof(*inspection));
	bool is_fine;

	inspection->pool = pool;
	is_fine = look_at_core(inspection, path, why);
	if (is_fine) {
		verdict_find(inspection);
		record_inspection(image, inspection, STATES_LOOKED_AT);
	}
	look_close(inspection);
	return is_fine;
}
