#include "reports/symbols/live_threads.h"

#include <elfutils/libdwfl.h>

static const Dwfl_Callbacks callbacks = {
	.find_elf = dwfl_linux_proc_find_elf,
	.find_debuginfo = dwfl_standard_find_debuginfo,
};

struct stack {
	uint64_t frames[LIVE_FRAMES_MAX];
	uint32_t count;
};

static int visit_module(Dwfl_Module *module, void **unused, const char *name, Dwarf_Addr start,
			void *context)
{
	const struct live_visitor *visitor = context;
	struct live_module live = {.start = start, .path = name};
	const char *file = NULL;

	(void)unused;
	(void)dwfl_module_info(module, NULL, NULL, &live.end, NULL, NULL, &file, NULL);
	if (dwfl_module_getelf(module, &live.bias)) {
		/* Known once the file is open. */
		(void)dwfl_module_info(module, NULL, NULL, NULL, NULL, NULL, &file, NULL);
		live.path = file ? file : name;
		visitor->module(visitor->context, &live);
	}
	return DWARF_CB_OK;
}

static int add_frame(Dwfl_Frame *frame, void *context)
{
	struct stack *stack = context;
	Dwarf_Addr pc;
	bool is_exact;

	if (!dwfl_frame_pc(frame, &pc, &is_exact) || stack->count == LIVE_FRAMES_MAX)
		return DWARF_CB_ABORT;
	stack->frames[stack->count++] = pc + is_exact;
	return DWARF_CB_OK;
}

static int visit_thread(Dwfl_Thread *thread, void *context)
{
	const struct live_visitor *visitor = context;
	struct stack stack = {.count = 0};

	/* What was found before an error is good. */
	(void)dwfl_thread_getframes(thread, add_frame, &stack);
	visitor->thread(visitor->context, dwfl_thread_tid(thread), stack.frames, stack.count);
	return DWARF_CB_OK;
}

void live_visit(pid_t pid, const struct live_visitor *visitor)
{
	Dwfl *dwfl = dwfl_begin(&callbacks);

	if (!dwfl)
		return;
	if (dwfl_linux_proc_report(dwfl, pid) == 0 && dwfl_report_end(dwfl, NULL, NULL) == 0 &&
	    dwfl_linux_proc_attach(dwfl, pid, false) == 0) {
		(void)dwfl_getmodules(dwfl, visit_module, (void *)(uintptr_t)visitor, 0);
		(void)dwfl_getthreads(dwfl, visit_thread, (void *)(uintptr_t)visitor);
	}
	dwfl_end(dwfl);
}
