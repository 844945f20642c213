#include "command/run/processes.h"

#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "finding/results.h"

#define PATIENCE_MS 2000 /* a process that was killed ends in microseconds */

static void add_process(struct processes *processes, pid_t pid)
{
	for (uint32_t i = 0; i < processes->count; i++)
		if (processes->pids[i] == pid)
			return;
	if (processes->count < PROCESSES_MAX)
		processes->pids[processes->count++] = pid;
}

/* All processes of the run; a pid may belong to another process by now. */
static void collect_pids(const struct results_file *results, struct processes *processes)
{
	struct record_walk walk = record_walk_begin(results->image, results->size_bytes);

	while (record_walk_next(&walk)) {
		if (walk.record->type != RECORD_PROCESS)
			continue;
		processes->is_observed = true;
		add_process(processes, (pid_t)read_u32(&walk.reader));
	}
}

void processes_find(const struct results_file *results, pid_t program, struct processes *processes)
{
	uint32_t kept = 0;

	processes->is_observed = false;
	processes->count = 0;
	collect_pids(results, processes);
	for (uint32_t i = 0; i < processes->count; i++) {
		pid_t pid = processes->pids[i];

		if (pid > 0 && pid != program && results_file_is_mapped_by(results, pid))
			processes->pids[kept++] = pid;
	}
	processes->count = kept;
}

/* The numbers of the processes that --on-deadlock ended, up to @limit. */
static uint32_t collect_ended(const struct results_file *results, uint32_t *numbers,
			      uint32_t limit)
{
	struct record_walk walk = record_walk_begin(results->image, results->size_bytes);
	uint32_t count = 0;

	while (record_walk_next(&walk))
		if (walk.record->type == RECORD_END &&
		    read_u32(&walk.reader) == PROCESS_ENDED_BY_US && count < limit)
			numbers[count++] = walk.record->process;
	return count;
}

static void await_end(pid_t pid)
{
	struct pollfd end = {.fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN};

	if (end.fd < 0)
		return;
	(void)poll(&end, 1, PATIENCE_MS);
	(void)close(end.fd);
}

void processes_await_end(const struct results_file *results)
{
	static uint32_t numbers[PROCESSES_MAX];
	uint32_t count = collect_ended(results, numbers, PROCESSES_MAX);
	struct record_walk walk = record_walk_begin(results->image, results->size_bytes);

	while (record_walk_next(&walk)) {
		pid_t pid = walk.record->type == RECORD_PROCESS ? (pid_t)read_u32(&walk.reader) : 0;

		for (uint32_t i = 0; pid > 0 && i < count; i++)
			if (numbers[i] == walk.record->process &&
			    results_file_is_mapped_by(results, pid))
				await_end(pid);
	}
}

static void signal_all(const struct processes *processes, pid_t program, int number)
{
	(void)kill(program, number);
	for (uint32_t i = 0; i < processes->count; i++)
		(void)kill(processes->pids[i], number);
}

void processes_kill(const struct processes *processes, pid_t program)
{
	/* Stop all first: the end of one could let others run on. */
	signal_all(processes, program, SIGSTOP);
	signal_all(processes, program, SIGKILL);
	for (uint32_t i = 0; i < processes->count; i++)
		await_end(processes->pids[i]);
}
