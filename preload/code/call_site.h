/*
 * Call sites: the sites of accesses that wrapped functions make for the program
 * (free, memcpy, read ...), one for each place that calls them.
 */
#ifndef PRELOAD_CODE_CALL_SITE_H
#define PRELOAD_CODE_CALL_SITE_H

#include "base/runtime_lock.h"
#include "detect/data/site.h"

/* Serialises site_table_reserve() on the guest's detector.  Innermost. */
extern struct runtime_lock call_sites_lock;

/* The site of calls that return to @return_address and access memory as @access
 * says: SITE_READ or SITE_WRITE.  0 without memory.  From any thread, with the
 * guard up. */
site_id call_site(uintptr_t return_address, uint32_t access);

#endif
