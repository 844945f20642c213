#define _GNU_SOURCE
#include "preload/results/sink.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include "base/kernel.h"
#include "finding/results.h"
#include "preload/guest/guest.h"
#include "preload/results/sink_record.h"
#include "preload/results/sink_room.h"
#include "preload/results/timeline.h"

#define CREATED_BYTES (32ull * 1024 * 1024)
#define FINDINGS_TRACKED 65536u

static unsigned char *base;	  /* the mapped file */
static uint32_t process WRITTEN_IN_FORKS;   /* the index of this process in it */
static uint64_t *counters WRITTEN_IN_FORKS; /* in the COUNTERS record of this process */
static uint64_t **finding_counts; /* by finding id: the count in its record */
static uint32_t severity_counts[SEVERITY_ERROR + 1];
static enum severity *finding_severities; /* by finding id, for retractions */

/* --- The file ------------------------------------------------------------- */

static bool map_file(long descriptor, uint64_t size_bytes, const char **why)
{
	long address = kernel_call6(SYS_mmap, 0, (long)size_bytes, PROT_READ | PROT_WRITE,
				    MAP_SHARED, descriptor, 0);

	if (address < 0 && address > -4096) {
		*why = "the results file cannot be mapped";
		return false;
	}
	kernel_call3(SYS_madvise, address, (long)size_bytes, MADV_RANDOM); /* empty but for us */
	base = (unsigned char *)address;
	finding_counts = pages_from_kernel(FINDINGS_TRACKED * sizeof(*finding_counts));
	finding_severities = pages_from_kernel(FINDINGS_TRACKED * sizeof(*finding_severities));
	return true;
}

static long open_file(const char *path, int flags)
{
	return kernel_call4(SYS_openat, AT_FDCWD, path, flags | O_CLOEXEC, 0600);
}

bool sink_open(const char *path, const char **why)
{
	struct results_header header;
	long descriptor = open_file(path, O_RDWR);
	bool is_mapped = false;

	if (descriptor < 0) {
		*why = "the results file cannot be opened";
		return false;
	}
	*why = "the results file is damaged";
	if (kernel_call4(SYS_pread64, descriptor, &header, sizeof(header), 0) ==
		    (long)sizeof(header) &&
	    header.magic == RESULTS_MAGIC && header.version == RESULTS_VERSION &&
	    header.capacity_bytes > RESULTS_RECORDS_OFFSET)
		is_mapped = map_file(descriptor, header.capacity_bytes + header.timeline_bytes,
				     why);
	kernel_call1(SYS_close, descriptor);
	return is_mapped;
}

bool sink_create(const char *path, bool may_exist, uint64_t timeline_bytes, const char **why)
{
	int flags = may_exist ? O_TRUNC : O_EXCL | O_NOFOLLOW;
	long descriptor = open_file(path, O_RDWR | O_CREAT | flags);
	bool is_mapped;

	if (descriptor < 0) {
		*why = "the results file cannot be made";
		return false;
	}
	*why = "there is no room for the results file";
	is_mapped = sink_room_size(descriptor, CREATED_BYTES + timeline_bytes) &&
		    map_file(descriptor, CREATED_BYTES + timeline_bytes, why) &&
		    sink_room_begin(base, descriptor, CREATED_BYTES, timeline_bytes, why);
	kernel_call1(SYS_close, descriptor);
	if (!is_mapped)
		base = NULL;
	if (!is_mapped && !may_exist)
		kernel_call3(SYS_unlinkat, AT_FDCWD, path, 0);
	return is_mapped;
}

void *sink_base(void)
{
	return base;
}

void sink_set_room_aside(void)
{
	if (base)
		sink_room_set_aside(base);
}

uint32_t sink_process(void)
{
	return process;
}

/* The first record of @type, of any process; NULL if there is none. */
static const struct record_header *find_record(enum record_type type)
{
	const struct results_header *header = (const void *)base;
	const struct record_header *record;
	uint64_t offset = 0;
	uint64_t torn;
	const char *why;

	while (results_next(base, header->capacity_bytes, &offset, &record, &torn, &why) > 0)
		if (record->type == type)
			return record;
	return NULL;
}

bool sink_has_findings(void)
{
	return find_record(RECORD_FINDING) != NULL;
}

uint32_t sink_first_pid(void)
{
	const struct results_header *header = (const void *)base;
	const struct record_header *record;
	struct byte_reader reader;

	/* relaxed: the process that started this one was recorded before. */
	record = load_relaxed(&header->process_count) ? find_record(RECORD_PROCESS) : NULL;
	if (!record)
		return 0;
	reader = (struct byte_reader){(const unsigned char *)(record + 1),
				      (const unsigned char *)(record + 1) + record->payload_bytes,
				      false};
	return read_u32(&reader);
}

/* --- Records -------------------------------------------------------------- */

struct record_header *sink_begin_record(enum record_type type, uint32_t payload_bytes,
					uint32_t live_bytes, struct byte_writer *writer)
{
	if (!base)
		return NULL;
	sink_room_make(base, sizeof(struct record_header) + payload_bytes);
	return record_begin(base, type, process, payload_bytes, live_bytes, writer);
}

static void write_text_record(enum record_type type, const char *first, const char *second)
{
	struct byte_writer writer;
	uint32_t size = describe_string_bytes(first) + (second ? describe_string_bytes(second) : 0);
	struct record_header *record = sink_begin_record(type, size, 0, &writer);

	if (!record)
		return;
	write_string(&writer, first);
	if (second)
		write_string(&writer, second);
	record_commit(record);
}

void sink_text(const char *text)
{
	write_text_record(RECORD_TEXT, text, NULL);
}

void sink_unobserved(const char *path, const char *why)
{
	write_text_record(RECORD_UNOBSERVED, path, why);
}

void sink_variable(uintptr_t address, size_t size_bytes, const char *name)
{
	struct byte_writer writer;
	struct record_header *record =
		sink_begin_record(RECORD_VARIABLE, 16 + describe_string_bytes(name), 0, &writer);

	if (!record)
		return;
	write_u64(&writer, address);
	write_u64(&writer, size_bytes);
	write_string(&writer, name);
	record_commit(record);
}

void sink_executes(uint32_t pid, enum executes_how how, const char *path)
{
	struct byte_writer writer;
	struct record_header *record =
		sink_begin_record(RECORD_EXECUTES, 8 + describe_string_bytes(path), 0, &writer);

	if (!record)
		return;
	write_u32(&writer, pid);
	write_u32(&writer, how);
	write_string(&writer, path);
	record_commit(record);
}

static void write_end(uint32_t of, uint32_t how, uint32_t status)
{
	struct byte_writer writer;
	struct record_header *record = sink_begin_record(RECORD_END, 8, 0, &writer);

	if (!record)
		return;
	record->process = of;
	write_u32(&writer, how);
	write_u32(&writer, status);
	record_commit(record);
}

void sink_end(uint32_t how, uint32_t status)
{
	write_end(process, how, status);
}

void sink_end_other(uint32_t other, uint32_t status)
{
	write_end(other, PROCESS_ENDED_BY_US, status);
}

/* Reads /proc/self/cmdline: the arguments, each with its zero.  Returns its length. */
static size_t read_command_line(char *arguments, size_t size_bytes)
{
	long descriptor = open_file("/proc/self/cmdline", O_RDONLY);
	long length;

	if (descriptor < 0)
		return 0;
	length = kernel_call3(SYS_read, descriptor, arguments, size_bytes);
	kernel_call1(SYS_close, descriptor);
	/* The last argument may have been cut off. */
	if (length > 0 && arguments[length - 1] != '\0')
		arguments[length++] = '\0';
	return length > 0 ? (size_t)length : 0;
}

static void read_path(char *path, size_t size_bytes)
{
	long length = kernel_call4(SYS_readlinkat, AT_FDCWD, "/proc/self/exe", path, size_bytes);

	path[length > 0 ? length : 0] = '\0';
}

static void write_arguments(struct byte_writer *writer, const char *arguments, size_t length)
{
	uint32_t count = 0;

	for (size_t i = 0; i < length; i++)
		count += arguments[i] == '\0';
	write_u32(writer, count);
	for (size_t i = 0; count > 0; count--) {
		write_string(writer, arguments + i);
		i += strlen(arguments + i) + 1;
	}
}

static void begin_counters(void)
{
	struct byte_writer writer;
	uint32_t size = COUNTER_COUNT * sizeof(uint64_t);
	struct record_header *record = sink_begin_record(RECORD_COUNTERS, size, size, &writer);

	counters = NULL;
	if (!record)
		return;
	memset(writer.next, 0, size);
	counters = (uint64_t *)(void *)writer.next;
	record_commit(record);
}

uint64_t *sink_counters(void)
{
	return counters;
}

void sink_begin_process(bool is_forked)
{
	static char arguments[8192];
	static size_t length;
	static char path[1024];
	struct results_header *header = (void *)base;
	uint32_t parent = is_forked ? process : 0;
	struct byte_writer writer;
	struct record_header *record;

	if (!base)
		return;
	/* A child has what its parent began with. */
	if (!is_forked) {
		length = read_command_line(arguments, sizeof(arguments) - 1);
		read_path(path, sizeof(path) - 1);
	}
	process = fetch_add_acq_rel(&header->process_count, 1u) + 1;
	/* Each argument loses its zero and gets a length of 4 bytes: at most 4 times the
	 * size. */
	record = sink_begin_record(
		RECORD_PROCESS, (uint32_t)(12 + describe_string_bytes(path) + 4 + length * 4 + 4),
		0, &writer);
	if (record) {
		write_u32(&writer, (uint32_t)kernel_call0(SYS_getpid));
		write_u32(&writer, parent);
		write_u32(&writer, is_forked ? PROCESS_FORKED : PROCESS_STARTED);
		write_string(&writer, path);
		write_arguments(&writer, arguments, length);
		record_commit(record);
	}
	begin_counters();
	memset(severity_counts, 0, sizeof(severity_counts));
}

/* --- Findings --------------------------------------------------------------- */

static uint32_t finding_bytes(const struct finding *finding)
{
	uint32_t size = FINDING_HEAD_BYTES;

	for (uint32_t i = 0; i < finding->event_count; i++) {
		uint32_t holds = finding->events[i].hold_count;

		if (holds > FINDING_HOLD_MAX)
			holds = FINDING_HOLD_MAX;
		size += FINDING_EVENT_BYTES + holds * 3 * 4;
	}
	return size;
}

void sink_emit(struct detector *detector, const struct finding *finding)
{
	static struct finding described; /* under detector.lock */
	struct byte_writer writer;
	struct record_header *record;

	described = *finding;
	describe_finding(detector, &described);
	record = sink_begin_record(RECORD_FINDING, finding_bytes(&described), 8, &writer);
	if (!record)
		return;
	finding_encode(&writer, &described);
	if (finding->id < FINDINGS_TRACKED && finding_counts && finding_severities) {
		finding_counts[finding->id] = (uint64_t *)(void *)(record + 1);
		finding_severities[finding->id] = finding->severity;
	}
	severity_counts[finding->severity]++;
	record_commit(record);
	timeline_found(detector, finding->id);
}

void sink_order(struct detector *detector, const struct finding *edge)
{
	static struct finding described; /* under detector.lock */
	struct byte_writer writer;
	struct record_header *record;

	described = *edge;
	describe_finding(detector, &described);
	record = sink_begin_record(RECORD_ORDER, finding_bytes(&described), 8, &writer);
	if (!record)
		return;
	finding_encode(&writer, &described);
	record_commit(record);
}

void sink_count(struct detector *detector, uint32_t finding)
{
	(void)detector;
	if (finding < FINDINGS_TRACKED && finding_counts && finding_counts[finding])
		fetch_add_relaxed(finding_counts[finding], 1u); /* relaxed: a count */
}

/* @is_note: it is a note, instead of nothing. */
static void take_back(uint32_t finding, bool is_note)
{
	struct byte_writer writer;
	struct record_header *record = sink_begin_record(RECORD_RETRACT, 8, 0, &writer);

	if (!record)
		return;
	write_u32(&writer, finding);
	write_u32(&writer, is_note);
	record_commit(record);
	if (finding >= FINDINGS_TRACKED || !finding_severities || !finding_severities[finding])
		return;
	severity_counts[finding_severities[finding]]--;
	severity_counts[SEVERITY_NOTE] += is_note;
	finding_severities[finding] = SEVERITY_NOTE;
}

void sink_retract(struct detector *detector, uint32_t finding)
{
	(void)detector;
	take_back(finding, false);
}

void sink_lower(struct detector *detector, uint32_t finding)
{
	(void)detector;
	take_back(finding, true);
}

const uint32_t *sink_finding_counts(void)
{
	return severity_counts;
}

void sink_update_counters(const struct detector *detector)
{
	if (!counters)
		return;
	for (unsigned i = 0; i < COUNTER_COUNT; i++)
		store_relaxed(&counters[i], detector->counters[i]); /* relaxed: counts */
}
