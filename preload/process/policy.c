#include "preload/process/policy.h"

#include <signal.h>

#include "base/kernel.h"
#include "finding/results.h"
#include "preload/results/bare.h"
#include "preload/guest/guest.h"
#include "preload/results/sink.h"
#include "preload/process/observation.h"

static void end_process(void)
{
	struct results_header *header = sink_base();
	int status = (int)guest_options.exit_code;

	/* False: another thread ends the process already. */
	if (!observation_end(PROCESS_ENDED_BY_US, (uint32_t)status, false))
		return;
	store_release(&header->is_ended_by_us, 1u); /* read after the process has ended */
	if (bare_is_reporter())
		bare_report(status);
	kernel_call1(SYS_exit_group, status);
}

/* Ends as abort(3) does: by SIGABRT with its default action, which dumps a core. */
static void abort_process(void)
{
	struct {
		uintptr_t handler;
		unsigned long flags;
		uintptr_t restorer;
		uint64_t mask;
	} action = {0};
	uint64_t only_abort = 1ull << (SIGABRT - 1);

	if (!observation_end(PROCESS_ENDED_BY_US, SIGABRT, false))
		return;
	if (bare_is_reporter())
		bare_report(128 + SIGABRT);
	kernel_call4(SYS_rt_sigaction, SIGABRT, &action, 0, sizeof(action.mask));
	kernel_call4(SYS_rt_sigprocmask, SIG_UNBLOCK, &only_abort, 0, sizeof(only_abort));
	kernel_call3(SYS_tgkill, kernel_call0(SYS_getpid), kernel_call0(SYS_gettid), SIGABRT);
}

/* The process hangs, and will probably be killed: report now. */
static void report_and_go_on(void)
{
	observation_finish(false);
	if (bare_is_reporter())
		bare_report_early();
}

void policy_deadlocked(void)
{
	switch (guest_options.on_deadlock) {
	case ON_DEADLOCK_EXIT:
		end_process();
		break;
	case ON_DEADLOCK_ABORT:
		abort_process();
		break;
	default:
		report_and_go_on();
		break;
	}
}
