# shows: a debugger that is observed itself, debugging a threaded child that is
# needs: gdb gcc
cat >program.c <<'END'
#include <pthread.h>
#include <stdio.h>
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int total;
static void *work(void *unused)
{
	(void)unused;
	pthread_mutex_lock(&lock);
	total++;
	pthread_mutex_unlock(&lock);
	return NULL;
}
int main(void)
{
	pthread_t threads[3];
	for (int i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, work, NULL);
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	return printf("%d\n", total) != 2;
}
END
gcc -g -O0 -pthread program.c -o program || exit
$OBSERVE gdb -nx -batch -ex 'set debuginfod enabled off' -ex 'break work' -ex 'run >total' -ex 'print total' \
	-ex 'delete' -ex continue ./program </dev/null >log 2>&1
echo $?
cat total
grep -E '^\$1|exited' log | grep -v 'LWP' | sed 's/process [0-9]*/process/'
