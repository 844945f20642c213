/* What code_updates.c calls: nothing that is ever called. */
void lab_lock(void);
void lab_unlock(void);
void lab_yield(void);
long lab_compute(long value);

void lab_lock(void)
{
}

void lab_unlock(void)
{
}

void lab_yield(void)
{
}

long lab_compute(long value)
{
	return value;
}
