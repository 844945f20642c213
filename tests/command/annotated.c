/*
 * A hand-over by a system call that is made without the C library, which nobody sees, with
 * the annotation that its argument says: none, snarl, dynamic or tsan.
 */
#include <pthread.h>
#include <snarl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* As libraries declare them that are built with and without ThreadSanitizer. */
extern void AnnotateHappensBefore(const char *file, int line, const volatile void *address)
	__attribute__((weak));
extern void AnnotateHappensAfter(const char *file, int line, const volatile void *address)
	__attribute__((weak));
extern void __tsan_release(void *address) __attribute__((weak));
extern void __tsan_acquire(void *address) __attribute__((weak));

static const char *annotation;
static int ends[2];
static int message;

static long call_kernel(long number, long descriptor, char *byte)
{
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(descriptor), "S"(byte), "d"(1L)
			 : "rcx", "r11", "memory");
	return result;
}

static int is_called(const char *name)
{
	return strcmp(annotation, name) == 0;
}

static void send(void)
{
	char byte = 0;

	if (is_called("snarl"))
		SNARL_HAPPENS_BEFORE(ends);
	if (is_called("dynamic") && AnnotateHappensBefore)
		AnnotateHappensBefore(__FILE__, __LINE__, ends);
	if (is_called("tsan") && __tsan_release)
		__tsan_release(ends);
	call_kernel(SYS_write, ends[1], &byte);
}

static void receive(void)
{
	char byte;

	call_kernel(SYS_read, ends[0], &byte);
	if (is_called("snarl"))
		SNARL_HAPPENS_AFTER(ends);
	if (is_called("dynamic") && AnnotateHappensAfter)
		AnnotateHappensAfter(__FILE__, __LINE__, ends);
	if (is_called("tsan") && __tsan_acquire)
		__tsan_acquire(ends);
}

static void *run(void *unused)
{
	receive();
	message++;
	return unused;
}

int main(int argc, char **argv)
{
	pthread_t thread;

	annotation = argc > 1 ? argv[1] : "none";
	if (pipe(ends))
		return 1;
	pthread_create(&thread, NULL, run, NULL);
	message++;
	send();
	pthread_join(thread, NULL);
	printf("%d\n", message);
	return 0;
}
