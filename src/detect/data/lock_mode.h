/* How a lock is held or wanted. */
#ifndef DETECT_DATA_LOCK_MODE_H
#define DETECT_DATA_LOCK_MODE_H

enum lock_mode {
	LOCK_EXCLUSIVE,
	LOCK_SHARED,	   /* a read that passes waiting writers (recursive read) */
	LOCK_SHARED_QUEUED, /* a read that waits behind waiting writers */
	LOCK_PASSED_ON	   /* of gates: a semaphore that another thread may post */
};

#endif
