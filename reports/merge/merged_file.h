/* The results file that is being made of several, in memory. */
#ifndef REPORTS_MERGE_MERGED_FILE_H
#define REPORTS_MERGE_MERGED_FILE_H

#include "reports/model/model.h"

struct merged_file {
	unsigned char *bytes; /* room for the header and slots, then records */
	size_t size_bytes;
	size_t room_bytes;
	uint32_t process_count;
	struct results_header header; /* of the first file */
};

/* False if memory is exhausted. */
bool merged_file_begin(struct merged_file *merged);

/* Appends a record; the offset of its payload, 0 if memory is exhausted. */
size_t merged_file_add(struct merged_file *merged, enum record_type type, uint32_t process,
		       const unsigned char *payload, uint32_t payload_bytes, uint32_t live_bytes);

/* The same of @finding, or of an edge of the lock-order graph. */
size_t merged_file_add_finding(struct merged_file *merged, enum record_type type, uint32_t process,
			       const struct finding *finding, uint64_t count);

/* Changes the number at @at of the payload at @offset. */
void merged_file_set_u32(struct merged_file *merged, size_t offset, size_t at, uint32_t value);

/* @more occurrences of the finding whose payload is at @offset. */
void merged_file_count(struct merged_file *merged, size_t offset, uint64_t more);

/* 0 or a negative errno.  Frees the memory. */
int merged_file_write(struct merged_file *merged, const char *path);

#endif
