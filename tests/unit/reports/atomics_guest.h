/*
 * Accesses to atomics and to plain data, for what debug information says of them.
 *
 * Each function makes the accesses that its name says, and is several instructions
 * long: tests try all addresses to find one instruction.
 */
#ifndef UNIT_ATOMICS_GUEST_H
#define UNIT_ATOMICS_GUEST_H

#include <stdatomic.h>
#include <stddef.h>

struct c_node {
	long key;
	_Atomic int state;
	int plain;
};

extern _Atomic int c_flag;
extern struct c_node c_nodes[4];
extern int plain_flag;

/* Of the C++ part. */
extern void *const cxx_flag;   /* a global std::atomic<bool> */
extern void *const cxx_member; /* the one in a global structure */
extern void *const cxx_plain;  /* its neighbour, which is none */
int cxx_load_inlined(const void *node);
void cxx_store_inlined(void *node, int value);
int cxx_load_plain(const void *node);
/* The code of std::atomic<int>::load() as a function of its own. */
const unsigned char *cxx_load_out_of_line(void);

#endif
