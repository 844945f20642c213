/*
 * Functions of the C library that touch ranges of memory, called while memory is
 * observed: results and errno are its own.  Two threads do the same at once,
 * each with its own memory.
 */
#include "../guest.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <wchar.h>

/* Through the compiler's eyes, every call may be any function. */
#define PLAIN(name) (*(__typeof__(&name) volatile *)&(__typeof__(&name)){name})

static void copy_bytes(void)
{
	char a[300], b[300];
	size_t n;

	for (n = 0; n < sizeof(a); n++)
		a[n] = (char)n;
	for (n = 0; n < sizeof(a); n += 7) {
		memset(b, 0, sizeof(b));
		CHECK(PLAIN(memcpy)(b, a, n) == b);
		CHECK_IS(PLAIN(memcmp)(a, b, n), 0);
		CHECK(PLAIN(mempcpy)(b, a, n) == b + n);
		CHECK(PLAIN(memmove)(b + 1, b, n > 1 ? n - 1 : 0) == b + 1);
		CHECK(n < 3 || b[2] == a[1]);
	}
	PLAIN(memset)(b, 5, 100);
	CHECK(b[0] == 5 && b[99] == 5);
	CHECK(PLAIN(memchr)(a, 9, 300) == a + 9);
	CHECK(PLAIN(memchr)(a, 9, 5) == NULL);
	CHECK(PLAIN(memrchr)(a, 9, 300) == a + 265);
	CHECK(PLAIN(rawmemchr)(a, 77) == a + 77);
	CHECK(PLAIN(memmem)(a, 300, a + 20, 5) == a + 20);
	CHECK(PLAIN(memccpy)(b, a, 9, 300) == b + 10);
	PLAIN(bzero)(b, 10);
	PLAIN(explicit_bzero)(b + 10, 10);
	CHECK(b[0] == 0 && b[19] == 0 && b[20] == 5);
	PLAIN(bcopy)(a, b, 100);
	CHECK_IS(PLAIN(bcmp)(a, b, 100), 0);
}

static void use_strings(void)
{
	char text[100], copy[100], *rest, *token;

	strcpy(text, "one two three");
	CHECK_IS(PLAIN(strlen)(text), 13);
	CHECK_IS(PLAIN(strnlen)(text, 5), 5);
	CHECK(PLAIN(strcpy)(copy, text) == copy);
	CHECK(PLAIN(stpcpy)(copy, text) == copy + 13);
	CHECK(PLAIN(strncpy)(copy, text, 20) == copy);
	CHECK(copy[19] == 0);
	CHECK(PLAIN(strcat)(copy, " four") == copy);
	CHECK(PLAIN(strncat)(copy, " five", 3) == copy);
	CHECK_IS(PLAIN(strcmp)(copy, "one two three four fi"), 0);
	CHECK(PLAIN(strncmp)(copy, text, 13) == 0);
	CHECK(PLAIN(strcasecmp)("ONE", "one") == 0);
	CHECK(PLAIN(strncasecmp)("ONE", "once", 2) == 0);
	CHECK(PLAIN(strchr)(text, 't') == text + 4);
	CHECK(PLAIN(strrchr)(text, 't') == text + 8);
	CHECK(PLAIN(strstr)(text, "three") == text + 8);
	CHECK(PLAIN(strcasestr)(text, "THREE") == text + 8);
	CHECK_IS(PLAIN(strspn)(text, "eno"), 3);
	CHECK_IS(PLAIN(strcspn)(text, "t"), 4);
	CHECK(PLAIN(strpbrk)(text, "wx") == text + 5);
	token = PLAIN(strtok_r)(copy, " ", &rest);
	CHECK_IS(strcmp(token, "one"), 0);
	token = PLAIN(strsep)(&rest, " ");
	CHECK_IS(strcmp(token, "two"), 0);
	token = PLAIN(strdup)(text);
	CHECK_IS(strcmp(token, text), 0);
	free(token);
	token = PLAIN(strndup)(text, 3);
	CHECK_IS(strcmp(token, "one"), 0);
	free(token);
}

static void use_wide_strings(void)
{
	wchar_t text[20], copy[40];

	wcscpy(text, L"wide");
	CHECK_IS(PLAIN(wcslen)(text), 4);
	CHECK(PLAIN(wcscpy)(copy, text) == copy);
	CHECK(PLAIN(wcscat)(copy, text) == copy);
	CHECK_IS(PLAIN(wcscmp)(copy, L"widewide"), 0);
	CHECK(PLAIN(wmemcpy)(copy, text, 5) == copy);
	CHECK(PLAIN(wcschr)(copy, L'd') == copy + 2);
	CHECK(PLAIN(wmemset)(copy, L'x', 3) == copy);
}

static void read_numbers(void)
{
	char *end;

	errno = 0;
	CHECK_IS(PLAIN(strtol)(" -42x", &end, 10), -42);
	CHECK(*end == 'x');
	CHECK_IS(PLAIN(strtoul)("ff", NULL, 16), 255);
	CHECK_IS(errno, 0);
	CHECK(PLAIN(strtoll)("99999999999999999999", NULL, 10) == LLONG_MAX);
	CHECK_IS(errno, ERANGE);
	CHECK(PLAIN(strtod)("2.5e1z", &end) == 25.0);
	CHECK(*end == 'z');
	CHECK(PLAIN(strtof)("0.5", NULL) == 0.5f);
	CHECK(PLAIN(strtold)("0.25", NULL) == 0.25l);
	CHECK(PLAIN(atof)("1.5") == 1.5);
	CHECK_IS(PLAIN(atoi)("17"), 17);
}

static int print_list(char *to, size_t n, const char *format, ...)
{
	va_list rest;
	int length;

	va_start(rest, format);
	length = PLAIN(vsnprintf)(to, n, format, rest);
	va_end(rest);
	return length;
}

static void print_and_scan(void)
{
	char text[100];
	double real;
	int number;

	CHECK_IS(PLAIN(sprintf)(text, "%d %.3f %s %Lg", 7, 2.5, "x", 1.5L), 13);
	CHECK_IS(strcmp(text, "7 2.500 x 1.5"), 0);
	CHECK_IS(PLAIN(snprintf)(text, 4, "%g%g%g%g%g%g%g%g%g", 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0,
				 8.0, 9.0),
		 9);
	CHECK_IS(strcmp(text, "123"), 0);
	CHECK_IS(print_list(text, sizeof(text), "%d %f", 12, 0.5), 11);
	CHECK_IS(PLAIN(sscanf)(text, "%d %lf", &number, &real), 2);
	CHECK(number == 12 && real == 0.5);
}

static void use_files(void)
{
	char a[100], b[100];
	struct iovec parts[] = {{a, 3}, {b, 50}};
	struct stat status;
	int file = memfd_create("guest", 0);

	memset(a, 'a', sizeof(a));
	CHECK_IS(PLAIN(write)(file, a, 10), 10);
	CHECK_IS(PLAIN(pwrite)(file, "01234", 5, 2), 5);
	CHECK_IS(lseek(file, 0, SEEK_SET), 0);
	CHECK_IS(PLAIN(read)(file, b, sizeof(b)), 10);
	CHECK_IS(memcmp(b, "aa01234aaa", 10), 0);
	CHECK_IS(PLAIN(pread)(file, b, 4, 3), 4);
	CHECK_IS(memcmp(b, "1234", 4), 0);
	CHECK_IS(lseek(file, 0, SEEK_SET), 0);
	CHECK_IS(PLAIN(readv)(file, parts, 2), 10);
	CHECK_IS(memcmp(b, "1234", 4), 0);
	parts[1].iov_len = 4;
	CHECK_IS(PLAIN(writev)(file, parts, 2), 7);
	CHECK_IS(PLAIN(fstat)(file, &status), 0);
	CHECK_IS(status.st_size, 17);
	CHECK_FAILS(PLAIN(read)(-1, b, 10), EBADF);
	CHECK_FAILS(PLAIN(write)(-1, b, 10), EBADF);
	CHECK_FAILS(PLAIN(stat)("/none such", &status), ENOENT);
	CHECK_FAILS(PLAIN(readlink)("/", b, sizeof(b)), EINVAL);
	CHECK(PLAIN(realpath)("/none such", NULL) == NULL);
	errno = 0;
	CHECK(PLAIN(getcwd)(b, 1) == NULL);
	CHECK_IS(errno, ERANGE);
	CHECK_IS(PLAIN(getrandom)(b, 10, 0), 10);
	close(file);
}

static void use_streams(void)
{
	FILE *stream = tmpfile();
	char text[100], *line = NULL;
	size_t room = 0;

	CHECK_IS(PLAIN(fputs)("one\ntwo\nthree", stream) >= 0, 1);
	CHECK_IS(PLAIN(fwrite)("xyz", 1, 3, stream), 3);
	rewind(stream);
	CHECK(PLAIN(fgets)(text, sizeof(text), stream) == text);
	CHECK_IS(strcmp(text, "one\n"), 0);
	CHECK_IS(PLAIN(getline)(&line, &room, stream), 4);
	CHECK_IS(strcmp(line, "two\n"), 0);
	CHECK_IS(PLAIN(fread)(text, 2, 10, stream), 4);
	CHECK(PLAIN(fgets)(text, sizeof(text), stream) == NULL);
	CHECK_IS(PLAIN(getline)(&line, &room, stream), -1);
	free(line);
	fclose(stream);
}

static void use_sockets(void)
{
	struct iovec part;
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	char text[100];
	int ends[2];

	CHECK_IS(PLAIN(socketpair)(AF_UNIX, SOCK_DGRAM, 0, ends), 0);
	CHECK_IS(PLAIN(send)(ends[0], "hello", 5, 0), 5);
	CHECK_IS(PLAIN(recv)(ends[1], text, 3, MSG_TRUNC), 5);
	CHECK_IS(memcmp(text, "hel", 3), 0);
	CHECK_IS(PLAIN(sendto)(ends[0], "hello", 5, 0, NULL, 0), 5);
	CHECK_IS(PLAIN(recvfrom)(ends[1], text, 100, 0, NULL, NULL), 5);
	part.iov_base = text;
	part.iov_len = 5;
	CHECK_IS(PLAIN(sendmsg)(ends[0], &message, 0), 5);
	part.iov_len = sizeof(text);
	CHECK_IS(PLAIN(recvmsg)(ends[1], &message, 0), 5);
	CHECK_FAILS(PLAIN(recv)(ends[1], text, 10, MSG_DONTWAIT), EAGAIN);
	close(ends[0]);
	close(ends[1]);
	CHECK(PLAIN(inet_ntop)(AF_INET, "\1\2\3\4", text, sizeof(text)) == text);
	CHECK_IS(strcmp(text, "1.2.3.4"), 0);
}

static void use_time(void)
{
	struct timespec now, none = {0, 0};
	struct timeval value;
	time_t at = 86400;
	char text[100];
	struct tm parts;

	CHECK_IS(PLAIN(clock_gettime)(CLOCK_REALTIME, &now), 0);
	CHECK_IS(PLAIN(gettimeofday)(&value, NULL), 0);
	/* It may be a tick behind. */
	CHECK(PLAIN(time)(NULL) >= now.tv_sec - 1);
	CHECK_FAILS(PLAIN(clock_gettime)(12345, &now), EINVAL);
	CHECK_IS(PLAIN(nanosleep)(&none, NULL), 0);
	CHECK(PLAIN(gmtime_r)(&at, &parts) == &parts);
	CHECK_IS(parts.tm_mday, 2);
	CHECK_IS(PLAIN(strftime)(text, sizeof(text), "%Y", &parts), 4);
	CHECK_IS(PLAIN(timegm)(&parts), 86400);
}

static void wait_for_files(void)
{
	struct pollfd wanted = {.events = POLLIN};
	struct epoll_event event = {.events = EPOLLIN};
	struct timeval no_time = {0, 0};
	fd_set in;
	int ends[2], file;

	CHECK_IS(PLAIN(pipe)(ends), 0);
	wanted.fd = ends[0];
	CHECK_IS(PLAIN(poll)(&wanted, 1, 0), 0);
	CHECK_IS(write(ends[1], "x", 1), 1);
	CHECK_IS(PLAIN(poll)(&wanted, 1, 0), 1);
	FD_ZERO(&in);
	FD_SET(ends[0], &in);
	CHECK_IS(PLAIN(select)(ends[0] + 1, &in, NULL, NULL, &no_time), 1);
	file = epoll_create1(0);
	CHECK_IS(PLAIN(epoll_ctl)(file, EPOLL_CTL_ADD, ends[0], &event), 0);
	CHECK_IS(PLAIN(epoll_wait)(file, &event, 1, 0), 1);
	close(file);
	close(ends[0]);
	close(ends[1]);
}

static int compare_items(const void *left, const void *right)
{
	return *(const int *)left - *(const int *)right;
}

static void sort_items(void)
{
	int numbers[1000], i;

	for (i = 0; i < 1000; i++)
		numbers[i] = i * 7919 % 1000;
	PLAIN(qsort)(numbers, 1000, sizeof(*numbers), compare_items);
	for (i = 0; i < 1000; i++)
		CHECK_IS(numbers[i], i);
}

static void *use_all(void *unused)
{
	int turn;

	for (turn = 0; turn < 3; turn++) {
		copy_bytes();
		use_strings();
		use_wide_strings();
		read_numbers();
		print_and_scan();
		use_files();
		use_streams();
		use_sockets();
		use_time();
		wait_for_files();
		sort_items();
	}
	return unused;
}

/* A read that waits is left by cancellation as ever. */
static void *read_for_ever(void *file)
{
	char text[10];

	CHECK_IS(PLAIN(read)(*(int *)file, text, sizeof(text)), -2);
	return NULL;
}

int main(void)
{
	pthread_t threads[2];
	int ends[2], i;

	for (i = 0; i < 2; i++)
		threads[i] = guest_start(use_all, NULL);
	use_all(NULL);
	for (i = 0; i < 2; i++)
		guest_join(threads[i]);
	CHECK_IS(pipe(ends), 0);
	threads[0] = guest_start(read_for_ever, &ends[0]);
	CHECK_IS(pthread_cancel(threads[0]), 0);
	CHECK(guest_join(threads[0]) == PTHREAD_CANCELED);
	return guest_passed();
}
