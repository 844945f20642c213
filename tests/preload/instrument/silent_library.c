/* Passes for a library of the system, which is watched for synchronisation only. */
void silent_tell(long *at);
void silent_put(long *at);
long silent_get(const long *at);

void silent_tell(long *at)
{
	*at = 1;
}

void silent_put(long *at)
{
	*at = 2;
}

long silent_get(const long *at)
{
	return *at;
}
