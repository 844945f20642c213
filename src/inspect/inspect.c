#include "inspect/inspect.h"

#include "inspect/core/core.h"
#include "inspect/process/process.h"
#include "inspect/process/registers.h"
#include "inspect/record.h"
#include "inspect/stack/unwind.h"
#include "inspect/waits/confirm.h"
#include "reports/symbols/elf_image.h"

static void find_waits(struct inspection *inspection)
{
	struct target *target = &inspection->target;

	inspection->waits =
		pool_alloc(target->pool, (target->thread_count + 1) * sizeof(*inspection->waits));
	for (size_t i = 0; i < target->thread_count; i++)
		wait_find(target, &target->threads[i], &inspection->waits[i]);
}

static void close_images(const struct target *target)
{
	for (size_t i = 0; i < target->module_count; i++)
		if (target->modules[i].image)
			elf_image_close(target->modules[i].image);
}

static void look_at_process(struct inspection *inspection)
{
	struct target *target = &inspection->target;
	struct unwinder *unwinder = unwinder_new(target);

	for (size_t i = 0; unwinder && i < target->thread_count; i++)
		process_walk(target, unwinder, &target->threads[i]);
	registers_release();
	unwinder_free(unwinder);
	inspection->has_handler = process_has_handler(target);
	find_waits(inspection);
	verdict_find(inspection);
	confirm_verdicts(inspection);
}

bool inspect_process(pid_t pid, void *image, struct pool *pool, char why[TARGET_MESSAGE_BYTES])
{
	struct inspection inspection = {0};

	if (!process_open(&inspection.target, pool, pid, why))
		return false;
	look_at_process(&inspection);
	record_inspection(image, &inspection);
	close_images(&inspection.target);
	return true;
}

static void look_at_core(struct inspection *inspection)
{
	struct target *target = &inspection->target;
	struct unwinder *unwinder = unwinder_new(target);

	for (size_t i = 0; unwinder && i < target->thread_count; i++)
		(void)unwinder_walk(unwinder, &target->threads[i]);
	unwinder_free(unwinder);
	/* A core does not tell of handlers. */
	inspection->has_handler = true;
	find_waits(inspection);
	verdict_find(inspection);
}

bool inspect_core(const char *path, void *image, struct pool *pool, char why[TARGET_MESSAGE_BYTES])
{
	struct inspection inspection = {0};
	bool is_fine = core_open(&inspection.target, pool, path, why);

	if (is_fine) {
		look_at_core(&inspection);
		record_inspection(image, &inspection);
	}
	close_images(&inspection.target);
	core_close(&inspection.target);
	return is_fine;
}
