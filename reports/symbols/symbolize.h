/*
 * Symbolizing: from addresses in a model to functions, files and lines.
 *
 * Frames of a stack are return addresses, so each is looked up one byte
 * earlier: inside the call.  A call that the compiler inlined into another
 * function yields one frame per function.  Everything is lazy and remembered:
 * only modules that occur in what is reported are opened, and the outermost
 * frames (libc's start of a program or thread) cost no debug information.
 */
#ifndef REPORTS_SYMBOLS_SYMBOLIZE_H
#define REPORTS_SYMBOLS_SYMBOLIZE_H

#include "reports/model/model.h"
#include "reports/types/pointee.h"
#include "reports/types/variables.h"

struct source_frame {
	const char *function; /* demangled; NULL if unknown */
	const char *file;     /* as compiled; NULL if unknown */
	const char *directory; /* of the compilation, for finding the file; or NULL */
	unsigned line;
	unsigned column;
	bool is_inlined;
	bool is_startup;    /* how libc reached main or a thread's function */
	const char *module; /* last part of its path; NULL if unknown */
	const char *module_path;
	const char *build_id;
	uint64_t offset; /* in the module, inside the call; the address if unknown */
	uint64_t function_start; /* in the module; 0 if unknown */
};

struct source_stack {
	struct source_frame *frames;
	size_t frame_count;
	size_t visible_count; /* without start-up code at the outer end */
	bool is_incomplete;
	bool is_in_handler;
};

struct symbolizer;

/* Its memory is the pool's, but see symbolizer_free(). */
struct symbolizer *symbolizer_new(struct pool *pool);
/* Closes the files. */
void symbolizer_free(struct symbolizer *symbolizer);

/* NULL if there is no such stack. */
const struct source_stack *symbolize_stack(struct symbolizer *symbolizer,
					   const struct model_process *process, uint32_t stack);

/*
 * "bank.c:accounts[0].lock", or "symbol+8", or "libx.so+0x4010"; NULL when the
 * address is in no module.
 */
const char *symbolize_data(struct symbolizer *symbolizer, const struct model_process *process,
			   uint64_t address);

/*
 * What variable has @size_bytes at @address: by debug information, or its symbol,
 * or "libx.so+0x4010".  False when the address is in no module.
 */
bool symbolize_variable(struct symbolizer *symbolizer, const struct model_process *process,
			uint64_t address, uint64_t size_bytes, struct variable_place *place);

/* What the innermost instruction of @stack accesses by its types; false if unknown. */
bool symbolize_pointee(struct symbolizer *symbolizer, const struct model_process *process,
		       uint32_t stack, uint64_t size_bytes, struct pointee *pointee);

/* "transfer", or "<prog+0x1190>" where names were stripped.  Never NULL. */
const char *source_frame_function(struct pool *pool, const struct source_frame *frame);
/* "bank.c:12", or "prog+0x11c0".  Never NULL. */
const char *source_frame_place(struct pool *pool, const struct source_frame *frame);

#endif
