/*
 * The interpreter of a target, and the layout of its structures: by a table of versions, and
 * from 3.13 on by what the interpreter says itself.
 */
#ifndef INSPECT_PYTHON_PYTHON_LAYOUT_H
#define INSPECT_PYTHON_PYTHON_LAYOUT_H

#include "inspect/base/target.h"

/* In place of an offset: the version has no such member. */
#define PYTHON_NONE UINT32_MAX

enum python_version {
	PYTHON_3_9,
	PYTHON_3_10,
	PYTHON_3_11,
	PYTHON_3_12,
	PYTHON_3_13,
	PYTHON_VERSION_COUNT /* none that is known */
};

enum python_member {
#define LAYOUT(member, v9, v10, v11, v12, v13, word) PYTHON_##member,
#include "inspect/python/layouts.def"
#undef LAYOUT
	PYTHON_MEMBER_COUNT
};

/* An interpreter in a target. */
struct python {
	struct target *target;
	enum python_version version;
	uint64_t runtime; /* the address of _PyRuntime */
	uint32_t offsets[PYTHON_MEMBER_COUNT];
};

/* Finds the interpreter of @python's target.  False: it has none whose layout is known. */
bool python_layout_find(struct python *python);

/* Where @member of the structure at @base stands. */
static inline uint64_t python_at(const struct python *python, uint64_t base,
				 enum python_member member)
{
	return base + python->offsets[member];
}

/* The pointer that @member of the structure at @base is, or 0. */
uint64_t python_follow(const struct python *python, uint64_t base, enum python_member member);

#endif
