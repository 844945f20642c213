#include "x86/plan.h"

#include <string.h>
#include <time.h>

#include "base/kernel.h"
#include "x86/checks/checks.h"
#include "x86/emit/emit.h"
#include "x86/flow/accessors.h"
#include "x86/liveness/liveness.h"
#include "x86/liveness/loads.h"
#include "x86/decode/locked.h"
#include "x86/emit/patches.h"
#include "x86/survey/survey.h"

#define JUMP_LONG 0xe9
#define JUMP_SHORT 0xeb

struct planning {
	struct survey survey;
	struct patches patches;
	struct emitter emitter;
	const struct plan_options *options;
	struct plan *plan;
	bool has_locked; /* instructions in some function */
};

static const char no_memory[] = "no memory for planning";

static uint64_t now_ns(void)
{
	struct timespec now = {0, 0};

	kernel_call2(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* --- Functions ------------------------------------------------------------------------ */

/* Chooses the function's patches; with none it is not cloned.  False: no memory. */
static bool choose_patches(struct planning *planning, uint32_t index)
{
	struct survey *survey = &planning->survey;
	struct plan_statistics *statistics = &planning->plan->statistics;
	struct function *function = &survey->module.functions[index];
	uint64_t native = statistics->accesses_native;
	struct scratch_mark mark = scratch_mark(&survey->scratch);
	bool *wanted = scratch_take(&survey->scratch, function->count);

	if (!wanted)
		return false;
	for (uint32_t i = 0; i < function->count; i++)
		wanted[i] = checks_are_for(checks_class(&survey->module, function, i));
	function->patch_count =
		patches_choose(survey, index, wanted, &planning->patches, statistics);
	function->native_count = (uint32_t)(statistics->accesses_native - native);
	scratch_release(&survey->scratch, mark);
	if (function->patch_count)
		return !planning->patches.failed;
	function->why_not = "no entry has room for a jump";
	function->native_count = function->wanted_count;
	statistics->accesses_native = native + function->wanted_count;
	statistics->conflicting++;
	return true;
}

/* False: no memory. */
static bool clone_function(struct planning *planning, uint32_t index)
{
	struct module *module = &planning->survey.module;
	struct function *function = &module->functions[index];
	struct plan_statistics *statistics = &planning->plan->statistics;

	function->wanted_count = checks_survey(module, function, statistics);
	if (!function->wanted_count) {
		statistics->without_accesses++;
		function->why_not = "it makes no access that wants a check";
		return emit_calls(&planning->emitter, function);
	}
	if (!choose_patches(planning, index))
		return false;
	if (!function->patch_count)
		return emit_calls(&planning->emitter, function);
	statistics->cloned++;
	if (!emit_function(&planning->emitter, index))
		return false;
	function->clone_start = emitter_clone_offset(&planning->emitter, function->start);
	function->clone_end = planning->emitter.code_bytes;
	return true;
}

#define GIANT_COUNT 4096u	/* instructions of a function */
#define NEAR_COUNT 64u		/* ... between an access and a locked one */

/* In a giant function of a library, as the loop of an interpreter is, what orders threads stands
 * near a locked instruction.  Moves elsewhere that do are missed. */
static void leave_out_far(const struct function *function, uint8_t *classes)
{
	uint32_t near_until = NEAR_COUNT; /* what the first ones have is not asked */

	for (uint32_t i = 0; i < function->count; i++) {
		uint32_t ahead = i + NEAR_COUNT;

		if (classes[i] == ACCESS_LOCKED)
			near_until = i + NEAR_COUNT;
		if (ahead < function->count && classes[ahead] == ACCESS_LOCKED)
			near_until = ahead + NEAR_COUNT;
		if (i > near_until)
			classes[i] = ACCESS_NONE;
	}
}

static uint8_t *classify_accesses(struct planning *planning, const struct function *function)
{
	struct survey *survey = &planning->survey;
	uint8_t *classes = scratch_take(&survey->scratch, function->count);

	for (uint32_t i = 0; classes && i < function->count; i++)
		classes[i] = (uint8_t)checks_classify(&survey->module, function,
						      &function->instructions[i]);
	if (classes && planning->options->only_atomics && function->count > GIANT_COUNT)
		leave_out_far(function, classes);
	return classes;
}

static void count_unseen_atomics(const struct survey *survey, const struct function *function,
				 struct plan_statistics *statistics)
{
	uint32_t count = locked_decoded(survey->decoder, survey->module.text + function->start,
					function->end - function->start);

	statistics->atomics += count;
	statistics->atomics_native += count;
}

/* What no unwind table describes is left as it is: assembly, or the most of a program that was
 * made without unwind tables. */
static void count_atomics_between_functions(const struct survey *survey,
					    struct plan_statistics *statistics)
{
	const struct module *module = &survey->module;
	uint32_t done = 0;

	for (uint32_t i = 0; i <= module->function_count; i++) {
		bool is_last = i == module->function_count;
		uint32_t end = is_last ? module->text_bytes : module->functions[i].start;
		const uint8_t *between = module->text + done;
		uint32_t count =
			end > done ? locked_among_data(survey->decoder, between, end - done) : 0;

		statistics->atomics += count;
		statistics->atomics_native += count;
		if (!is_last && module->functions[i].end > done)
			done = module->functions[i].end;
	}
}

#define ATOMIC_MOVE_BYTES 64u

/* A small function of a library that may load or store an atomic for its callers by a
 * plain move, as SDL_AtomicGet() does; or store it and call what wakes who waits for that,
 * as the last part of an unlock does. */
static bool may_be_atomic_move(const struct function *function, const struct part *part)
{
	return (!function->has_call || part->has_store) &&
	       function->end - function->start <= ATOMIC_MOVE_BYTES;
}

/* May the library's function order threads for its callers?  In small libraries of locks and
 * queues, who looks something up loads by moves alone what another function has published.  One
 * without any locked instruction is taken for none of these: compressors and the like. */
static bool may_order(const struct planning *planning, uint32_t index)
{
	const struct module *module = &planning->survey.module;
	const struct part *part = &planning->survey.parts[index];

	return planning->has_locked &&
	       (module->text_bytes <= PLAN_SMALL_TEXT_BYTES || part->has_locked ||
		may_be_atomic_move(&module->functions[index], part));
}

/* False: no memory. */
static bool plan_function(struct planning *planning, uint32_t index)
{
	struct survey *survey = &planning->survey;
	struct function *function = &survey->module.functions[index];
	struct plan_statistics *statistics = &planning->plan->statistics;
	struct scratch_mark mark = scratch_mark(&survey->scratch);
	bool is_done;

	statistics->functions++;
	if (!function->is_usable) {
		statistics->undecodable++;
		count_unseen_atomics(survey, function, statistics);
		return true;
	}
	statistics->instructions += function->count;
	if (planning->options->only_atomics && !may_order(planning, index)) {
		function->why_not = "it orders no threads by atomics";
		return true;
	}
	survey_open(survey, function);
	if (survey->failed)
		return false;
	function->classes = classify_accesses(planning, function);
	loads_find_used(&survey->module, function, &survey->scratch);
	is_done = clone_function(planning, index);
	function->classes = NULL;
	scratch_release(&survey->scratch, mark);
	return is_done;
}

/* --- Patches ---------------------------------------------------------------------------- */

static void write_long(struct plan_patch *patch, uint32_t offset, int64_t distance)
{
	uint32_t value = (uint32_t)(distance - 5);

	*patch = (struct plan_patch){.offset = offset, .length = 5, .bytes = {JUMP_LONG}};
	memcpy(patch->bytes + 1, &value, sizeof(value));
}

static void write_short(struct plan_patch *patch, uint32_t offset, uint32_t island)
{
	*patch = (struct plan_patch){
		.offset = offset,
		.length = 2,
		.bytes = {JUMP_SHORT, (unsigned char)(island - offset - 2)},
	};
}

static bool is_near(int64_t distance)
{
	return distance > INT32_MIN + 16 && distance < INT32_MAX - 16;
}

/* Adds the rows of a chosen patch to the plan.  False: out of reach. */
static bool write_patch(struct planning *planning, const struct chosen_patch *chosen)
{
	struct plan *plan = planning->plan;
	const struct module *module = &planning->survey.module;
	uint32_t offset = chosen->offset;
	uint64_t clone = plan->clone_address + emitter_clone_offset(&planning->emitter, offset);
	uint32_t from = chosen->island ? chosen->island : offset;
	int64_t distance = (int64_t)(clone - module->text_address - from);

	/* The island must be written before the jump to it. */
	write_long(&plan->patches[plan->patch_count++], from, distance);
	if (chosen->island)
		write_short(&plan->patches[plan->patch_count++], offset, chosen->island);
	return is_near(distance);
}

static bool write_patches(struct planning *planning, const char **why)
{
	const struct patches *chosen = &planning->patches;

	planning->plan->patches =
		arena_alloc(planning->survey.arena,
			    (2 * (size_t)chosen->count + 1) * sizeof(*planning->plan->patches));
	*why = no_memory;
	if (!planning->plan->patches)
		return false;
	*why = "the clones lie out of reach of the module";
	for (uint32_t i = 0; i < chosen->count; i++)
		if (!write_patch(planning, &chosen->rows[i]))
			return false;
	*why = NULL;
	return true;
}

static bool survey_all(struct planning *planning, const struct decoder *decoder,
		       const struct image *image, struct arena *arena, const char **why)
{
	struct survey *survey = &planning->survey;

	if (planning->options->keeps_instructions
		    ? !survey_begin_open(survey, decoder, image, arena, why)
		    : !survey_begin(survey, decoder, image, arena, why))
		return false;
	survey->forget_targets = planning->options->forget_targets;
	survey_targets(survey);
	survey_facts(survey);
	survey_reach(survey);
	*why = no_memory;
	if (survey->failed || !liveness_of_returns(&survey->module, arena))
		return false;
	accessors_find(&survey->module, arena);
	patches_begin(survey);
	return emitter_init(&planning->emitter, &survey->module, planning->options, arena,
			    &planning->plan->statistics);
}

static bool fill_plan(struct planning *planning, const char **why)
{
	const struct module *module = &planning->survey.module;

	*why = no_memory;
	for (uint32_t i = 0; i < module->function_count; i++)
		planning->has_locked |= planning->survey.parts[i].has_locked;
	for (uint32_t i = 0; i < module->function_count; i++)
		if (!plan_function(planning, i))
			return false;
	count_atomics_between_functions(&planning->survey, &planning->plan->statistics);
	planning->plan->module = module;
	planning->plan->functions = module->functions;
	planning->plan->function_count = module->function_count;
	if (planning->patches.count == 0)
		return true;
	return emitter_finish(&planning->emitter, planning->plan, why) &&
	       write_patches(planning, why);
}

struct plan *plan_make(const struct decoder *decoder, const struct image *image,
		       const struct plan_options *options, struct arena *arena, const char **why)
{
	struct planning *planning = arena_alloc(arena, sizeof(*planning));
	struct plan *plan = arena_alloc(arena, sizeof(*plan));
	uint64_t start = now_ns();

	*why = no_memory;
	if (!planning || !plan)
		return NULL;
	planning->options = options;
	planning->plan = plan;
	if (!survey_all(planning, decoder, image, arena, why) || !fill_plan(planning, why)) {
		plan_free(plan);
		plan = NULL;
	}
	emitter_free(&planning->emitter);
	scratch_free(&planning->survey.scratch);
	if (!plan)
		return NULL;
	plan->statistics.text_bytes = image->text_bytes;
	plan->statistics.nanoseconds = now_ns() - start;
	*why = NULL;
	return plan;
}

const struct function *plan_function_at(const struct plan *plan, uint32_t offset)
{
	struct function *function = module_find(plan->module, offset);

	if (!function)
		return NULL;
	module_open(plan->module, function);
	return function->instructions ? function : NULL;
}

void plan_free(struct plan *plan)
{
	if (plan->site_room)
		kernel_call2(SYS_munmap, plan->sites, plan->site_room);
	plan->sites = NULL;
	plan->site_room = 0;
	if (plan->patch_room)
		kernel_call2(SYS_munmap, plan->patches, plan->patch_room);
	plan->patch_room = 0;
	plan_states_free(&plan->states);
	if (plan->calls.room)
		growing_free(&plan->calls);
	for (unsigned i = 0; i < PLAN_BASES; i++)
		if (plan->positions[i].room)
			growing_free(&plan->positions[i]);
}
