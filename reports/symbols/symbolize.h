/*
 * Symbolizing: from addresses in a model to functions, files and lines.
 *
 * Frames of a stack are return addresses, so each is looked up one byte earlier,
 * inside the call.  A call into an inlined function yields one frame per function.
 * Everything is looked up at the first use and remembered: only modules that
 * occur in a report are opened, and for libc's start-up frames no debug information
 * is read.
 */
#ifndef REPORTS_SYMBOLS_SYMBOLIZE_H
#define REPORTS_SYMBOLS_SYMBOLIZE_H

#include "reports/model/model.h"
#include "reports/symbols/source_frame.h"

struct elf_image;

struct symbolizer;

/* Its memory is the pool's; its files are closed by symbolizer_free(). */
struct symbolizer *symbolizer_new(struct pool *pool);
/* Closes the files. */
void symbolizer_free(struct symbolizer *symbolizer);

/* NULL if there is no such stack. */
const struct source_stack *symbolize_stack(struct symbolizer *symbolizer,
					   const struct model_process *process, uint32_t stack);

/* The site of @stack, or NULL if there is no stack. */
const struct source_frame *symbolize_site(struct symbolizer *symbolizer,
					  const struct model_process *process, stack_id stack);
/* "bank.c:12": where that is, or NULL. */
const char *symbolize_place(struct symbolizer *symbolizer, const struct model_process *process,
			    stack_id stack);

/* The file of @module, opened once.  Never NULL. */
struct elf_image *symbolizer_image(struct symbolizer *symbolizer,
				   const struct model_module *module);

/* The frames of the instruction at @address of the file in which @stack is innermost;
 * NULL if that is not known. */
const struct source_stack *symbolize_beside(struct symbolizer *symbolizer,
					    const struct model_process *process, uint32_t stack,
					    uint64_t address);

/* The file and address of the innermost instruction of @stack; false if unknown. */
bool symbolize_instruction(struct symbolizer *symbolizer, const struct model_process *process,
			   uint32_t stack, struct elf_image **image, uint64_t *address);

#endif
