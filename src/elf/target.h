/*
 * What a program file is, and whether a preloaded library can observe it.
 *
 * Works on the file's bytes alone; everything read is checked against their
 * end, so that truncated and hostile files are safe.  Pure: no malloc, no
 * stdio.
 */
#ifndef ELF_TARGET_H
#define ELF_TARGET_H

#include "base/types.h"

enum target_kind {
	TARGET_OBSERVABLE,
	TARGET_SCRIPT,	/* "#!": 'detail' is its interpreter */
	TARGET_NOT_ELF, /* for the kernel or a shell to make sense of */
	TARGET_DAMAGED, /* an ELF file whose parts lie outside it */
	TARGET_STATIC,
	TARGET_32_BIT,
	TARGET_OTHER_MACHINE,
	TARGET_OTHER_LIBC, /* 'detail' is its loader */
	TARGET_SANITIZED   /* 'detail' is the sanitizer's library or symbol */
};

#define TARGET_DETAIL_BYTES 256

struct target {
	enum target_kind kind;
	char detail[TARGET_DETAIL_BYTES];
};

void target_inspect(const unsigned char *image, size_t size_bytes, struct target *target);

/* Why such a program cannot be observed: "it is statically linked", ...; NULL
 * for those that can. */
const char *target_reason(enum target_kind kind);

#endif
