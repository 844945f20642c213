#include "inspect/python/python.h"

#include <stdio.h>
#include <string.h>

#include "inspect/python/python_code.h"
#include "reports/symbols/elf_image.h"

#define VERSION_KNOWN 0x030bu
#define THREADS_MAX 100000u
#define FRAMES_MAX 64u
#define SEARCH_BYTES 2048u

#define RUNTIME_INTERPRETERS 40u
#define INTERPRETER_NEXT 0u
#define INTERPRETER_THREADS 16u
#define THREAD_NEXT 8u
#define THREAD_FRAMES 56u
#define THREAD_IDENTITY 152u
#define THREAD_KERNEL_ID 160u
#define FRAMES_CURRENT 8u
#define FRAME_CODE 32u
#define FRAME_PREVIOUS 48u
#define FRAME_INSTRUCTION 56u
#define OBJECT_TYPE 8u
#define TYPE_NAME 24u
#define LOCK_SEMAPHORE 16u
#define RLOCK_OWNER 24u

/* A thread that Python knows. */
struct python_thread {
	uint64_t identity;
	uint32_t kernel_id;
};

struct python {
	struct target *target;
	struct wait *waits;
	struct python_thread *threads;
	size_t count;
};

static uint64_t follow(struct target *target, uint64_t address)
{
	uint64_t pointer;

	return target_read_word(target, address, &pointer) ? pointer : 0;
}

static bool is_python(const struct target_module *module)
{
	const char *slash = strrchr(module->path, '/');

	return slash &&
	       (strncmp(slash + 1, "python3", 7) == 0 || strncmp(slash + 1, "libpython3", 10) == 0);
}

/* The address of the interpreter's state, if its version is known; else 0. */
static uint64_t find_runtime(struct target *target)
{
	for (size_t i = 0; i < target->module_count; i++) {
		struct target_module *module = &target->modules[i];
		uint64_t runtime, version, size_bytes;
		uint32_t number;

		if (!is_python(module))
			continue;
		if (!module->image)
			module->image =
				elf_image_open(target->pool, module->path, module->build_id);
		if (elf_image_find_symbol(module->image, "_PyRuntime", &runtime, &size_bytes) &&
		    elf_image_find_symbol(module->image, "Py_Version", &version, &size_bytes) &&
		    target_read(target, module->bias + version, &number, sizeof(number)) &&
		    number >> 16 == VERSION_KNOWN)
			return module->bias + runtime;
	}
	return 0;
}

static const char *read_frames(struct target *target, uint64_t thread)
{
	uint64_t frame = follow(target, follow(target, thread + THREAD_FRAMES) + FRAMES_CURRENT);
	const char *text = "";

	for (unsigned i = 0; frame && i < FRAMES_MAX; i++) {
		uint64_t code = follow(target, frame + FRAME_CODE);

		if (!code)
			break;
		text = pool_format(
			target->pool, "%s%s%s", text, i ? "\n" : "",
			python_place(target, code, follow(target, frame + FRAME_INSTRUCTION)));
		frame = follow(target, frame + FRAME_PREVIOUS);
	}
	return text;
}

static void add_thread(struct python *python, uint64_t state)
{
	struct target *target = python->target;
	struct python_thread thread = {
		follow(target, state + THREAD_IDENTITY),
		(uint32_t)follow(target, state + THREAD_KERNEL_ID),
	};
	const struct target_thread *known = target_find_thread(target, thread.kernel_id);

	python->threads = pool_grow(target->pool, python->threads, python->count, sizeof(thread));
	python->threads[python->count++] = thread;
	/* The frames of one that runs change while they are read. */
	if (python->waits && known && known->call != STATE_RUNS)
		python->waits[known - target->threads].script = read_frames(target, state);
}

static void list_threads(struct python *python, uint64_t runtime)
{
	struct target *target = python->target;
	uint64_t interpreter = follow(target, runtime + RUNTIME_INTERPRETERS);

	for (unsigned i = 0; interpreter && i < THREADS_MAX; i++) {
		uint64_t state = follow(target, interpreter + INTERPRETER_THREADS);

		for (; state && python->count < THREADS_MAX;
		     state = follow(target, state + THREAD_NEXT))
			add_thread(python, state);
		interpreter = follow(target, interpreter + INTERPRETER_NEXT);
	}
}

static uint32_t thread_of_identity(const struct python *python, uint64_t identity)
{
	for (size_t i = 0; identity && i < python->count; i++)
		if (python->threads[i].identity == identity)
			return python->threads[i].kernel_id;
	return 0;
}

/* Is the object at @object of type @name? */
static bool is_object_of(struct target *target, uint64_t object, const char *name)
{
	char text[32] = "";
	uint64_t at = follow(target, follow(target, object + OBJECT_TYPE) + TYPE_NAME);

	return at && target_read(target, at, text, strlen(name) + 1) && strcmp(text, name) == 0;
}

/* The lock whose semaphore a thread waits for is in the stack of who waits. */
static void name_lock(const struct python *python, const struct target_thread *thread,
		      struct wait *wait)
{
	struct target *target = python->target;
	uint64_t start = thread->registers[REGISTER_RSP] & ~(uint64_t)7;

	for (uint64_t at = start; at < start + SEARCH_BYTES; at += sizeof(uint64_t)) {
		uint64_t object = follow(target, at);

		if (object % 8 || !object ||
		    follow(target, object + LOCK_SEMAPHORE) != wait->object)
			continue;
		if (is_object_of(target, object, "_thread.RLock")) {
			wait->name = pool_format(target->pool, "threading.RLock at %#llx",
						 (unsigned long long)object);
			wait->state.holder =
				thread_of_identity(python, follow(target, object + RLOCK_OWNER));
			return;
		}
		if (is_object_of(target, object, "_thread.lock")) {
			wait->name = pool_format(target->pool, "threading.Lock at %#llx",
						 (unsigned long long)object);
			return;
		}
	}
}

void python_find(struct target *target, struct wait *waits)
{
	struct python python = {.target = target, .waits = waits};
	uint64_t runtime = find_runtime(target);

	if (!runtime)
		return;
	list_threads(&python, runtime);
	for (size_t i = 0; i < target->thread_count; i++)
		if (waits[i].kind == OBJECT_SEMAPHORE)
			name_lock(&python, &target->threads[i], &waits[i]);
}

void python_find_lock(struct target *target, const struct target_thread *thread, struct wait *wait)
{
	struct python python = {.target = target};
	uint64_t runtime = find_runtime(target);

	if (!runtime)
		return;
	list_threads(&python, runtime);
	name_lock(&python, thread, wait);
}
