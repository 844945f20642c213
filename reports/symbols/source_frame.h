/* A frame of a stack in terms of the source, and how reports write it. */
#ifndef REPORTS_SYMBOLS_SOURCE_FRAME_H
#define REPORTS_SYMBOLS_SOURCE_FRAME_H

#include "reports/model/pool.h"

struct source_frame {
	const char *function;  /* demangled; NULL if unknown */
	const char *lambda;    /* "bank.cc:12": where the lambda begins that it is; or NULL */
	const char *file;      /* as compiled; NULL if unknown */
	const char *directory; /* of the compilation, to find the file; or NULL */
	const char *path;      /* of both, straight; NULL if it is not made yet */
	unsigned line;
	unsigned column;
	unsigned begin; /* line of the function, if that is in the file; 0: unknown */
	bool is_inlined;
	bool is_startup;    /* libc's code that calls main or a thread's function */
	bool is_signal;	    /* libc's code that a handler returns to */
	const char *module; /* last part of its path; NULL if unknown */
	const char *module_path;
	const char *build_id;
	uint64_t offset;	 /* in the module, inside the call; the address if unknown */
	uint64_t function_start; /* in the module; 0 if unknown */
	size_t number;		 /* from 1: equal ones are the same frame; 0: it has none */
};

struct source_stack {
	struct source_frame *frames;
	size_t frame_count;
	size_t visible_count; /* without start-up code at the outer end */
	bool is_incomplete;
	bool is_in_handler;
};

/* "transfer", or "<prog+0x1190>" where names were stripped.  Never NULL. */
const char *source_frame_function(struct pool *pool, const struct source_frame *frame);
/* "src/bank.c:12", or "prog+0x11c0".  Never NULL. */
const char *source_frame_place(struct pool *pool, const struct source_frame *frame);
/* The same with the last part of the path only: "bank.c:12". */
const char *source_frame_short_place(struct pool *pool, const struct source_frame *frame);
/* An absolute path without "." and "..": "/usr/bin/../lib/x.h", as clang names its headers,
 * becomes "/usr/lib/x.h".  Others are as they are. */
const char *source_path_straight(struct pool *pool, const char *file);
/* What of @path stands below @directory, or NULL. */
const char *source_path_below(const char *path, const char *directory);
/* The path of its file at compilation. */
const char *source_frame_path(struct pool *pool, const struct source_frame *frame);
/* As source_frame_place(), with a path in @directory relative to it. */
const char *source_frame_place_from(struct pool *pool, const struct source_frame *frame,
				    const char *directory);
/* True for what the library of C++ or Rust puts between the start of a thread and the
 * program's own function. */
bool source_frame_is_glue(const struct source_frame *frame);
/* True for code of the system's libraries, and of their headers. */
bool source_frame_is_system(const struct source_frame *frame);

/* The innermost frame in the program's own code, or the innermost; or NULL. */
const struct source_frame *source_stack_site(const struct source_stack *stack);

#endif
