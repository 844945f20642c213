/*
 * Ranges: the code in front of a counted loop (x86/survey/counted.h) that has the accesses
 * of all its rounds recorded at once.
 *
 *     mov   to, w
 *     sub   from, w		the distance that the loop will count
 *     jbe   skip		if it ends once the counter is past its bound (signed: jle)
 *     shl   $shift, w		... in bytes
 *     cmp   $least, w
 *     jbe   skip		short ranges are left to the loop
 *     lea   first, a
 *     push a; push id; push w; call THUNK_RANGE
 * skip:
 *
 * Only who falls into the loop runs it; branches to the loop's first instruction go past
 * it.  It may do nothing: the checks in the loop stay, and then find the shadow words
 * recorded.  So what it leaves out is missed by nobody, and what it records is accessed.
 *
 * If ranges have all that the loop accesses, and the number of rounds is known, a copy of
 * the loop without checks stands in front of it:
 *
 *     mov   %rsp, %fs:ahead	before the above; 'skip' makes it 0
 *     ...
 * head:
 *     cmp   %fs:ahead, %rsp	are the checks needed?
 *     jne   loop
 *     (instructions)		their branch back leads to head
 *     jmp   behind the loop
 *
 * The word is made 0 by a range that is not recorded wholly, and by the end of an epoch,
 * which only a signal's handler can bring about meanwhile; handlers' own loops have other
 * stack pointers.  As long as it stays, each check in the loop would find what the thread
 * has recorded in its epoch.  What checks find besides are words that others have stored
 * since; those have met ours (race.c).  Only of an epoch that another thread has
 * assumed amid it (memory_end_assumed_epoch()) a loop misses what came after that, as other
 * accesses do.
 */
#ifndef X86_EMIT_RANGE_H
#define X86_EMIT_RANGE_H

#include "x86/checks/checks.h"
#include "x86/emit/emit.h"

#define RANGE_BYTES 256 /* shorter ones are not worth it */
#define RANGE_BYTES_FORCED 8
#define RANGE_BYTES_NEAR 64 /* ranges that begin so near to each other are one */

/* Writes the ranges of the loop that begins with instruction @place, if one does. */
void emit_ranges_at(struct emitter *emitter, const struct function *function, const uint32_t *live,
		    const struct check_list *list, uint32_t place, uint32_t first_site);

#endif
