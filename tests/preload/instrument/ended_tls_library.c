/* A library with thread-local storage that each thread allocates at its first use. */
__thread long ended_tls_words[64];

void ended_tls_use(void);

void ended_tls_use(void)
{
	for (int i = 0; i < 64; i++)
		ended_tls_words[i] += i;
}
