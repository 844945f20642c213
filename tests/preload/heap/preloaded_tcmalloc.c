/*
 * Another preloaded library, in C++, with spin locks and TLS of its own.
 *
 * guest-bare: yes
 * guest-preload: libtcmalloc_minimal.so.4
 */
#include "heap_user.h"

int main(void)
{
	return use_heap_from_threads();
}
