/*
 * A target: a process or a core file that is looked at, as threads, modules and memory.
 *
 * What is asked of it is the same for both; each fills in the threads and modules and says
 * how memory is read.  Nothing is written to a process, and no code runs in it.
 */
#ifndef INSPECT_BASE_TARGET_H
#define INSPECT_BASE_TARGET_H

#include <sys/types.h>

#include "base/types.h"
#include "finding/results.h"
#include "reports/model/pool.h"

#define TARGET_FRAMES_MAX 64u
#define TARGET_ARGUMENTS 6u
#define TARGET_MESSAGE_BYTES 512u

/* Numbers of registers are DWARF's. */
enum target_register {
	REGISTER_RBX = 3,
	REGISTER_RBP = 6,
	REGISTER_RSP = 7,
	REGISTER_RIP = 16,
	TARGET_REGISTERS
};

struct target_frame {
	uint64_t code; /* like a return address */
	uint64_t sp;
};

struct target_thread {
	uint32_t id;	   /* the kernel's */
	uint32_t inner_id; /* in its own namespace, as locks know it */
	char name[32];
	uint32_t call; /* or STATE_RUNS */
	uint64_t arguments[TARGET_ARGUMENTS];
	uint64_t registers[TARGET_REGISTERS];
	uint32_t known; /* bit i: register i */
	struct target_frame frames[TARGET_FRAMES_MAX];
	uint32_t frame_count;
	bool is_incomplete; /* the stack goes on */
};

struct target_module {
	const char *path;
	const char *build_id; /* "": none */
	uint64_t start, end;
	uint64_t bias;		 /* address = bias + ELF address */
	uint64_t unwind_header;	 /* the address of .eh_frame_hdr, or 0 */
	struct elf_image *image; /* its symbols, once asked for */
};

/* Memory that is mapped. */
struct target_range {
	uint64_t start, end;
	uint64_t offset; /* in the file */
	uint64_t device, inode;
	const char *path;
	bool is_shared;
};

/* Memory that was copied while a thread was stopped. */
struct target_copy {
	const unsigned char *bytes;
	uint64_t start, size_bytes;
};

struct target;

typedef bool (*target_reader)(struct target *target, uint64_t address, void *to, size_t size_bytes);

struct target {
	struct pool *pool;
	pid_t pid;
	const char *program; /* its path */
	bool is_core;
	struct target_thread *threads; /* by id; the first is the main one, unless it is gone */
	size_t thread_count;
	struct target_module *modules; /* by address */
	size_t module_count;
	struct target_range *ranges; /* by address */
	size_t range_count;
	target_reader read;
	void *source;		    /* the reader's */
	struct target_pages *pages; /* of memory.c */
	struct target_copy copy;
	struct known_code *codes; /* of functions.c */
	struct function_place *places;
};

/* Memory as it is now.  False: not all of it can be read. */
bool target_read(struct target *target, uint64_t address, void *to, size_t size_bytes);

/* Memory as it was when it was first asked for in this look: for stacks and code. */
bool target_read_word(struct target *target, uint64_t address, uint64_t *word);

/* Forgets what target_read_word() remembers. */
void target_forget_pages(struct target *target);

struct target_thread *target_find_thread(struct target *target, uint32_t inner_id);
const struct target_range *target_find_range(const struct target *target, uint64_t address);
struct target_module *target_find_module(const struct target *target, uint64_t address);

struct user_regs_struct;

/* Registers, the system call and its arguments, as ptrace and core files have them. */
void target_set_registers(struct target_thread *thread, const struct user_regs_struct *registers);

/* Adds the module whose ELF header is at @start, if there is one. */
void target_add_module(struct target *target, const char *path, uint64_t start, uint64_t end);

#endif
