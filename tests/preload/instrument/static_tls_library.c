/* A library with 1 KB of thread-local storage of the initial-exec kind. */
static __thread char words[1024] __attribute__((tls_model("initial-exec")));

int static_tls_use(int value);

/* The sum of what this thread put there and @value. */
int static_tls_use(int value)
{
	int i, sum = 0;

	words[value % (int)sizeof(words)] = 1;
	for (i = 0; i < (int)sizeof(words); i++)
		sum += words[i];
	return sum + value;
}
