/*
 * Stands in for libsnarl.so where a test wants certain findings for certain.
 *
 * Writes records as the library would, whatever the program does.
 * SNARL_FAKE lists what: "silent" (not even that the process is there),
 * "error", "warning", "note" (a finding of that severity), "provisional" (the error may be
 * taken back), "replaced" (at the end another finding takes its place), "blocked" (the main
 * thread is blocked on a lock), "settings" (prints SNARL_OPTIONS as it arrived).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "options/options.h"
#include "finding/results.h"

static unsigned char *image;
static uint32_t process;

static bool is_asked_for(const char *word)
{
	const char *words = getenv("SNARL_FAKE");

	return words && strstr(words, word);
}

static void put_record(enum record_type type, const struct byte_writer *payload,
		       const unsigned char *bytes, uint32_t live_bytes)
{
	uint32_t size = (uint32_t)(payload->next - bytes);
	struct record_header *record = record_reserve(image, type, process, size, live_bytes);

	if (!record)
		return;
	memcpy(record + 1, bytes, size);
	record_commit(record);
}

static void put_process(void)
{
	unsigned char bytes[256];
	struct byte_writer writer = {bytes, bytes + sizeof(bytes), false};

	write_u32(&writer, (uint32_t)getpid());
	write_u32(&writer, 0);
	write_u32(&writer, PROCESS_STARTED);
	write_string(&writer, program_invocation_name);
	write_u32(&writer, 1);
	write_string(&writer, program_invocation_name);
	put_record(RECORD_PROCESS, &writer, bytes, 0);
}

static void put_thread_and_lock(void)
{
	unsigned char bytes[256];
	struct byte_writer writer = {bytes, bytes + sizeof(bytes), false};

	write_u32(&writer, 1);
	write_u32(&writer, (uint32_t)getpid());
	write_u32(&writer, 0);
	write_u32(&writer, 0);
	write_u32(&writer, THREAD_IS_MAIN);
	write_string(&writer, "main");
	put_record(RECORD_THREAD, &writer, bytes, 0);

	writer.next = bytes;
	write_u32(&writer, 1);
	write_u32(&writer, OBJECT_MUTEX);
	write_u64(&writer, 0x1000);
	for (int i = 0; i < 5; i++)
		write_u32(&writer, 0);
	write_string(&writer, "fake_lock");
	put_record(RECORD_LOCK, &writer, bytes, 0);
}

static void put_finding(enum severity severity, enum finding_kind kind, uint32_t replaces)
{
	static unsigned char bytes[FINDING_PAYLOAD_MAX];
	static struct finding finding;
	struct byte_writer writer = {bytes, bytes + sizeof(bytes), false};

	finding.id++;
	finding.replaces = replaces;
	finding.is_provisional = is_asked_for("provisional");
	finding.kind = kind;
	finding.severity = severity;
	finding.event_count = 1;
	finding.events[0].thread = 1;
	finding.events[0].lock = 1;
	finding.events[0].action = ACTION_RELEASE;
	finding_encode(&writer, &finding);
	put_record(RECORD_FINDING, &writer, bytes, 8);
}

static void put_findings(void)
{
	if (is_asked_for("error"))
		put_finding(SEVERITY_ERROR, FINDING_UNLOCK_UNLOCKED, 0);
	if (is_asked_for("warning"))
		put_finding(SEVERITY_WARNING, FINDING_THREAD_LEAK, 0);
	if (is_asked_for("note"))
		put_finding(SEVERITY_NOTE, FINDING_LOCK_ORDER_INVERSION, 0);
}

static void block_thread(void)
{
	struct results_header *header = (void *)image;
	struct results_slot *slots = (void *)(image + RESULTS_SLOTS_OFFSET);

	slots[0] = (struct results_slot){
		.process = process,
		.thread = 1,
		.is_blocked = 1,
		.lock = 1,
	};
	header->slot_count = 1;
}

static bool map_results(const char *path)
{
	struct stat status;
	int file = open(path, O_RDWR | O_CLOEXEC);
	void *map = MAP_FAILED;

	if (file >= 0 && fstat(file, &status) == 0)
		map = mmap(NULL, (size_t)status.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, file,
			   0);
	if (file >= 0)
		(void)close(file);
	if (map == MAP_FAILED)
		return false;
	image = map;
	return true;
}

static void __attribute__((constructor)) start_library(void)
{
	static struct options options;
	struct options_error error;

	options_init(&options);
	if (is_asked_for("settings"))
		fprintf(stderr, "settings: %s\n", getenv("SNARL_OPTIONS"));
	if (is_asked_for("silent") || !options_parse(&options, getenv("SNARL_OPTIONS"), &error) ||
	    !options.results || !map_results(options.results))
		return;
	process = __atomic_add_fetch(&((struct results_header *)(void *)image)->process_count, 1,
				     __ATOMIC_RELAXED);
	put_process();
	put_thread_and_lock();
	put_findings();
	if (is_asked_for("blocked"))
		block_thread();
}

static void __attribute__((destructor)) end_library(void)
{
	if (image && is_asked_for("replaced"))
		put_finding(SEVERITY_ERROR, FINDING_UNLOCK_NOT_OWNER, 1);
}
