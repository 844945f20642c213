#include "inspect/stack/unwind.h"

/* Of another process, even if it is of this architecture. */
#undef UNW_LOCAL_ONLY
#include <libunwind.h>

struct unwinder {
	struct target *target;
	unw_addr_space_t space;
	const struct target_thread *thread;
	bool lacks_register;
};

/* As perf declares it: exported, but in no header. */
extern int UNW_OBJ(dwarf_search_unwind_table)(unw_addr_space_t space, unw_word_t address,
					      unw_dyn_info_t *info, unw_proc_info_t *found,
					      int needs_unwind_info, void *context);

/* The head of .eh_frame_hdr, as compilers and linkers write it. */
struct unwind_header {
	uint8_t version;
	uint8_t frame_encoding, count_encoding, table_encoding;
	int32_t frames;
	uint32_t count;
};

#define TABLE_IS_USUAL(header)                                                                     \
	((header).version == 1 && (header).count_encoding == 0x03 &&                               \
	 (header).table_encoding == 0x3b)

static int find_function(unw_addr_space_t space, unw_word_t address, unw_proc_info_t *found,
			 int needs_unwind_info, void *context)
{
	struct unwinder *unwinder = context;
	const struct target_module *module = target_find_module(unwinder->target, address);
	struct unwind_header header;
	unw_dyn_info_t info = {.format = UNW_INFO_FORMAT_REMOTE_TABLE};

	if (!module || !module->unwind_header ||
	    !target_read(unwinder->target, module->unwind_header, &header, sizeof(header)) ||
	    !TABLE_IS_USUAL(header))
		return -UNW_ENOINFO;
	info.start_ip = module->start;
	info.end_ip = module->end;
	info.u.rti.segbase = module->unwind_header;
	info.u.rti.table_data = module->unwind_header + sizeof(header);
	/* In words of eight bytes, of which each row is one. */
	info.u.rti.table_len = header.count;
	return UNW_OBJ(dwarf_search_unwind_table)(space, address, &info, found, needs_unwind_info,
						  context);
}

static void put_unwind_info(unw_addr_space_t space, unw_proc_info_t *info, void *context)
{
	(void)space;
	(void)info;
	(void)context;
}

static int find_dynamic_list(unw_addr_space_t space, unw_word_t *list, void *context)
{
	(void)space;
	(void)list;
	(void)context;
	return -UNW_ENOINFO;
}

static int access_memory(unw_addr_space_t space, unw_word_t address, unw_word_t *value,
			 int is_write, void *context)
{
	struct unwinder *unwinder = context;

	(void)space;
	return !is_write && target_read_word(unwinder->target, address, value) ? 0 : -UNW_EINVAL;
}

static int access_register(unw_addr_space_t space, unw_regnum_t number, unw_word_t *value,
			   int is_write, void *context)
{
	struct unwinder *unwinder = context;

	(void)space;
	if (is_write || number < 0 || number >= TARGET_REGISTERS)
		return -UNW_EBADREG;
	if (!(unwinder->thread->known >> number & 1)) {
		unwinder->lacks_register = true;
		return -UNW_EBADREG;
	}
	*value = unwinder->thread->registers[number];
	return 0;
}

static int access_vector(unw_addr_space_t space, unw_regnum_t number, unw_fpreg_t *value,
			 int is_write, void *context)
{
	(void)space;
	(void)number;
	(void)value;
	(void)is_write;
	(void)context;
	return -UNW_EBADREG;
}

static int resume(unw_addr_space_t space, unw_cursor_t *cursor, void *context)
{
	(void)space;
	(void)cursor;
	(void)context;
	return -UNW_EINVAL;
}

static int name_function(unw_addr_space_t space, unw_word_t address, char *name, size_t size_bytes,
			 unw_word_t *offset, void *context)
{
	(void)space;
	(void)address;
	(void)name;
	(void)size_bytes;
	(void)offset;
	(void)context;
	return -UNW_ENOINFO;
}

static unw_accessors_t accessors = {
	.find_proc_info = find_function,
	.put_unwind_info = put_unwind_info,
	.get_dyn_info_list_addr = find_dynamic_list,
	.access_mem = access_memory,
	.access_reg = access_register,
	.access_fpreg = access_vector,
	.resume = resume,
	.get_proc_name = name_function,
};

struct unwinder *unwinder_new(struct target *target)
{
	struct unwinder *unwinder = pool_alloc(target->pool, sizeof(*unwinder));

	unwinder->target = target;
	unwinder->space = unw_create_addr_space(&accessors, 0);
	if (!unwinder->space)
		return NULL;
	/* Most stacks run through the same places. */
	(void)unw_set_caching_policy(unwinder->space, UNW_CACHE_GLOBAL);
	return unwinder;
}

void unwinder_free(struct unwinder *unwinder)
{
	if (unwinder)
		unw_destroy_addr_space(unwinder->space);
}

bool unwinder_walk(struct unwinder *unwinder, struct target_thread *thread)
{
	unw_cursor_t cursor;
	bool is_exact = true; /* where it runs, no return address */
	bool is_signal_frame;
	int result = 1;

	unwinder->thread = thread;
	unwinder->lacks_register = false;
	thread->frame_count = 0;
	if (unw_init_remote(&cursor, unwinder->space, unwinder) != 0)
		return false;
	while (result > 0 && thread->frame_count < TARGET_FRAMES_MAX) {
		struct target_frame *frame = &thread->frames[thread->frame_count];
		unw_word_t code, sp;

		if (unw_get_reg(&cursor, UNW_REG_IP, &code) != 0 ||
		    unw_get_reg(&cursor, UNW_REG_SP, &sp) != 0 || !code)
			break;
		is_signal_frame = unw_is_signal_frame(&cursor) > 0;
		*frame = (struct target_frame){code + (is_exact || is_signal_frame), sp};
		thread->frame_count++;
		is_exact = is_signal_frame;
		result = unw_step(&cursor);
	}
	thread->is_incomplete = result != 0;
	return !(thread->is_incomplete && unwinder->lacks_register);
}
