#include "reports/merge/merged_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool merged_file_begin(struct merged_file *merged)
{
	*merged = (struct merged_file){
		.size_bytes = RESULTS_RECORDS_OFFSET,
		.room_bytes = 2u * RESULTS_RECORDS_OFFSET,
	};
	merged->bytes = calloc(1, merged->room_bytes);
	return merged->bytes != NULL;
}

static bool make_room(struct merged_file *merged, size_t more)
{
	size_t room = merged->room_bytes;
	unsigned char *bytes;

	while (room - merged->size_bytes < more)
		room *= 2;
	if (room == merged->room_bytes)
		return true;
	bytes = realloc(merged->bytes, room);
	if (!bytes)
		return false;
	memset(bytes + merged->room_bytes, 0, room - merged->room_bytes);
	merged->bytes = bytes;
	merged->room_bytes = room;
	return true;
}

size_t merged_file_add(struct merged_file *merged, enum record_type type, uint32_t process,
		       const unsigned char *payload, uint32_t payload_bytes, uint32_t live_bytes)
{
	struct record_header header = {
		.size_bytes = (uint32_t)((sizeof(header) + payload_bytes + 7) & ~(size_t)7),
		.type = (uint16_t)type,
		.live_bytes = (uint16_t)live_bytes,
		.process = process,
		.payload_bytes = payload_bytes,
		.commit = RECORD_COMMITTED,
	};
	unsigned char *at;

	if (!make_room(merged, header.size_bytes))
		return 0;
	header.checksum = record_checksum(&header, payload);
	at = merged->bytes + merged->size_bytes;
	memcpy(at, &header, sizeof(header));
	memcpy(at + sizeof(header), payload, payload_bytes);
	merged->size_bytes += header.size_bytes;
	return (size_t)(at + sizeof(header) - merged->bytes);
}

size_t merged_file_add_finding(struct merged_file *merged, enum record_type type, uint32_t process,
			       const struct finding *finding, uint64_t count)
{
	static unsigned char payload[FINDING_PAYLOAD_MAX];
	struct byte_writer writer = {payload, payload + sizeof(payload), false};

	finding_encode(&writer, finding);
	memcpy(payload, &count, sizeof(count));
	return merged_file_add(merged, type, process, payload, (uint32_t)(writer.next - payload),
			       8);
}

void merged_file_set_u32(struct merged_file *merged, size_t offset, size_t at, uint32_t value)
{
	unsigned char *payload = merged->bytes + offset;
	struct record_header header;

	memcpy(&header, payload - sizeof(header), sizeof(header));
	memcpy(payload + at, &value, sizeof(value));
	header.checksum = record_checksum(&header, payload);
	memcpy(payload - sizeof(header), &header, sizeof(header));
}

void merged_file_count(struct merged_file *merged, size_t offset, uint64_t more)
{
	uint64_t count;

	memcpy(&count, merged->bytes + offset, sizeof(count));
	count += more;
	memcpy(merged->bytes + offset, &count, sizeof(count));
}

int merged_file_write(struct merged_file *merged, const char *path)
{
	struct results_header header = {
		.magic = RESULTS_MAGIC,
		.version = RESULTS_VERSION,
		.process_count = merged->process_count,
		.capacity_bytes = merged->size_bytes,
		.tail = merged->size_bytes,
		.is_ended = merged->header.is_ended,
		.exit_status = merged->header.exit_status,
		.is_ended_by_us = merged->header.is_ended_by_us,
		.dropped_count = merged->header.dropped_count,
	};
	FILE *out = fopen(path, "we");
	int result = out ? 0 : -errno;

	memcpy(merged->bytes, &header, sizeof(header));
	header.seal = results_seal(merged->bytes, merged->size_bytes);
	memcpy(merged->bytes, &header, sizeof(header));
	if (out && fwrite(merged->bytes, 1, merged->size_bytes, out) != merged->size_bytes)
		result = -EIO;
	if (out && fclose(out) != 0)
		result = -EIO;
	free(merged->bytes);
	merged->bytes = NULL;
	return result;
}
