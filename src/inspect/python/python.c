#include "inspect/python/python.h"

#include <string.h>

#include "inspect/python/python_code.h"
#include "reports/symbols/elf_image.h"

#define THREADS_MAX 100000u
#define FRAMES_MAX 64u
#define SEARCH_BYTES 2048u
/* An owner of frames: C, which calls Python. */
#define OWNED_BY_C 3u

/* A thread that Python knows. */
struct python_thread {
	uint64_t identity;
	uint32_t kernel_id;
};

struct python_threads {
	struct python python;
	struct wait *waits;
	struct python_thread *threads;
	size_t count;
	bool has_id_place;
	uint64_t id_place; /* of the kernel's id in a thread of the C library */
};

/* Frames that stand for C have no code of Python's. */
static bool is_of_python(const struct python *python, uint64_t frame)
{
	unsigned char owner;

	return python->offsets[PYTHON_frame_owner] == PYTHON_NONE ||
	       (target_read(python->target, python_at(python, frame, PYTHON_frame_owner), &owner,
			    sizeof(owner)) &&
		owner != OWNED_BY_C);
}

static const char *read_frames(const struct python *python, uint64_t thread)
{
	uint64_t frame = python_follow(python, thread, PYTHON_thread_frames);
	const char *text = "";
	unsigned count = 0;

	if (python->offsets[PYTHON_frames_current] != PYTHON_NONE)
		frame = python_follow(python, frame, PYTHON_frames_current);
	for (; frame && count < FRAMES_MAX;
	     frame = python_follow(python, frame, PYTHON_frame_previous)) {
		uint64_t code = python_follow(python, frame, PYTHON_frame_code);

		if (!code)
			break;
		if (!is_of_python(python, frame))
			continue;
		text = pool_format(
			python->target->pool, "%s%s%s", text, count++ ? "\n" : "",
			python_place(python, code,
				     python_follow(python, frame, PYTHON_frame_instruction)));
	}
	return text;
}

/* Where the C library tells debuggers that a thread's kernel id stands behind what
 * pthread_self() says: bits, count and offset. */
static bool find_id_place(struct target *target, uint64_t *offset)
{
	for (size_t i = 0; i < target->module_count; i++) {
		struct target_module *module = &target->modules[i];
		const char *slash = strrchr(module->path, '/');
		uint64_t at, size_bytes;
		uint32_t place[3];

		if (!slash || (strncmp(slash, "/libc", 5) && strncmp(slash, "/libpthread", 11)))
			continue;
		if (!module->image)
			module->image =
				elf_image_open(target->pool, module->path, module->build_id);
		if (!elf_image_find_symbol(module->image, "_thread_db_pthread_tid", &at,
					   &size_bytes) ||
		    !target_read(target, module->bias + at, place, sizeof(place)))
			continue;
		*offset = place[2];
		return true;
	}
	return false;
}

/* Until 3.10 Python does not know the kernel's id of a thread. */
static uint32_t kernel_id_of(struct python_threads *threads, uint64_t identity)
{
	struct target *target = threads->python.target;
	uint32_t id = 0;

	if (!threads->has_id_place && !find_id_place(target, &threads->id_place))
		return 0;
	threads->has_id_place = true;
	return target_read(target, identity + threads->id_place, &id, sizeof(id)) ? id : 0;
}

static void add_thread(struct python_threads *threads, uint64_t state)
{
	const struct python *python = &threads->python;
	struct target *target = python->target;
	struct python_thread thread = {
		python_follow(python, state, PYTHON_thread_identity),
		(uint32_t)python_follow(python, state, PYTHON_thread_kernel_id),
	};
	const struct target_thread *known;

	if (python->offsets[PYTHON_thread_kernel_id] == PYTHON_NONE)
		thread.kernel_id = kernel_id_of(threads, thread.identity);
	known = target_find_thread(target, thread.kernel_id);
	threads->threads =
		pool_grow(target->pool, threads->threads, threads->count, sizeof(thread));
	threads->threads[threads->count++] = thread;
	/* The frames of one that runs change while they are read. */
	if (threads->waits && known && known->call != STATE_RUNS)
		threads->waits[known - target->threads].script = read_frames(python, state);
}

static void list_threads(struct python_threads *threads)
{
	const struct python *python = &threads->python;
	uint64_t interpreter =
		python_follow(python, python->runtime, PYTHON_runtime_interpreters);

	for (unsigned i = 0; interpreter && i < THREADS_MAX; i++) {
		uint64_t state = python_follow(python, interpreter, PYTHON_interpreter_threads);

		for (; state && threads->count < THREADS_MAX;
		     state = python_follow(python, state, PYTHON_thread_next))
			add_thread(threads, state);
		interpreter = python_follow(python, interpreter, PYTHON_interpreter_next);
	}
}

static uint32_t thread_of_identity(const struct python_threads *threads, uint64_t identity)
{
	for (size_t i = 0; identity && i < threads->count; i++)
		if (threads->threads[i].identity == identity)
			return threads->threads[i].kernel_id;
	return 0;
}

/* Is the object at @object of type @name? */
static bool is_object_of(const struct python *python, uint64_t object, const char *name)
{
	char text[32] = "";
	uint64_t type = python_follow(python, object, PYTHON_object_type);
	uint64_t at = python_follow(python, type, PYTHON_type_name);

	return at && target_read(python->target, at, text, strlen(name) + 1) &&
	       strcmp(text, name) == 0;
}

/* The lock whose semaphore a thread waits for is in the stack of who waits. */
static void name_lock(const struct python_threads *threads, const struct target_thread *thread,
		      struct wait *wait)
{
	const struct python *python = &threads->python;
	struct target *target = python->target;
	uint64_t start = thread->registers[REGISTER_RSP] & ~(uint64_t)7;

	for (uint64_t at = start; at < start + SEARCH_BYTES; at += sizeof(uint64_t)) {
		uint64_t object;

		if (!target_read_word(target, at, &object) || object % 8 ||
		    python_follow(python, object, PYTHON_lock_semaphore) != wait->object)
			continue;
		if (is_object_of(python, object, "_thread.RLock")) {
			wait->name = pool_format(target->pool, "threading.RLock at %#llx",
						 (unsigned long long)object);
			wait->state.holder = thread_of_identity(
				threads, python_follow(python, object, PYTHON_rlock_owner));
			return;
		}
		if (is_object_of(python, object, "_thread.lock")) {
			wait->name = pool_format(target->pool, "threading.Lock at %#llx",
						 (unsigned long long)object);
			return;
		}
	}
}

void python_find(struct target *target, struct wait *waits)
{
	struct python_threads threads = {.python.target = target, .waits = waits};

	if (!python_layout_find(&threads.python))
		return;
	list_threads(&threads);
	for (size_t i = 0; i < target->thread_count; i++)
		if (waits[i].kind == OBJECT_SEMAPHORE)
			name_lock(&threads, &target->threads[i], &waits[i]);
}

void python_find_lock(struct target *target, const struct target_thread *thread, struct wait *wait)
{
	struct python_threads threads = {.python.target = target};

	if (!python_layout_find(&threads.python))
		return;
	list_threads(&threads);
	name_lock(&threads, thread, wait);
}
