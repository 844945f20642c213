#define _GNU_SOURCE
#include "preload/results/bare.h"

#include <fcntl.h>
#include <stdio.h>

#include "base/atomic.h"
#include "base/kernel.h"
#include "finding/finding.h"
#include "finding/results.h"
#include "preload/guest/environment.h"
#include "preload/guest/guest.h"
#include "preload/results/reporter.h"
#include "preload/results/sink.h"
#include "preload/results/timeline.h"
#include "preload/guest/text.h"

#define PATH_BYTES 4096

static bool is_unfollowed;
static long reporter_pid WRITTEN_IN_FORKS; /* the process that reports; 0: the command does */
static bool is_reported;
static char results_path[PATH_BYTES];

void bare_say(const char *text)
{
	char line[512];
	struct text to = text_begin(line, sizeof(line) - 1);

	text_add(&to, "snarl: ");
	text_add(&to, text);
	line[to.length] = '\n';
	kernel_call3(SYS_write, 2, line, to.length + 1);
}

bool bare_read_options(const char **why)
{
	static char line[400];
	const char *settings = environment_get("SNARL_OPTIONS");
	struct options_error error;

	environment_begin();
	options_init(&guest_options);
	if (options_parse(&guest_options, settings, &error)) {
		options_settle(&guest_options);
		return true;
	}
	options_describe_error(&error, line, sizeof(line));
	*why = line;
	return false;
}

void bare_unfollow(void)
{
	is_unfollowed = true;
}

bool bare_is_unfollowed(void)
{
	return is_unfollowed;
}

/* A random name, so that nobody can have put a link there. */
static void name_results(void)
{
	const char *folder = environment_get("TMPDIR");
	struct text path = text_begin(results_path, sizeof(results_path));
	uint64_t random = 0;

	kernel_call3(SYS_getrandom, &random, sizeof(random), 0);
	text_add(&path, folder && *folder == '/' ? folder : "/tmp");
	text_add(&path, "/snarl-");
	text_add_number(&path, (uint64_t)reporter_pid);
	text_add(&path, "-");
	text_add_number(&path, random);
	text_add(&path, ".snarl");
}

/* Sets the options of executed programs: which file, and which process reports. */
static void set_children_options(void)
{
	size_t size = 2 * OPTIONS_TEXT_BYTES + 3 * PATH_BYTES;
	char *buffer = pages_from_kernel((size + 4095) & ~(size_t)4095);
	const char *given = environment_get("SNARL_OPTIONS");
	struct text settings;

	if (!buffer)
		return;
	settings = text_begin(buffer, size);
	text_add(&settings, given ? given : "");
	text_add(&settings, " ");
	settings.length += options_write(&guest_options, &option_rows[OPTION_ID_results],
					 buffer + settings.length, size - settings.length);
	text_add(&settings, " reporter=");
	text_add_number(&settings, (uint64_t)reporter_pid);
	environment_set_options(buffer);
	kernel_call2(SYS_munmap, buffer, (size + 4095) & ~(size_t)4095);
}

/* In the first process of a bare preload. */
static bool make_results(const char **why)
{
	bool is_saved = options_is_set(&guest_options, OPTION_ID_save) && *guest_options.save;

	reporter_pid = kernel_call0(SYS_getpid);
	if (is_saved)
		text_set(results_path, sizeof(results_path), guest_options.save);
	else
		name_results();
	if (!sink_create(results_path, is_saved, guest_options.timeline ? TIMELINE_BYTES : 0,
			 why))
		return false;
	guest_options.results = results_path;
	guest_options.reporter = (uint64_t)reporter_pid;
	set_children_options();
	return true;
}

/* In a process of a run that began before. */
static bool join_results(const char **why)
{
	text_set(results_path, sizeof(results_path), guest_options.results);
	reporter_pid = (long)guest_options.reporter;
	/* No message: the report of the run tells that nothing was recorded. */
	if (!sink_open(results_path, why)) {
		*why = NULL;
		return false;
	}
	if (guest_options.follow_children == CHOICE_NO && sink_first_pid() &&
	    sink_first_pid() != (uint32_t)kernel_call0(SYS_getpid)) {
		is_unfollowed = true;
		*why = NULL;
		return false;
	}
	return true;
}

bool bare_open_results(const char **why)
{
	bool is_open = guest_options.results && *guest_options.results ? join_results(why)
								       : make_results(why);

	if (is_open && bare_is_reporter())
		reporter_begin();
	return is_open;
}

bool bare_is_reporter(void)
{
	return reporter_pid && kernel_call0(SYS_getpid) == reporter_pid;
}

bool bare_is_reporter_pid(uint32_t pid)
{
	return reporter_pid && pid == (uint32_t)reporter_pid;
}

/* The reporter cannot run here: a chroot, a sandbox. */
static void say_unreported(void)
{
	char line[400];
	struct text text = text_begin(line, sizeof(line));

	text_add(&text, "there are findings, but no report could be made here; see ");
	text_add(&text, results_path);
	bare_say(line);
}

int bare_report(int status)
{
	struct results_header *header = sink_base();
	uint64_t mask = signals_block();
	enum reporter_result result;
	bool is_unreported;

	if (is_reported) {
		signals_restore(mask);
		return status;
	}
	is_reported = true;
	/* In the form of wait()'s status. */
	store_relaxed(&header->exit_status, (uint32_t)(status & 0xff) << 8);
	store_relaxed(&header->is_ended, 1u); /* relaxed: read after our clone */
	timeline_run_ended();
	result = reporter_run(results_path);
	is_unreported = result == REPORTER_FAILED && sink_has_findings();
	if (is_unreported)
		say_unreported();
	else if (!options_is_set(&guest_options, OPTION_ID_save))
		kernel_call3(SYS_unlinkat, AT_FDCWD, results_path, 0);
	if (result == REPORTER_FAILED && options_fail_on(&guest_options, sink_finding_counts()))
		result = REPORTER_COUNTS;
	signals_restore(mask);
	return result == REPORTER_COUNTS ? (int)guest_options.exit_code : status;
}

void bare_report_early(void)
{
	uint64_t mask = signals_block();

	(void)reporter_run(results_path);
	signals_restore(mask);
}

void bare_exit(int status)
{
	int replaced;

	/* The program's own output comes first.  exit() itself would call this next.
	 * Unlike fflush(NULL) it does not wait for streams that other threads have
	 * locked. */
	fcloseall();
	replaced = bare_report(status);
	if (replaced != status)
		kernel_call1(SYS_exit_group, replaced);
}
