/*
 * Shapes: the form of an instruction's memory access.
 *
 * Some compilers keep atomic loads and stores apart from the arithmetic around them;
 * for these a shape shows that an access is plain (reports/words/verdict.c).
 */
#ifndef X86_DECODE_ACCESS_SHAPE_H
#define X86_DECODE_ACCESS_SHAPE_H

struct instruction;

enum access_shape {
	SHAPE_NONE,   /* touches no memory */
	SHAPE_LOCKED, /* lock prefix, or xchg */
	SHAPE_WIDE,   /* string instruction, vector, or more than 8 bytes */
	SHAPE_MOVE,   /* mov, movzx, movsx, movd, movq: may be an atomic load or store */
	SHAPE_REAL,   /* movss, movsd */
	SHAPE_UPDATE, /* reads and writes it, without a lock prefix */
	SHAPE_FOLDED, /* a read that is part of arithmetic, cmp, test, cmov, push, call ... */
	SHAPE_OTHER   /* another store, such as setcc */
};

enum access_shape access_shape_of(const struct instruction *instruction);

#endif
