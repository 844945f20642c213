/*
 * Another preloaded library, an allocator that locks by pthread mutexes.
 *
 * guest-bare: yes
 * guest-preload: libjemalloc.so.2
 */
#include "heap_user.h"

int main(void)
{
	return use_heap_from_threads();
}
