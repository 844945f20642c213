#include "inspect/waits/look.h"

#include <stdio.h>
#include <string.h>

#include "inspect/core/core.h"
#include "inspect/peers/descriptors.h"
#include "inspect/observed/observed.h"
#include "inspect/process/process.h"
#include "inspect/process/procfs.h"
#include "inspect/process/registers.h"
#include "inspect/python/python.h"
#include "inspect/stack/unwind.h"
#include "reports/symbols/elf_image.h"

static void walk_stacks(struct target *target)
{
	struct unwinder *unwinder = unwinder_new(target);

	for (size_t i = 0; unwinder && i < target->thread_count; i++) {
		if (target->is_core)
			(void)unwinder_walk(unwinder, &target->threads[i]);
		else
			process_walk(target, unwinder, &target->threads[i]);
		observed_drop_frames(target, &target->threads[i]);
	}
	registers_release();
	unwinder_free(unwinder);
}

static void find_waits(struct look *look)
{
	struct target *target = &look->target;

	walk_stacks(target);
	look->waits = pool_alloc(target->pool, (target->thread_count + 1) * sizeof(*look->waits));
	for (size_t i = 0; i < target->thread_count; i++)
		wait_find(target, &target->threads[i], &look->waits[i]);
	python_find(target, look->waits);
}

static bool add_process(struct inspection *inspection, pid_t pid, char why[TARGET_MESSAGE_BYTES])
{
	struct look *look = &inspection->looks[inspection->look_count];
	const struct look *last = look - 1;

	if (!process_open(&look->target, inspection->pool, pid, why))
		return false;
	look->first =
		inspection->look_count ? last->first + (uint32_t)last->target.thread_count : 0;
	look->has_handler = process_has_handler(&look->target);
	inspection->look_count++;
	find_waits(look);
	descriptors_find(&look->target, look->waits);
	return true;
}

/* The process of thread @id, which is in our namespace of pids, too; 0: none. */
static pid_t process_of_thread(const struct look *look, uint32_t id)
{
	char status[1024];
	uint64_t leader = 0;

	if (procfs_shares_namespace(look->target.pid, "ns/pid") &&
	    procfs_read((pid_t)id, "status", status, sizeof(status)) > 0)
		(void)procfs_number(status, "Tgid:", 10, &leader);
	return (pid_t)leader;
}

static bool is_known(const struct inspection *inspection, pid_t pid)
{
	for (size_t i = 0; i < inspection->look_count; i++)
		if (inspection->looks[i].target.pid == pid)
			return true;
	return false;
}

/* Who holds it is in another process: says so, and looks at that one, too. */
static void follow_to_process(struct inspection *inspection, struct look *look, struct wait *wait)
{
	char why[TARGET_MESSAGE_BYTES];
	char name[32];
	pid_t pid;

	if (!wait->is_shared || !wait->state.holder ||
	    target_find_thread(&look->target, wait->state.holder))
		return;
	pid = process_of_thread(look, wait->state.holder);
	if (!pid)
		return;
	(void)procfs_read(pid, "comm", name, sizeof(name));
	name[strcspn(name, "\n")] = '\0';
	(void)snprintf(wait->note, sizeof(wait->note), "held by thread %u of process %d (%s)",
		       wait->state.holder, (int)pid, name);
	if (!is_known(inspection, pid) && inspection->look_count < LOOKS_MAX)
		(void)add_process(inspection, pid, why);
}

bool look_at_processes(struct inspection *inspection, pid_t pid, char why[TARGET_MESSAGE_BYTES])
{
	if (!add_process(inspection, pid, why))
		return false;
	for (size_t i = 0; i < inspection->look_count; i++)
		for (size_t j = 0; j < inspection->looks[i].target.thread_count; j++)
			follow_to_process(inspection, &inspection->looks[i],
					  &inspection->looks[i].waits[j]);
	return true;
}

bool look_at_core(struct inspection *inspection, const char *path, char why[TARGET_MESSAGE_BYTES])
{
	struct look *look = &inspection->looks[0];

	inspection->look_count = 1;
	if (!core_open(&look->target, inspection->pool, path, why))
		return false;
	look->has_handler = true; /* it does not tell */
	find_waits(look);
	return true;
}

void look_close(struct inspection *inspection)
{
	for (size_t i = 0; i < inspection->look_count; i++) {
		struct target *target = &inspection->looks[i].target;

		for (size_t j = 0; j < target->module_count; j++)
			if (target->modules[j].image)
				elf_image_close(target->modules[j].image);
		if (target->is_core)
			core_close(target);
	}
}
