#include "detect/detector.h"
#include "detect/sync/thread.h"
#include "racing.h"

#include <stdlib.h>
#include <string.h>

#include "detect/range/record_range.h"
#include "detect/shadow/shadow.h"

struct detector judge;
struct thread *first;
uint8_t racing[MEMORY_BYTES];
unsigned finding_count;
unsigned held_back_count;
unsigned retracted_count, lowered_count;
unsigned beside_count;
struct memory_block racing_block;
struct finding last_finding;
void (*racing_each)(const struct finding_event *event);
void (*racing_meanwhile)(void);
bool racing_has_stacks;
unsigned racing_stack_count;

static bool is_access(const struct finding_event *event)
{
	return event->action == ACTION_READ || event->action == ACTION_WRITE ||
	       event->action == ACTION_UPDATE || event->action == ACTION_FREE;
}

#define CODE_AT 0x400000ul
#define CODE_BYTES 16u /* of a site */

/* Where the last access of each site was. */
static struct {
	uint32_t offset, size_bytes;
} places[SITE_MAX];

site_id racing_site_of(stack_id id)
{
	const struct stack *stack = stack_depot_get(&judge.stacks, id);

	ck_assert_ptr_nonnull(stack);
	return (site_id)((stack->frames[0] - 1 - CODE_AT) / CODE_BYTES);
}

void racing_place(site_id site, uint32_t offset, uint32_t size_bytes)
{
	places[site].offset = offset;
	places[site].size_bytes = size_bytes;
}

/* The bytes that both accesses of the finding have in common. */
static void emit_finding(struct detector *of, const struct finding *finding)
{
	uint32_t start = 0;
	uint32_t end = MEMORY_BYTES;

	(void)of;
	if (finding->kind == FINDING_DATA_RACE && finding->severity == SEVERITY_NOTE) {
		beside_count++;
		return;
	}
	last_finding = *finding;
	if (finding->rests_on.numbers[0]) {
		held_back_count++;
		return;
	}
	finding_count++;
	for (uint32_t i = 0; i < finding->event_count; i++) {
		site_id site;
		uint32_t offset;

		if (!is_access(&finding->events[i]))
			continue;
		if (racing_each) {
			racing_each(&finding->events[i]);
			continue;
		}
		site = racing_site_of(finding->events[i].stack);
		offset = (uint32_t)(finding->events[i].address - MEMORY_AT);
		if (!places[site].size_bytes) {
			/* One of threads that really run. */
			places[site].offset = offset;
			places[site].size_bytes = (uint32_t)finding->events[i].size_bytes;
		}
		ck_assert_uint_ge(offset, places[site].offset);
		ck_assert_uint_le(offset + finding->events[i].size_bytes,
				  places[site].offset + places[site].size_bytes);
		start = places[site].offset > start ? places[site].offset : start;
		end = places[site].offset + places[site].size_bytes < end
			      ? places[site].offset + places[site].size_bytes
			      : end;
	}
	ck_assert_uint_lt(start, end);
	for (; start < end && !racing_each; start++)
		racing[start] = 1;
}

static stack_id access_stack(struct detector *of, struct thread *thread,
			     const struct access *access)
{
	uintptr_t frame = CODE_AT + access->site * CODE_BYTES + 1;
	void (*meanwhile)(void) = racing_meanwhile;

	(void)thread;
	racing_meanwhile = NULL;
	racing_stack_count++;
	if (meanwhile)
		meanwhile();
	if (!racing_has_stacks)
		return 0;
	return stack_depot_intern(&of->stacks, &frame, 1, 0, 0, 0);
}

static void count_again(struct detector *of, uint32_t finding)
{
	(void)of;
	(void)finding;
}

static void retract(struct detector *of, uint32_t finding)
{
	(void)of;
	(void)finding;
	retracted_count++;
}

static void lower(struct detector *of, uint32_t finding)
{
	(void)of;
	(void)finding;
	lowered_count++;
}

static bool block_of(struct detector *of, uintptr_t address, struct memory_block *block)
{
	(void)of;
	(void)address;
	*block = racing_block;
	return block->start != 0;
}

static const struct detector_hooks hooks = {
	.emit = emit_finding,
	.count = count_again,
	.retract = retract,
	.lower = lower,
	.block_of = block_of,
	.access_stack = access_stack,
};

void set_up_racing(void)
{
	shadow_clear(MEMORY_AT, MEMORY_BYTES);
	memset(racing, 0, sizeof(racing));
	memset(site_attention, 0, 65536);
	finding_count = 0;
	held_back_count = 0;
	retracted_count = lowered_count = 0;
	beside_count = 0;
	racing_block = (struct memory_block){.start = 0};
	racing_each = NULL;
	racing_meanwhile = NULL;
	racing_has_stacks = true;
	racing_stack_count = 0;
	ck_assert(detector_init(&judge, &hooks, false, pages_from_kernel));
	first = thread_adopt(&judge, true);
	ck_assert_ptr_nonnull(first);
}

struct thread *racing_start(struct thread *parent)
{
	struct thread *child = thread_create(&judge, parent, 1);

	ck_assert_ptr_nonnull(child);
	thread_started(&judge, child);
	return child;
}

static bool are_sites_old;

void racing_sites_are_old(bool are_old)
{
	are_sites_old = are_old;
}

site_id racing_site(uint32_t flags, uint32_t size_bytes)
{
	site_id id = site_table_reserve(&judge.sites, 1);
	struct site *site = site_get(&judge.sites, id);

	ck_assert_ptr_nonnull(site);
	site->address = CODE_AT + id * CODE_BYTES;
	site->flags = flags;
	site->size_bytes = (uint16_t)size_bytes;
	site->first_count = are_sites_old ? ORIGIN_FIRST_CALLERS : 0;
	site->beside_count = are_sites_old ? SITE_BESIDE_TOLD : 0;
	return id;
}

struct access racing_access(site_id id, uint32_t offset, uint32_t size_bytes)
{
	const struct site *site = site_get(&judge.sites, id);

	return (struct access){
		.address = MEMORY_AT + offset,
		.size_bytes = size_bytes,
		.site = id,
		.flags = site ? site->flags : 0,
	};
}

/* As the guest library does it: the quick path first, where it takes such. */
void quick_access(struct thread *thread, site_id id, uint32_t offset, uint32_t size_bytes)
{
	struct access access = racing_access(id, offset, size_bytes);
	bool is_write = access.flags & SITE_WRITE;

	if (size_bytes <= 32 &&
	    record_fast(&judge, thread, access.address, size_bytes, is_write, id, &access.callers))
		return;
	access_check(&judge, thread, &access);
}

void loops_over(struct thread *thread, site_id id, uint32_t offset, uint32_t size_bytes)
{
	uintptr_t start = MEMORY_AT + offset, end = start + size_bytes;
	struct access access = racing_access(id, offset, 1);

	site_attention[id] = SITE_QUIET;
	if (record_range(&judge, thread, &access, size_bytes))
		return;
	while (start < end) {
		uint32_t here = (uint32_t)(SHADOW_GRANULE - start % SHADOW_GRANULE);

		if (here > end - start)
			here = (uint32_t)(end - start);
		quick_access(thread, id, (uint32_t)(start - MEMORY_AT), here);
		start += here;
	}
}

void accesses_at(struct thread *thread, site_id id, uint32_t offset, uint32_t size_bytes)
{
	racing_place(id, offset, size_bytes);
	if (are_sites_old && size_bytes > 8)
		loops_over(thread, id, offset, size_bytes);
	else
		quick_access(thread, id, offset, size_bytes);
}

void reads(struct thread *thread, uint32_t offset, uint32_t size_bytes)
{
	accesses_at(thread, racing_site(SITE_READ, size_bytes), offset, size_bytes);
}

void writes(struct thread *thread, uint32_t offset, uint32_t size_bytes)
{
	accesses_at(thread, racing_site(SITE_WRITE, size_bytes), offset, size_bytes);
}

int racing_run(TCase *tests)
{
	Suite *suite = suite_create("races");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tests);
	if (!shadow_reserve(true)) {
		srunner_free(runner);
		return 77;
	}
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
