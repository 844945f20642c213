/* What functions of descriptors and streams read and write. */
#define _GNU_SOURCE
#include "range_lab.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- Files ------------------------------------------------------------------ */

static int new_file(const char *text)
{
	int file = memfd_create("ranges", 0);

	ck_assert_int_ge(file, 0);
	ck_assert_int_eq(pwrite(file, text, strlen(text), 0), (ssize_t)strlen(text));
	return file;
}

START_TEST(reads_write_what_they_got)
{
	int file = new_file("0123456789");

	ck_assert_int_eq(CALL(read)(file, b, 100), 10);
	TOLD(W(b, 10));
	ck_assert_int_eq(CALL(read)(file, b, 100), 0);
	ck_assert_uint_eq(told_count, 0);
	errno = 0;
	ck_assert_int_eq(CALL(read)(-1, b, 100), -1);
	ck_assert_int_eq(errno, EBADF);
	ck_assert_uint_eq(told_count, 0);
	CALL(pread)(file, b, 3, 1);
	TOLD(W(b, 3));
	CALL(pread64)(file, b, 3, 1);
	TOLD(W(b, 3));
	lseek(file, 0, SEEK_SET);
	CALL_AS(ssize_t(*)(int, void *, size_t, size_t), __read_chk)(file, b, 4, 256);
	TOLD(W(b, 4));
	CALL_AS(ssize_t(*)(int, void *, size_t, off_t, size_t), __pread_chk)(file, b, 4, 1, 256);
	TOLD(W(b, 4));
	CALL_AS(ssize_t(*)(int, void *, size_t, off_t, size_t), __pread64_chk)(file, b, 4, 1, 256);
	TOLD(W(b, 4));
	CALL(write)(file, a, 5);
	TOLD(R(a, 5));
	CALL(pwrite)(file, a, 5, 2);
	TOLD(R(a, 5));
	CALL(pwrite64)(file, a, 5, 2);
	TOLD(R(a, 5));
	close(file);
}
END_TEST

START_TEST(vectors_are_read_and_their_parts_accessed)
{
	int file = new_file("0123456789");
	struct iovec to[] = {{a, 4}, {b, 100}};
	struct iovec from[] = {{a, 4}, {b, 6}};

	ck_assert_int_eq(CALL(readv)(file, to, 2), 10);
	TOLD(R(to, sizeof(to)), W(a, 4), W(b, 6));
	CALL(preadv)(file, to, 2, 8);
	TOLD(R(to, sizeof(to)), W(a, 2));
	CALL(preadv64)(file, to, 2, 5);
	TOLD(R(to, sizeof(to)), W(a, 4), W(b, 1));
	CALL(writev)(file, from, 2);
	TOLD(R(from, sizeof(from)), R(a, 4), R(b, 6));
	CALL(pwritev)(file, from, 2, 0);
	TOLD(R(from, sizeof(from)), R(a, 4), R(b, 6));
	CALL(pwritev64)(file, from, 2, 0);
	TOLD(R(from, sizeof(from)), R(a, 4), R(b, 6));
	close(file);
}
END_TEST

START_TEST(messages_go_to_and_from_sockets)
{
	struct iovec part = {b, 100};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	int ends[2];

	CALL(socketpair)(AF_UNIX, SOCK_DGRAM, 0, ends);
	TOLD(W(ends, 8));
	CALL(send)(ends[0], a, 6, 0);
	TOLD(R(a, 6));
	CALL(recv)(ends[1], b, 4, MSG_TRUNC);
	TOLD(W(b, 4));
	CALL(sendto)(ends[0], a, 6, 0, NULL, 0);
	TOLD(R(a, 6));
	CALL_AS(ssize_t(*)(int, void *, size_t, size_t, int), __recv_chk)(ends[1], b, 10, 256, 0);
	TOLD(W(b, 6));
	part.iov_len = 5;
	CALL(sendmsg)(ends[0], &message, 0);
	TOLD(R(&message, sizeof(message)), R(&part, sizeof(part)), R(b, 5));
	part.iov_len = 100;
	CALL(recvmsg)(ends[1], &message, 0);
	TOLD(R(&message, sizeof(message)), R(&part, sizeof(part)), W(b, 5),
	     W(&message, sizeof(message)));
	close(ends[0]);
	close(ends[1]);
}
END_TEST

START_TEST(peers_have_addresses)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	struct sockaddr_in peer;
	socklen_t length = sizeof(address), room = sizeof(peer);
	int one = 1;
	int file = socket(AF_INET, SOCK_DGRAM, 0);

	ck_assert_int_ge(file, 0);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(CALL(bind)(file, (struct sockaddr *)&address, length), 0);
	TOLD(R(&address, sizeof(address)));
	CALL(setsockopt)(file, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	TOLD(R(&one, 4));
	ck_assert_int_eq(getsockname(file, (struct sockaddr *)&address, &length), 0);
	CALL(sendto)(file, a, 5, 0, (struct sockaddr *)&address, length);
	TOLD(R(a, 5), R(&address, sizeof(address)));
	CALL(recvfrom)(file, b, 100, 0, (struct sockaddr *)&peer, &room);
	TOLD(W(b, 5), W(&room, 4), W(&peer, sizeof(peer)));
	sendto(file, a, 5, 0, (struct sockaddr *)&address, length);
	CALL_AS(ssize_t(*)(int, void *, size_t, size_t, int, struct sockaddr *, socklen_t *),
		__recvfrom_chk)
	(file, b, 100, 256, 0, NULL, NULL);
	TOLD(W(b, 5));
	CALL(connect)(file, (struct sockaddr *)&address, length);
	TOLD(R(&address, sizeof(address)));
	close(file);
}
END_TEST

START_TEST(calls_that_fill_structures_write_them)
{
	struct stat status;
	int files[2], ended;
	pid_t child;

	CALL(stat)("/", &status);
	TOLD(W(&status, sizeof(status)));
	CALL(stat)("/none such", &status);
	ck_assert_uint_eq(told_count, 0);
	CALL_AS(__typeof__(&stat), stat64)("/", &status);
	TOLD(W(&status, sizeof(status)));
	CALL(lstat)("/", &status);
	TOLD(W(&status, sizeof(status)));
	CALL_AS(__typeof__(&stat), lstat64)("/", &status);
	TOLD(W(&status, sizeof(status)));
	CALL(fstat)(0, &status);
	TOLD(W(&status, sizeof(status)));
	CALL_AS(__typeof__(&fstat), fstat64)(0, &status);
	TOLD(W(&status, sizeof(status)));
	CALL(fstatat)(AT_FDCWD, "/", &status, 0);
	TOLD(W(&status, sizeof(status)));
	CALL_AS(__typeof__(&fstatat), fstatat64)(AT_FDCWD, "/", &status, 0);
	TOLD(W(&status, sizeof(status)));
	CALL(pipe)(files);
	TOLD(W(files, 8));
	close(files[0]);
	close(files[1]);
	CALL(pipe2)(files, O_CLOEXEC);
	TOLD(W(files, 8));
	close(files[0]);
	close(files[1]);
	child = fork();
	if (child == 0)
		_exit(0);
	CALL(waitpid)(child, &ended, 0);
	TOLD(W(&ended, 4));
	child = fork();
	if (child == 0)
		_exit(0);
	CALL(wait)(&ended);
	TOLD(W(&ended, 4));
}
END_TEST

START_TEST(calls_that_fill_texts_write_them)
{
	ck_assert_int_eq(chdir("/tmp"), 0);
	CALL(getcwd)(b, sizeof(b));
	TOLD(W(b, 5));
	free(CALL(getcwd)(NULL, 0));
	ck_assert_uint_eq(told_count, 0);
	CALL_AS(char *(*)(char *, size_t, size_t), __getcwd_chk)(b, sizeof(b), sizeof(b));
	TOLD(W(b, 5));
	ck_assert_int_eq(CALL(readlink)("/proc/self/cwd", b, sizeof(b)), 4);
	TOLD(W(b, 4));
	CALL_AS(ssize_t(*)(const char *, char *, size_t, size_t), __readlink_chk)
	("/proc/self/cwd", b, sizeof(b), sizeof(b));
	TOLD(W(b, 4));
	CALL(readlinkat)(AT_FDCWD, "/proc/self/cwd", b, sizeof(b));
	TOLD(W(b, 4));
	free(CALL(realpath)("/tmp/.", NULL));
	ck_assert_uint_eq(told_count, 0);
	static char path[4096];
	CALL(realpath)("/tmp/.", path);
	TOLD(W(path, 5));
	CALL_AS(char *(*)(const char *, char *, size_t), __realpath_chk)("/tmp", path, 4096);
	TOLD(W(path, 5));
	CALL(getrandom)(b, 9, 0);
	TOLD(W(b, 9));
	CALL(getentropy)(b, 9);
	TOLD(W(b, 9));
	CALL(gethostname)(b, sizeof(b));
	TOLD(W(b, strlen(b) + 1));
	CALL(inet_ntop)(AF_INET, "\177\0\0\1", b, 100);
	ck_assert_uint_eq(told[0].size_bytes, 4);
	ck_assert_str_eq(b, "127.0.0.1");
	ck_assert_uint_eq(told[1].size_bytes, 10);
	CALL(inet_pton)(AF_INET, b, a);
	TOLD(R(b, 10), W(a, 4));
	CALL_AS(int (*)(int, char *, size_t), __xpg_strerror_r)(EINVAL, b, sizeof(b));
	TOLD(W(b, strlen(b) + 1));
	/* Known numbers have constant texts; others are written. */
	CALL_AS(char *(*)(int, char *, size_t), strerror_r)(EINVAL, b, sizeof(b));
	ck_assert_uint_eq(told_count, 0);
	CALL_AS(char *(*)(int, char *, size_t), strerror_r)(99999, b, sizeof(b));
	TOLD(W(b, strlen(b) + 1));
}
END_TEST

/* --- Streams ---------------------------------------------------------------- */

START_TEST(streams_read_and_write_buffers)
{
	FILE *stream = tmpfile();

	CALL(fwrite)(a, 2, 3, stream);
	TOLD(R(a, 6));
	CALL(fwrite_unlocked)("\n", 1, 1, stream);
	ck_assert_uint_eq(told_count, 1);
	CALL(fputs)(a, stream);
	TOLD(R(a, 14));
	CALL(fputs_unlocked)(a, stream);
	TOLD(R(a, 14));
	rewind(stream);
	CALL(fread)(b, 2, 2, stream);
	TOLD(W(b, 4));
	rewind(stream);
	CALL(fread_unlocked)(b, 2, 2, stream);
	TOLD(W(b, 4));
	rewind(stream);
	CALL_AS(size_t(*)(void *, size_t, size_t, size_t, FILE *), __fread_chk)
	(b, 256, 2, 2, stream);
	TOLD(W(b, 4));
	rewind(stream);
	CALL(fgets)(b, 100, stream);
	TOLD(W(b, 8));
	CALL(fgets_unlocked)(b, 4, stream);
	TOLD(W(b, 4));
	CALL_AS(char *(*)(char *, size_t, int, FILE *), __fgets_chk)(b, 256, 3, stream);
	TOLD(W(b, 3));
	fclose(stream);
	ck_assert_ptr_nonnull(freopen("/dev/null", "w", stdout));
	CALL(puts)(a);
	TOLD(R(a, 14));
}
END_TEST

START_TEST(lines_are_written_where_they_are_kept)
{
	FILE *stream = tmpfile();
	char *line = NULL;
	size_t room = 0;

	fputs("one\ntwo\nthree", stream);
	rewind(stream);
	CALL(getline)(&line, &room, stream);
	TOLD(R(&line, 8), R(&room, 8), W(line, 5));
	CALL(getdelim)(&line, &room, '\n', stream);
	TOLD(R(&line, 8), R(&room, 8), W(line, 5));
	CALL_AS(__typeof__(&getdelim), __getdelim)(&line, &room, '\n', stream);
	TOLD(R(&line, 8), R(&room, 8), W(line, 6));
	CALL(getline)(&line, &room, stream);
	TOLD(R(&line, 8), R(&room, 8));
	free(line);
	fclose(stream);
}
END_TEST

static void print_list(bool is_checked, size_t n, const char *format, ...)
{
	va_list rest;

	va_start(rest, format);
	if (is_checked && n)
		CALL_AS(int (*)(char *, size_t, int, size_t, const char *, va_list),
			__vsnprintf_chk)
		(b, n, 0, 256, format, rest);
	else if (is_checked)
		CALL_AS(int (*)(char *, int, size_t, const char *, va_list), __vsprintf_chk)
		(b, 0, 256, format, rest);
	else if (n)
		CALL(vsnprintf)(b, n, format, rest);
	else
		CALL(vsprintf)(b, format, rest);
	va_end(rest);
}

static void scan_list(bool is_newer, const char *s, const char *format, ...)
{
	va_list rest;

	va_start(rest, format);
	if (is_newer)
		CALL_AS(__typeof__(&vsscanf), __isoc99_vsscanf)(s, format, rest);
	else
		CALL_AS(int (*)(const char *, const char *, va_list), vsscanf)(s, format, rest);
	va_end(rest);
}

START_TEST(formatted_texts_are_written)
{
	int number = 0;
	double real = 0;

	CALL(sprintf)(b, "%d %.2f %s", 7, 2.5, "x");
	TOLD(W(b, 9));
	ck_assert_str_eq(b, "7 2.50 x");
	CALL(snprintf)(b, 5, "%d %.2f %s", 7, 2.5, "x");
	TOLD(W(b, 5));
	CALL_AS(int (*)(char *, int, size_t, const char *, ...), __sprintf_chk)
	(b, 0, 256, "%f", 0.5);
	TOLD(W(b, 9));
	CALL_AS(int (*)(char *, size_t, int, size_t, const char *, ...), __snprintf_chk)
	(b, 100, 0, 256, "%f", 0.5);
	TOLD(W(b, 9));
	print_list(false, 0, "%d", 12);
	TOLD(W(b, 3));
	print_list(false, 2, "%d", 12);
	TOLD(W(b, 2));
	print_list(true, 0, "%d", 12);
	TOLD(W(b, 3));
	print_list(true, 2, "%d", 12);
	TOLD(W(b, 2));
	strcpy(b, "12 0.5");
	CALL_AS(int (*)(const char *, const char *, ...), sscanf)(b, "%d %lf", &number, &real);
	TOLD(R(b, 7));
	ck_assert(number == 12 && real == 0.5);
	CALL_AS(int (*)(const char *, const char *, ...), __isoc99_sscanf)(b, "%d", &number);
	TOLD(R(b, 7));
	scan_list(false, b, "%d", &number);
	TOLD(R(b, 7));
	scan_list(true, b, "%d", &number);
	TOLD(R(b, 7));
}
END_TEST

void range_add_files(TCase *tests)
{
	tcase_add_test(tests, reads_write_what_they_got);
	tcase_add_test(tests, vectors_are_read_and_their_parts_accessed);
	tcase_add_test(tests, messages_go_to_and_from_sockets);
	tcase_add_test(tests, peers_have_addresses);
	tcase_add_test(tests, calls_that_fill_structures_write_them);
	tcase_add_test(tests, calls_that_fill_texts_write_them);
	tcase_add_test(tests, streams_read_and_write_buffers);
	tcase_add_test(tests, lines_are_written_where_they_are_kept);
	tcase_add_test(tests, formatted_texts_are_written);
}
