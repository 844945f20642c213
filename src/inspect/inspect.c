#include "inspect/inspect.h"

#include "inspect/record.h"
#include "inspect/waits/confirm.h"
#include "inspect/waits/look.h"

bool inspect_process(pid_t pid, void *image, struct pool *pool, char why[TARGET_MESSAGE_BYTES])
{
	struct inspection *inspection = pool_alloc(pool, sizeof(*inspection));
	bool is_fine;

	inspection->pool = pool;
	is_fine = look_at_processes(inspection, pid, why);
	if (is_fine) {
		verdict_find(inspection);
		confirm_verdicts(inspection);
		record_inspection(image, inspection);
	}
	look_close(inspection);
	return is_fine;
}

bool inspect_core(const char *path, void *image, struct pool *pool, char why[TARGET_MESSAGE_BYTES])
{
	struct inspection *inspection = pool_alloc(pool, sizeof(*inspection));
	bool is_fine;

	inspection->pool = pool;
	is_fine = look_at_core(inspection, path, why);
	if (is_fine) {
		verdict_find(inspection);
		record_inspection(image, inspection);
	}
	look_close(inspection);
	return is_fine;
}
