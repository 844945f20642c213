/* snarl plan: how many of a file's memory accesses would be observed. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "elf/mapped_file.h"
#include "command/base/arguments.h"
#include "command/base/message.h"
#include "command/run/keep_plan.h"
#include "x86/checks/checks.h"
#include "x86/decode/decode.h"
#include "x86/survey/function.h"
#include "elf/image.h"
#include "x86/plan.h"
#include "x86/plan_names.h"
#include "x86/verify/verify.h"

#define KIB 1024u
#define PAGE ((size_t)4096)
#define NS_PER_MS 1e6

struct plan_file {
	const char *path;
	struct mapped_file mapped;
	struct elf_file elf;
};

static bool map_file(struct plan_file *file)
{
	int result = mapped_file_open(&file->mapped, file->path);

	if (result == -ENOEXEC)
		command_warn("plan: '%s' is not a file that could be a program", file->path);
	else if (result)
		command_warn("plan: cannot read '%s': %s", file->path, strerror(-result));
	return result == 0;
}

static size_t whole_pages(size_t size_bytes)
{
	return (size_bytes + PAGE - 1) & ~(PAGE - 1);
}

/* Clones stand behind the module, as in the guest library. */
static void *place_clones(void *context, size_t size_bytes, uint64_t *address)
{
	const struct image *image = context;
	uint64_t end = 0;

	for (unsigned i = 0; i < image->segment_count; i++)
		if (image->segments[i].end > end)
			end = image->segments[i].end;
	*address = (end + 0xffff) & ~(uint64_t)0xffff;
	return pages_from_kernel(whole_pages(size_bytes));
}

static struct plan_options options_of(const struct image *image, const struct options *settings)
{
	return (struct plan_options){
		.current_tls = -8,
		.shared_tls = -16,
		.ahead_tls = -24,
		.first_site = 1,
		.place = place_clones,
		.places_pages = true,
		.context = (void *)(uintptr_t)image,
		.keeps_instructions = settings->accesses || settings->verify,
		.forget_targets = settings->forget_targets,
		.force = (enum plan_force)force_of_plans(settings->force),
	};
}

/* Programs are never watched for atomics alone. */
static bool is_library(const struct plan_file *file)
{
	Elf64_Phdr interpreter;

	return !elf_file_find_segment(&file->elf, PT_INTERP, &interpreter);
}

static int keep(const struct plan_file *file, const struct plan_to_keep *made,
		const struct options *settings)
{
	int status = keep_plan(made, settings);

	return status || !is_library(file) ? status : keep_plan_of_atomics(made, settings);
}

/* Plans @file and, unless @verification is NULL, proves its clones.  NULL after a
 * message. */
static struct plan *make_plan(struct plan_file *file, struct image *image,
			      const struct options *settings, struct verification *verification)
{
	static struct decoder decoder;
	struct plan_options options = options_of(image, settings);
	struct plan_to_keep made = {file->path, &decoder, image, &options, NULL, NULL};
	struct plan *plan = NULL;
	struct arena arena;
	const char *why = "the decoder (Zydis) does not work";

	made.arena = &arena;
	arena_init(&arena, pages_from_kernel);
	if (decoder_init_linked(&decoder) &&
	    elf_file_open(&file->elf, file->mapped.bytes, file->mapped.size_bytes, &why) &&
	    image_from_file(image, file->path, &file->elf, &why))
		plan = plan_make(&decoder, image, &options, &arena, &why);
	if (!plan) {
		command_fail("plan: '%s': %s", file->path, why);
		return NULL;
	}
	made.plan = plan;
	if (!verification || verify_clones(&decoder, plan, &options, &arena, verification))
		return keep(file, &made, settings) ? NULL : plan;
	command_fail("plan: '%s': at %#" PRIx64 " (copy + %#" PRIx32 "): %s", file->path,
		     image->text_address + verification->text_offset, verification->clone_offset,
		     verification->what);
	return NULL;
}

static double percent_of(uint64_t part, uint64_t whole)
{
	return whole ? 100.0 * (double)part / (double)whole : 0.0;
}

static void print_count(const char *what, uint64_t count, uint64_t whole)
{
	if (count)
		printf("    %-28s %9" PRIu64 "  %5.1f %%\n", what, count, percent_of(count, whole));
}

static void print_functions(const struct plan_statistics *statistics)
{
	printf("  functions                      %9" PRIu64 "\n", statistics->functions);
	print_count("copied", statistics->cloned, statistics->functions);
	print_count("nothing to check", statistics->without_accesses, statistics->functions);
	print_count("not understood", statistics->undecodable, statistics->functions);
	print_count("no room for jumps", statistics->conflicting, statistics->functions);
}

static void print_accesses(const struct plan_statistics *statistics)
{
	uint64_t accesses = statistics->accesses;

	printf("  accesses                       %9" PRIu64 "\n", accesses);
	print_count("checked", statistics->checked, accesses);
	print_count("with another's check", statistics->merged, accesses);
	print_count("own stack slots", statistics->on_stack, accesses);
	print_count("read-only data", statistics->read_only, accesses);
	print_count("thread-local", statistics->thread_local_, accesses);
	print_count("no check for their kind", statistics->unchecked, accesses);
	print_count("may run unchecked", statistics->accesses_native, accesses);
	print_count("atomic instructions", statistics->atomics, accesses);
	print_count("of them unseen", statistics->atomics_native, accesses);
	print_count("string instructions", statistics->strings, accesses);
}

static void print_entries(const struct plan_statistics *statistics)
{
	printf("  entries                        %9" PRIu64 "\n", statistics->entries);
	print_count("by a short jump", statistics->entries_short, statistics->entries);
	print_count("not patched", statistics->entries_unpatched, statistics->entries);
}

static void print_plan(const char *path, const struct plan *plan)
{
	const struct plan_statistics *statistics = &plan->statistics;
	double megabytes = (double)statistics->text_bytes / (KIB * KIB);
	double milliseconds = (double)statistics->nanoseconds / NS_PER_MS;

	printf("%s\n", path);
	print_functions(statistics);
	print_accesses(statistics);
	print_entries(statistics);
	printf("  code %" PRIu64 " KiB, copies %" PRIu64 " KiB (%.1f times), planned in %.1f ms "
	       "(%.0f per MiB)\n",
	       statistics->text_bytes / KIB, statistics->clone_bytes / KIB,
	       statistics->text_bytes
		       ? (double)statistics->clone_bytes / (double)statistics->text_bytes
		       : 0.0,
	       milliseconds, megabytes > 0 ? milliseconds / megabytes : 0.0);
}

static void print_function(const struct function *function, const struct image *image,
			   const char *name)
{
	printf("  %#10" PRIx64 " %6" PRIu32 " bytes  %-40s ", image->text_address + function->start,
	       function->end - function->start, name ? name : "");
	if (function->why_not)
		printf("left alone: %s", function->why_not);
	else
		printf("copied: %" PRIu32 " patches, %" PRIu32 " accesses", function->patch_count,
		       function->wanted_count);
	if (!function->why_not && function->native_count)
		printf(", %" PRIu32 " of them may run unchecked", function->native_count);
	if (!function->why_not && function->has_unknown_targets)
		printf("; has a jump that is not understood");
	printf("\n");
}

static void print_each(const struct plan *plan, const struct image *image,
		       const struct plan_file *file)
{
	const char **names = calloc(plan->function_count + 1, sizeof(*names));

	if (names)
		plan_names_read(plan, image, &file->elf, names);
	for (uint32_t i = 0; i < plan->function_count; i++)
		print_function(&plan->functions[i], image, names ? names[i] : NULL);
	free(names);
}

static const char *const fates[] = {
	[ACCESS_STACK] = "stack",
	[ACCESS_READ_ONLY] = "read-only",
	[ACCESS_THREAD_LOCAL] = "thread-local",
	[ACCESS_UNCHECKED] = "unchecked",
	[ACCESS_SIMPLE] = "checked",
	[ACCESS_SIZED] = "checked",
	[ACCESS_MASKED] = "checked",
	[ACCESS_LOCKED] = "checked",
	[ACCESS_STRING] = "checked",
};

static const char *fate_of(const struct plan *plan, const struct function *function,
			   uint32_t instruction)
{
	const char *fate = fates[checks_classify(plan->module, function,
						 &function->instructions[instruction])];

	if (!fate || strcmp(fate, "checked") != 0)
		return fate;
	return function->why_not || function->reach[instruction] & REACH_NATIVE ? "unchecked"
										: fate;
}

/* An access counts as unchecked if it may also run in the original code. */
static void print_accesses_of(const struct plan *plan, const struct function *function,
			      const struct image *image)
{
	for (uint32_t i = 0; i < function->count; i++) {
		const char *fate = fate_of(plan, function, i);

		if (fate)
			printf("  %#" PRIx64 " %s\n",
			       image->text_address + function->instructions[i].offset, fate);
	}
}

static int plan_path(const char *path, const struct options *options)
{
	static struct image image; /* large for a stack */
	struct plan_file file = {.path = path};
	struct verification verification = {.begins_with = 0};
	struct plan *plan;

	if (!map_file(&file))
		return STATUS_FAILED;
	plan = make_plan(&file, &image, options, options->verify ? &verification : NULL);
	if (!plan)
		return STATUS_FAILED;
	print_plan(path, plan);
	if (options->verify)
		printf("  verified %" PRIu64 " copied instructions and %" PRIu64
		       " instructions of checks\n",
		       verification.instructions, verification.steps);
	if (options->verbose)
		print_each(plan, &image, &file);
	for (uint32_t i = 0; options->accesses && i < plan->function_count; i++)
		print_accesses_of(plan, &plan->functions[i], &image);
	if (plan->clone)
		munmap(plan->clone, whole_pages(plan->clone_bytes));
	plan_free(plan);
	mapped_file_close(&file.mapped);
	return STATUS_FINE;
}

int command_plan(const struct command_row *self, int argc, char **argv)
{
	static struct options options;
	int operand, status, result = STATUS_FINE;

	options_init(&options);
	status = arguments_read(self, &options, argc, argv, &operand);
	if (status != ARGUMENTS_READ)
		return status;
	if (!keep_plan_settle(&options))
		return STATUS_FAILED;
	for (; operand < argc; operand++) {
		status = plan_path(argv[operand], &options);
		result = status ? status : result;
	}
	return fflush(stdout) ? STATUS_FAILED : result;
}
