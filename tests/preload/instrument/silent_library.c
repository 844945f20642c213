/* Passes for a library of the system, which is watched for synchronisation only. */

/* So that there is room for a patch behind each. */
#define ALIGNED __attribute__((aligned(16)))

long silent_get(const long *at);
void silent_tell(long *at);
void silent_put(long *at);

ALIGNED long silent_get(const long *at)
{
	return *at;
}

ALIGNED void silent_tell(long *at)
{
	*at = 1;
}

ALIGNED void silent_put(long *at)
{
	*at = 2;
}
