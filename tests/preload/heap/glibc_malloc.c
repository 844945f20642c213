/* The usual allocator, so that the two others can be told from it. */
#include "heap_user.h"

int main(void)
{
	return use_heap_from_threads();
}
