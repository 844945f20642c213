#include "preload/outside/lock_names.h"

#include "preload/guest/guest.h"

#define NAME_BYTES 64u
#define NAMES_MAX 4096u
#define WAITING_MAX 256u

/* All under detector.lock. */
static struct lock_name {
	struct lock_name *next;
	char text[NAME_BYTES];
} *names;
static uint32_t name_count;
static struct waiting_name {
	uintptr_t address; /* 0: none */
	const char *name;
} waiting[WAITING_MAX];
static uint32_t waiting_count; /* ever; the newest take the place of the oldest */

static bool is_text(const char *text, const char *given)
{
	uint32_t i = 0;

	while (i + 1 < NAME_BYTES && text[i] && text[i] == given[i])
		i++;
	return i + 1 == NAME_BYTES || text[i] == given[i];
}

/* One copy of each name, as many locks have one; NULL beyond a limit. */
static const char *keep(const char *given)
{
	struct lock_name *name = names;

	while (name && !is_text(name->text, given))
		name = name->next;
	if (name || name_count == NAMES_MAX)
		return name ? name->text : NULL;
	name = arena_alloc(&guest_detector.arena, sizeof(*name));
	if (!name)
		return NULL;
	for (uint32_t i = 0; i + 1 < NAME_BYTES && given[i]; i++)
		name->text[i] = given[i];
	name->next = names;
	names = name;
	name_count++;
	return name->text;
}

/* What the results file has of it is written again. */
static void set(struct sync_info *info, const char *name)
{
	info->name = name;
	info->is_described = false;
}

void lock_names_set(uintptr_t address, const char *given)
{
	struct sync_object *object;
	const char *name;

	runtime_lock(&guest_detector.lock);
	object = sync_find(&guest_detector.objects, address);
	name = keep(given);
	if (name && object && object->info) {
		set(object->info, name);
	} else if (name) {
		waiting[waiting_count % WAITING_MAX] = (struct waiting_name){address, name};
		/* relaxed: who begins a life at once may miss it. */
		store_relaxed(&waiting_count, waiting_count + 1);
	}
	runtime_unlock(&guest_detector.lock);
}

void lock_names_begin(struct sync_object *object)
{
	/* relaxed: as above. */
	if (LIKELY(!load_relaxed(&waiting_count)))
		return;
	runtime_lock(&guest_detector.lock);
	for (uint32_t i = 0; i < WAITING_MAX && object->info; i++)
		if (waiting[i].address == object->address) {
			set(object->info, waiting[i].name);
			waiting[i].address = 0;
		}
	runtime_unlock(&guest_detector.lock);
}
