#include "finding/results.h"

#include "base/atomic.h"
#include "base/hash.h"

#define TEXT_OF(number) #number
#define VERSION_TEXT(number) TEXT_OF(number)

/* FNV-1a, 32 bits (Fowler, Noll, Vo). */
static uint32_t hash_bytes(uint32_t hash, const unsigned char *data, size_t size_bytes)
{
	for (size_t i = 0; i < size_bytes; i++)
		hash = (hash ^ data[i]) * 16777619u;
	return hash;
}

uint32_t record_checksum(const struct record_header *header, const unsigned char *payload)
{
	uint32_t hash = hash_bytes(2166136261u, (const unsigned char *)header,
				   offsetof(struct record_header, checksum));

	return hash_bytes(hash, payload + header->live_bytes,
			  header->payload_bytes - header->live_bytes);
}

void results_format(void *base, uint64_t capacity_bytes)
{
	struct results_header *header = base;

	*header = (struct results_header){
		.magic = RESULTS_MAGIC,
		.version = RESULTS_VERSION,
		.capacity_bytes = capacity_bytes,
		.tail = RESULTS_RECORDS_OFFSET,
	};
}

/* The first offset that may not be written to. */
static uint64_t find_end(const struct results_header *header)
{
	/* acquire: pairs with the release of sink_room.c, which makes more of it ready. */
	uint64_t ready = load_acquire(&header->ready_bytes);

	return ready && ready < header->capacity_bytes ? ready : header->capacity_bytes;
}

struct record_header *record_reserve(void *base, enum record_type type, uint32_t process,
				     uint32_t payload_bytes, uint32_t live_bytes)
{
	struct results_header *header = base;
	uint32_t size = (uint32_t)(sizeof(struct record_header) + payload_bytes + 7) & ~7u;
	uint64_t end = find_end(header);
	uint64_t offset;
	struct record_header *record;

	/* A full file stays full: keep 'tail' from growing without bound. */
	if (load_relaxed(&header->tail) + size > end) {
		fetch_add_relaxed(&header->dropped_count, 1u);
		return NULL;
	}
	offset = fetch_add_relaxed(&header->tail, size);
	if (offset + size > end) {
		fetch_add_relaxed(&header->dropped_count, 1u);
		return NULL;
	}
	record = (void *)((char *)base + offset);
	record->size_bytes = size;
	record->type = (uint16_t)type;
	record->live_bytes = (uint16_t)live_bytes;
	record->process = process;
	record->payload_bytes = payload_bytes;
	return record;
}

struct record_header *record_begin(void *base, enum record_type type, uint32_t process,
				   uint32_t payload_bytes, uint32_t live_bytes,
				   struct byte_writer *writer)
{
	struct record_header *record =
		record_reserve(base, type, process, payload_bytes, live_bytes);

	if (record) {
		writer->next = (unsigned char *)(record + 1);
		writer->end = writer->next + payload_bytes;
		writer->failed = false;
	}
	return record;
}

void record_commit(struct record_header *record)
{
	record->checksum = record_checksum(record, (unsigned char *)(record + 1));
	/* release: pairs with results_next(); who sees the word sees the record. */
	store_release(&record->commit, RECORD_COMMITTED);
}

static void encode_event(struct byte_writer *writer, const struct finding_event *event)
{
	uint32_t present =
		event->hold_count < FINDING_HOLD_MAX ? event->hold_count : FINDING_HOLD_MAX;

	write_u32(writer, event->thread);
	write_u32(writer, event->action);
	write_u32(writer, event->lock);
	write_u32(writer, event->target);
	write_u32(writer, event->mode);
	write_u32(writer, event->stack);
	write_u64(writer, event->address);
	write_u64(writer, event->size_bytes);
	write_u64(writer, event->value);
	write_u32(writer, event->has_value);
	write_u32(writer, event->process);
	write_u32(writer, event->holds_are_unknown ? HOLDS_UNKNOWN : event->hold_count);
	write_u32(writer, present);
	for (uint32_t i = 0; i < present; i++) {
		write_u32(writer, event->holds[i].lock);
		write_u32(writer, event->holds[i].mode);
		write_u32(writer, event->holds[i].stack);
	}
}

void finding_encode(struct byte_writer *writer, const struct finding *finding)
{
	write_u64(writer, 1);
	write_u32(writer, finding->id);
	write_u32(writer, finding->replaces);
	write_u32(writer, finding->kind);
	write_u32(writer, finding->severity);
	write_u32(writer, finding->details);
	write_u32(writer, finding->is_provisional);
	for (uint32_t i = 0; i < FINDING_PAIRS_MAX; i++)
		write_u32(writer, finding->rests_on.numbers[i]);
	write_u32(writer, finding->event_count);
	for (uint32_t i = 0; i < finding->event_count; i++)
		encode_event(writer, &finding->events[i]);
}

/* Reads an enumeration below @limit; marks the reader failed otherwise. */
static uint32_t read_below(struct byte_reader *reader, uint32_t limit)
{
	uint32_t value = read_u32(reader);

	if (value < limit)
		return value;
	reader->failed = true;
	return 0;
}

static void decode_event(struct byte_reader *reader, struct finding_event *event)
{
	uint32_t present;

	event->thread = read_u32(reader);
	event->action = read_below(reader, FINDING_ACTION_COUNT);
	event->lock = read_u32(reader);
	event->target = read_u32(reader);
	event->mode = read_below(reader, HOLD_SHARED + 1);
	event->stack = read_u32(reader);
	event->address = read_u64(reader);
	event->size_bytes = read_u64(reader);
	event->value = read_u64(reader);
	event->has_value = read_below(reader, 2);
	event->process = read_u32(reader);
	event->hold_count = read_u32(reader);
	event->holds_are_unknown = event->hold_count == HOLDS_UNKNOWN;
	if (event->holds_are_unknown)
		event->hold_count = 0;
	present = read_below(reader, FINDING_HOLD_MAX + 1);
	if (present != event->hold_count && present != FINDING_HOLD_MAX)
		reader->failed = true;
	for (uint32_t i = 0; i < present && !reader->failed; i++) {
		event->holds[i].lock = read_u32(reader);
		event->holds[i].mode = read_below(reader, HOLD_SHARED + 1);
		event->holds[i].stack = read_u32(reader);
	}
}

bool finding_decode(struct byte_reader *reader, struct finding *finding, uint64_t *count)
{
	*finding = (struct finding){0};
	*count = read_u64(reader);
	finding->id = read_u32(reader);
	finding->replaces = read_u32(reader);
	finding->kind = read_below(reader, FINDING_KIND_COUNT);
	finding->severity = read_below(reader, SEVERITY_ERROR + 1);
	finding->details = read_u32(reader);
	finding->is_provisional = read_below(reader, 2);
	for (uint32_t i = 0; i < FINDING_PAIRS_MAX; i++)
		finding->rests_on.numbers[i] = read_u32(reader);
	finding->event_count = read_below(reader, FINDING_EVENT_MAX + 1);
	for (uint32_t i = 0; i < finding->event_count && !reader->failed; i++)
		decode_event(reader, &finding->events[i]);
	return !reader->failed && finding->severity >= SEVERITY_NOTE;
}

bool results_check(const unsigned char *base, uint64_t size_bytes, const char **why)
{
	struct results_header header;

	if (size_bytes < RESULTS_RECORDS_OFFSET) {
		*why = "too short for a results file";
		return false;
	}
	memcpy(&header, base, sizeof(header));
	if (header.magic != RESULTS_MAGIC)
		*why = "not a results file of snarl";
	else if (header.version != RESULTS_VERSION)
		*why = "a results file of another version of snarl; this one reads "
		       "format " VERSION_TEXT(RESULTS_FORMAT);
	else
		return true;
	return false;
}

uint64_t results_seal(const void *base, uint64_t size_bytes)
{
	const unsigned char *bytes = base;
	uint64_t hash = size_bytes;

	for (uint64_t at = 0; at < size_bytes; at += sizeof(uint64_t)) {
		uint64_t word = 0;

		memcpy(&word, bytes + at, size_bytes - at < 8 ? size_bytes - at : 8);
		hash = hash_append(hash, at == offsetof(struct results_header, seal) ? 0 : word);
	}
	return hash ? hash : 1;
}

/* The first offset from @from on where a record begins, or @end. */
static uint64_t skip_torn(const unsigned char *base, uint64_t from, uint64_t end)
{
	for (; from + sizeof(struct record_header) <= end; from += 8) {
		const struct record_header *record = (const void *)(base + from);

		if (load_acquire(&record->commit) == RECORD_COMMITTED && record->type &&
		    record->size_bytes >= sizeof(*record))
			return from;
	}
	return end;
}

static const char *find_damage(const struct record_header *record, uint64_t room)
{
	if (record->size_bytes % 8 || record->size_bytes > room ||
	    record->size_bytes < sizeof(*record) + record->payload_bytes ||
	    record->payload_bytes > room - sizeof(*record) ||
	    record->live_bytes > record->payload_bytes)
		return "a record's size is wrong";
	if (record->type < RECORD_PROCESS || record->type > RECORD_ORDER)
		return "a record of unknown type";
	if (record->checksum != record_checksum(record, (const unsigned char *)(record + 1)))
		return "a record's checksum is wrong";
	return NULL;
}

int results_next(const unsigned char *base, uint64_t size_bytes, uint64_t *offset,
		 const struct record_header **record, uint64_t *torn, const char **why)
{
	const struct results_header *header = (const void *)base;
	uint64_t tail = load_relaxed(&header->tail);
	uint64_t end = size_bytes < tail ? size_bytes : tail;
	uint64_t at = *offset ? *offset : RESULTS_RECORDS_OFFSET;

	end &= ~(uint64_t)7;
	if (tail > header->capacity_bytes)
		end = size_bytes < header->capacity_bytes ? size_bytes : header->capacity_bytes;
	while (at + sizeof(**record) <= end) {
		const struct record_header *next = (const void *)(base + at);
		/* acquire: pairs with record_commit(). */
		uint32_t commit = load_acquire(&next->commit);

		if (commit == 0) {
			++*torn;
			at = skip_torn(base, at + 8, end);
			continue;
		}
		*offset = at;
		*why = commit == RECORD_COMMITTED ? find_damage(next, end - at)
						  : "not the beginning of a record";
		if (*why)
			return -1;
		*record = next;
		*offset = at + next->size_bytes;
		return 1;
	}
	*offset = at;
	if (size_bytes < tail && tail <= header->capacity_bytes) {
		*why = "the file ends within its records (truncated)";
		*offset = size_bytes;
		return -1;
	}
	return 0;
}

bool record_walk_next(struct record_walk *walk)
{
	uint64_t torn = 0;
	const char *why;

	if (results_next(walk->image, walk->size_bytes, &walk->offset, &walk->record, &torn,
			 &why) <= 0)
		return false;
	walk->reader.next = (const unsigned char *)(walk->record + 1);
	walk->reader.end = walk->reader.next + walk->record->payload_bytes;
	walk->reader.failed = false;
	return true;
}
