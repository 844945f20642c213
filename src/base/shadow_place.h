/*
 * Where the shadow words of a piece of memory lie: what the checks in clones (x86/emit),
 * the thunks that these call and the race engine (detect/shadow/shadow.h) agree upon.
 *
 * A granule's word in a plane is at the granule's address with the plane's bit flipped,
 * plus the plane's displacement.  Without that, the data and its words would differ in
 * high bits only.  Processors that predict the way of the first cache by a hash of the
 * low 28 bits of an address (AMD's; Lipp et al., "Take A Way", 2020) take such addresses
 * for one and fetch each from the second cache in turn: 15 ns for a dependent pair of
 * loads where it takes 4 with displacements.  These differ in the set of the cache, too.
 */
#ifndef BASE_SHADOW_PLACE_H
#define BASE_SHADOW_PLACE_H

#define SHADOW_GRANULE 8u

#define SHADOW_WRITE_BIT 46
#define SHADOW_READ_BIT 45

#define SHADOW_READ_AT 0x1040
#define SHADOW_WRITE_AT 0x2080
#define SHADOW_ORIGIN_AT 0x40c0
#define SHADOW_AT_END 0x10000 /* above each, and pages that no program has */

#define SHADOW_WRITE_PLACE(granule) (((granule) ^ 1ul << SHADOW_WRITE_BIT) + SHADOW_WRITE_AT)
#define SHADOW_READ_PLACE(granule) (((granule) ^ 1ul << SHADOW_READ_BIT) + SHADOW_READ_AT)
#define SHADOW_ORIGIN_PLACE(granule)                                                               \
	(((granule) ^ (1ul << SHADOW_WRITE_BIT | 1ul << SHADOW_READ_BIT)) + SHADOW_ORIGIN_AT)

/* What is said of a page of 4096 bytes at once: 16 bytes (detect/shadow/summary.h). */
#define SHADOW_SUMMARY_SHIFT 8 /* of the address */
#define SHADOW_SUMMARY_MASK (-16)
#define SHADOW_SUMMARY_BIT 45 /* ... and then these are flipped */
#define SHADOW_SUMMARY_OTHER_BIT 44
#define SHADOW_SUMMARY_AT 0x18140
#define SHADOW_SUMMARY_PLACE(address)                                                              \
	((((address) >> SHADOW_SUMMARY_SHIFT & (unsigned long)SHADOW_SUMMARY_MASK) ^               \
	  (1ul << SHADOW_SUMMARY_BIT | 1ul << SHADOW_SUMMARY_OTHER_BIT)) +                         \
	 SHADOW_SUMMARY_AT)

/* What is stored over at once: a number for each 4096 bytes of a plane (detect/shadow/claim.h). */
#define SHADOW_CLAIMS 0x30c000000000
#define SHADOW_CLAIMS_BYTES 0x4000000000
#define SHADOW_CLAIM_SHIFT 12

/* What is said once of many words of such a page: 64 bytes for each (detect/shadow/runs.h). */
#define SHADOW_RUNS 0x320000000000
#define SHADOW_RUNS_BYTES 0x20000000000

#endif
