#include "preload/guest/modules.h"
#include "preload/results/shared.h"
#include "preload/results/sink.h"
#include "preload/results/sink_record.h"

struct record_header *sink_begin_description(struct detector *detector, enum record_type type,
					     uint32_t payload_bytes, struct byte_writer *writer)
{
	(void)detector;
	return sink_begin_record(type, payload_bytes, 0, writer);
}

void sink_describe_module(uintptr_t address, uint32_t code_generation)
{
	struct module *module = modules_find(address, code_generation);
	struct byte_writer writer;
	struct record_header *record;

	if (!module || module->is_described)
		return;
	record = sink_begin_record(RECORD_MODULE,
				   4 + 3 * 8 + 2 * 4 + describe_string_bytes(module->path) +
					   describe_string_bytes(module->build_id),
				   0, &writer);
	if (!record)
		return;
	write_u32(&writer, module->id);
	write_u64(&writer, module->start);
	write_u64(&writer, module->end);
	write_u64(&writer, module->bias);
	write_u32(&writer, module->first_generation);
	write_u32(&writer, module->last_generation);
	write_string(&writer, module->path);
	write_string(&writer, module->build_id);
	record_commit(record);
	module->is_described = true;
}

uint64_t sink_shared_key(const struct sync_info *info)
{
	bool is_shared = info->attributes & SYNC_PROCESS_SHARED || info->kind == OBJECT_FILE_LOCK;

	return is_shared ? shared_lock_key(info) : 0;
}
