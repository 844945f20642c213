/* The accesses that each wrapper of preload/ranges/ranges.def passes to the engine. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <check.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

#include "detect/race/access.h"
#include "preload/access/access.h"
#include "preload/code/call_site.h"
#include "preload/guest/guest.h"
#include "preload/heap/heap.h"
#include "preload/guest/modules.h"
#include "preload/outside/number.h"
#include "preload/ranges/ranges.h"
#include "preload/ranges/states.h"

/* --- The surroundings ------------------------------------------------------- */

__thread struct guest_thread *guest_self;
__thread uint64_t access_current = SHADOW_NO_EPOCH;
__thread uint64_t access_shared = SHADOW_NO_EPOCH;
struct detector guest_detector;
enum guest_state guest_state = GUEST_ON;
enum heap_mode heap_mode = HEAP_CHECKED;
static struct guest_thread context;

struct told {
	const volatile void *address;
	size_t size_bytes;
	uint32_t access;
};

static struct told told[64];
static unsigned int told_count;
static bool *was_tried; /* by enum range_function; shared with the tests' processes */

void guest_send_deferred(struct guest_thread *self)
{
	(void)self;
}

struct guest_thread *guest_enter_slowly(uintptr_t sp)
{
	(void)sp;
	ck_abort_msg("entered again");
	return NULL;
}

static int ended_number;

uintptr_t number_place(int number)
{
	return (uintptr_t)number;
}

void number_refresh(int number)
{
	(void)number;
}

void number_is_known(int number)
{
	(void)number;
}

bool modules_is_own(uintptr_t address)
{
	(void)address;
	return false;
}

site_id call_site(uintptr_t return_address, uint32_t access)
{
	ck_assert(return_address != 0);
	access &= ~(uint32_t)(SITE_HIDDEN | SITE_DESCRIPTOR);
	ck_assert(access == SITE_READ || access == SITE_WRITE);
	return access;
}

void access_check(struct detector *detector, struct thread *thread, const struct access *access)
{
	ck_assert_ptr_eq(detector, &guest_detector);
	ck_assert_ptr_eq(thread, context.thread);
	ck_assert(guest_self->guard != 0);
	if (access->flags & SITE_DESCRIPTOR) {
		if (access->flags & SITE_WRITE)
			ended_number = (int)access->address;
		return;
	}
	ck_assert_uint_eq(access->flags & ~(uint32_t)SITE_HIDDEN, access->site | SITE_RANGE);
	ck_assert_uint_lt(told_count, ARRAY_LENGTH(told));
	told[told_count++] =
		(struct told){(void *)access->address, access->size_bytes, access->site};
	errno = errno; /* it keeps it */
}

/* --- Calls and what they should tell ---------------------------------------- */

static void *wrapper(const char *name, enum range_function function)
{
	void *original = dlsym(RTLD_DEFAULT, name);
	void *found;

	was_tried[function] = true;
	guest_self = &context;
	told_count = 0;
	ck_assert_msg(original != NULL, "%s is not there", name);
	ck_assert_msg(range_wrapper(name, NULL) != NULL, "%s has no wrapper", name);
	found = range_wrapper(name, original);
	ck_assert_msg(found != NULL, "%s is not the C library's", name);
	return found;
}

#define CALL_AS(type, name) ((type)wrapper(#name, RANGE_OF_##name))
#define CALL(name) CALL_AS(__typeof__(&name), name)

#define R(address, size_bytes)                                                                     \
	{                                                                                          \
		(address), (size_bytes), SITE_READ                                                 \
	}
#define W(address, size_bytes)                                                                     \
	{                                                                                          \
		(address), (size_bytes), SITE_WRITE                                                \
	}
#define TOLD(...)                                                                                  \
	compare(__LINE__, (const struct told[]){__VA_ARGS__},                                      \
		sizeof((const struct told[]){__VA_ARGS__}) / sizeof(struct told))

static void compare(int line, const struct told *expected, size_t count)
{
	for (unsigned int i = 0; i < told_count && i < count; i++) {
		ck_assert_msg(told[i].address == expected[i].address, "line %d: address of %u: %p",
			      line, i, (void *)(uintptr_t)told[i].address);
		ck_assert_msg(told[i].size_bytes == expected[i].size_bytes,
			      "line %d: size of %u: %zu", line, i, told[i].size_bytes);
		ck_assert_msg(told[i].access == expected[i].access, "line %d: access %u", line, i);
	}
	ck_assert_msg(told_count == count, "line %d: told of %u accesses", line, told_count);
	told_count = 0;
}

static char a[256], b[256];
static wchar_t wa[64], wb[64];

static void set_up(void)
{
	memset(a, 0, sizeof(a));
	memset(b, 0, sizeof(b));
	wmemset(wa, 0, 64);
	wmemset(wb, 0, 64);
	strcpy(a, "one two three");
	wcscpy(wa, L"one two");
}

/* --- Bytes ------------------------------------------------------------------ */

typedef void *copy(void *, const void *, size_t);
typedef void *copy_checked(void *, const void *, size_t, size_t);

START_TEST(copies_read_and_write)
{
	ck_assert_ptr_eq(CALL(memcpy)(b, a, 14), b);
	TOLD(R(a, 14), W(b, 14));
	ck_assert_str_eq(b, a);
	CALL(memmove)(b + 1, b, 5);
	TOLD(R(b, 5), W(b + 1, 5));
	ck_assert_ptr_eq(CALL(mempcpy)(b, a, 3), b + 3);
	TOLD(R(a, 3), W(b, 3));
	CALL_AS(copy_checked *, __memcpy_chk)(b, a, 7, 256);
	TOLD(R(a, 7), W(b, 7));
	CALL_AS(copy_checked *, __memmove_chk)(b, a, 7, 256);
	TOLD(R(a, 7), W(b, 7));
	CALL_AS(copy_checked *, __mempcpy_chk)(b, a, 7, 256);
	TOLD(R(a, 7), W(b, 7));
	CALL(bcopy)(a, b, 9);
	TOLD(R(a, 9), W(b, 9));
	CALL(memccpy)(b, a, ' ', 14);
	TOLD(R(a, 4), W(b, 4));
	CALL(memccpy)(b, a, 'z', 6);
	TOLD(R(a, 6), W(b, 6));
	CALL(swab)(a, b, 5);
	TOLD(R(a, 4), W(b, 4));
	CALL(memcpy)(b, a, 0);
	ck_assert_uint_eq(told_count, 0);
}
END_TEST

START_TEST(fills_write)
{
	CALL(memset)(b, 1, 11);
	TOLD(W(b, 11));
	CALL_AS(void *(*)(void *, int, size_t, size_t), __memset_chk)(b, 1, 11, 256);
	TOLD(W(b, 11));
	CALL(bzero)(b, 12);
	TOLD(W(b, 12));
	CALL(explicit_bzero)(b, 13);
	TOLD(W(b, 13));
	CALL_AS(void (*)(void *, size_t, size_t), __explicit_bzero_chk)(b, 13, 256);
	TOLD(W(b, 13));
}
END_TEST

START_TEST(searches_read_as_far_as_they_go)
{
	CALL(memcmp)(a, b, 5);
	TOLD(R(a, 1), R(b, 1));
	memcpy(b, a, 3);
	CALL(memcmp)(a, b, 5);
	TOLD(R(a, 4), R(b, 4));
	CALL(bcmp)(a, b, 3);
	TOLD(R(a, 3), R(b, 3));
	CALL(memchr)(a, 't', 13);
	TOLD(R(a, 5));
	CALL(memchr)(a, 'z', 13);
	TOLD(R(a, 13));
	CALL(memrchr)(a, 't', 13);
	TOLD(R(a + 8, 5));
	CALL(memrchr)(a, 'z', 13);
	TOLD(R(a, 13));
	CALL(rawmemchr)(a, 'w');
	TOLD(R(a, 6));
	CALL(memmem)(a, 13, "two", 3);
	ck_assert_uint_eq(told_count, 2);
	ck_assert(told[1].address == a);
	ck_assert_uint_eq(told[1].size_bytes, 7);
}
END_TEST

/* --- Strings ---------------------------------------------------------------- */

typedef char *copy_string_checked(char *, const char *, size_t);
typedef char *copy_string_checked_up_to(char *, const char *, size_t, size_t);

START_TEST(string_copies_end_with_the_string)
{
	CALL(strcpy)(b, a);
	TOLD(R(a, 14), W(b, 14));
	CALL_AS(copy_string_checked *, __strcpy_chk)(b, a, 256);
	TOLD(R(a, 14), W(b, 14));
	ck_assert_ptr_eq(CALL(stpcpy)(b, a), b + 13);
	TOLD(R(a, 14), W(b, 14));
	CALL_AS(copy_string_checked *, __stpcpy_chk)(b, a, 256);
	TOLD(R(a, 14), W(b, 14));
	CALL(strncpy)(b, a, 3);
	TOLD(R(a, 3), W(b, 3));
	CALL(strncpy)(b, a, 30);
	TOLD(R(a, 14), W(b, 30));
	CALL_AS(copy_string_checked_up_to *, __strncpy_chk)(b, a, 30, 256);
	TOLD(R(a, 14), W(b, 30));
	CALL(stpncpy)(b, a, 30);
	TOLD(R(a, 14), W(b, 30));
	CALL_AS(copy_string_checked_up_to *, __stpncpy_chk)(b, a, 30, 256);
	TOLD(R(a, 14), W(b, 30));
	free(CALL(strdup)(a));
	TOLD(R(a, 14));
	free(CALL_AS(char *(*)(const char *), __strdup)(a));
	TOLD(R(a, 14));
	free(CALL(strndup)(a, 4));
	TOLD(R(a, 4));
	free(CALL_AS(char *(*)(const char *, size_t), __strndup)(a, 40));
	TOLD(R(a, 14));
}
END_TEST

START_TEST(string_additions_write_behind)
{
	strcpy(b, "xy");
	CALL(strcat)(b, a);
	TOLD(R(b, 3), R(a, 14), W(b + 2, 14));
	strcpy(b, "xy");
	CALL_AS(copy_string_checked *, __strcat_chk)(b, a, 256);
	TOLD(R(b, 3), R(a, 14), W(b + 2, 14));
	strcpy(b, "xy");
	CALL(strncat)(b, a, 3);
	TOLD(R(b, 3), R(a, 3), W(b + 2, 4));
	strcpy(b, "xy");
	CALL_AS(copy_string_checked_up_to *, __strncat_chk)(b, a, 30, 256);
	TOLD(R(b, 3), R(a, 14), W(b + 2, 14));
}
END_TEST

START_TEST(comparisons_end_at_the_difference)
{
	strcpy(b, "one ten");
	ck_assert_int_gt(CALL(strcmp)(a, b), 0);
	TOLD(R(a, 6), R(b, 6));
	ck_assert_int_eq(CALL(strncmp)(a, b, 3), 0);
	TOLD(R(a, 3), R(b, 3));
	strcpy(b, "ONE");
	CALL(strcasecmp)(a, b);
	TOLD(R(a, 4), R(b, 4));
	CALL(strncasecmp)(a, b, 2);
	TOLD(R(a, 2), R(b, 2));
	CALL(strcoll)(a, b);
	TOLD(R(a, 14), R(b, 4));
	CALL(strverscmp)(a, b);
	TOLD(R(a, 14), R(b, 4));
}
END_TEST

START_TEST(string_searches_read_as_far_as_they_go)
{
	strcpy(b, "two");
	ck_assert_uint_eq(CALL(strlen)(a), 13);
	TOLD(R(a, 14));
	CALL(strnlen)(a, 4);
	TOLD(R(a, 4));
	CALL(strnlen)(a, 40);
	TOLD(R(a, 14));
	CALL(strchr)(a, 't');
	TOLD(R(a, 5));
	CALL(strchr)(a, 'z');
	TOLD(R(a, 14));
	CALL(strchrnul)(a, 'z');
	TOLD(R(a, 14));
	CALL_AS(char *(*)(const char *, int), index)(a, 't');
	TOLD(R(a, 5));
	CALL(strrchr)(a, 't');
	TOLD(R(a, 14));
	CALL_AS(char *(*)(const char *, int), rindex)(a, 't');
	TOLD(R(a, 14));
	CALL(strstr)(a, b);
	TOLD(R(b, 4), R(a, 7));
	CALL(strcasestr)(a, b);
	TOLD(R(b, 4), R(a, 7));
	strcpy(b, "eno");
	CALL(strspn)(a, b);
	TOLD(R(b, 4), R(a, 4));
	strcpy(b, "w");
	CALL(strcspn)(a, b);
	TOLD(R(b, 2), R(a, 6));
	CALL(strpbrk)(a, b);
	TOLD(R(b, 2), R(a, 6));
}
END_TEST

START_TEST(tokens_are_cut_off)
{
	char *rest = a;

	strcpy(b, " ");
	ck_assert_str_eq(CALL(strsep)(&rest, b), "one");
	TOLD(R(&rest, 8), R(b, 2), W(&rest, 8), R(a, 4), W(a + 3, 1));
	ck_assert_str_eq(CALL(strtok_r)(a + 4, b, &rest), "two");
	TOLD(R(b, 2), W(&rest, 8), R(a + 4, 4), W(a + 7, 1));
	ck_assert_str_eq(CALL_AS(__typeof__(&strtok_r), __strtok_r)(NULL, b, &rest), "three");
	TOLD(R(b, 2), W(&rest, 8), R(a + 8, 6));
	ck_assert_str_eq(CALL(strtok)(a, b), "one");
	ck_assert_uint_eq(told_count, 3);
	ck_assert_str_eq(state_name((uintptr_t)told[1].address), "the position of strtok()");
	TOLD(R(b, 2), W(told[1].address, 1), R(a, 4));
}
END_TEST

START_TEST(wide_strings_are_four_times_as_long)
{
	CALL(wmemcpy)(wb, wa, 3);
	TOLD(R(wa, 12), W(wb, 12));
	CALL(wmemmove)(wb, wa, 3);
	TOLD(R(wa, 12), W(wb, 12));
	CALL(wmempcpy)(wb, wa, 3);
	TOLD(R(wa, 12), W(wb, 12));
	CALL(wmemset)(wb, 0, 3);
	TOLD(W(wb, 12));
	CALL(wmemcmp)(wa, wb, 3);
	TOLD(R(wa, 4), R(wb, 4));
	CALL(wmemchr)(wa, L'e', 7);
	TOLD(R(wa, 12));
	CALL(wcslen)(wa);
	TOLD(R(wa, 32));
	CALL(wcsnlen)(wa, 2);
	TOLD(R(wa, 8));
	CALL(wcscpy)(wb, wa);
	TOLD(R(wa, 32), W(wb, 32));
	CALL(wcpcpy)(wb, wa);
	TOLD(R(wa, 32), W(wb, 32));
	CALL(wcsncpy)(wb, wa, 10);
	TOLD(R(wa, 32), W(wb, 40));
	wcscpy(wb, L"x");
	CALL(wcscat)(wb, wa);
	TOLD(R(wb, 8), R(wa, 32), W(wb + 1, 32));
	wcscpy(wb, L"on ");
	CALL(wcscmp)(wa, wb);
	TOLD(R(wa, 12), R(wb, 12));
	CALL(wcsncmp)(wa, wb, 2);
	TOLD(R(wa, 8), R(wb, 8));
	CALL(wcschr)(wa, L'n');
	TOLD(R(wa, 8));
	CALL(wcsrchr)(wa, L'n');
	TOLD(R(wa, 32));
	wcscpy(wb, L"ne");
	CALL(wcsstr)(wa, wb);
	TOLD(R(wb, 12), R(wa, 12));
	free(CALL(wcsdup)(wa));
	TOLD(R(wa, 32));
}
END_TEST

/* --- Numbers ---------------------------------------------------------------- */

#define READS_NUMBER(name)                                                                         \
	do {                                                                                       \
		char *end;                                                                         \
                                                                                                   \
		ck_assert_int_eq((int)CALL(name)(b, &end, 10), 42);                                \
		TOLD(R(b, 4), W(&end, 8));                                                         \
		CALL(name)(b, NULL, 10);                                                           \
		TOLD(R(b, 4));                                                                     \
	} while (0)

START_TEST(numbers_are_read_up_to_their_end)
{
	char *real_end;

	strcpy(b, " 42 x");
	READS_NUMBER(strtol);
	READS_NUMBER(strtoul);
	READS_NUMBER(strtoll);
	READS_NUMBER(strtoull);
	READS_NUMBER(strtoimax);
	READS_NUMBER(strtoumax);
	ck_assert_int_eq(CALL(atoi)(b), 42);
	TOLD(R(b, 4));
	CALL(atol)(b);
	TOLD(R(b, 4));
	CALL(atoll)(b);
	TOLD(R(b, 4));
	strcpy(b, "2.5e1 x");
	ck_assert(CALL(strtod)(b, &real_end) == 25.0);
	TOLD(R(b, 6), W(&real_end, 8));
	ck_assert_ptr_eq(real_end, b + 5);
	ck_assert(CALL(strtof)(b, NULL) == 25.0f);
	TOLD(R(b, 6));
	ck_assert(CALL(strtold)(b, &real_end) == 25.0l);
	TOLD(R(b, 6), W(&real_end, 8));
	ck_assert(CALL(atof)(b) == 25.0);
	TOLD(R(b, 6));
}
END_TEST

/* Those of later C libraries. */
START_TEST(newer_names_are_taken_where_they_exist)
{
	static const struct {
		const char *name;
		enum range_function function;
	} newer[] = {
		{"__isoc23_strtol", RANGE_OF___isoc23_strtol},
		{"__isoc23_strtoul", RANGE_OF___isoc23_strtoul},
		{"__isoc23_strtoll", RANGE_OF___isoc23_strtoll},
		{"__isoc23_strtoull", RANGE_OF___isoc23_strtoull},
	};
	char *end;

	strcpy(b, "42");
	for (unsigned int i = 0; i < ARRAY_LENGTH(newer); i++) {
		ck_assert_ptr_nonnull(range_wrapper(newer[i].name, NULL));
		was_tried[newer[i].function] = true;
		if (!dlsym(RTLD_DEFAULT, newer[i].name))
			continue;
		((long (*)(const char *, char **, int))wrapper(newer[i].name, newer[i].function))(
			b, &end, 10);
		TOLD(R(b, 3), W(&end, 8));
	}
}
END_TEST

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

/* --- Time and waiting ------------------------------------------------------- */

START_TEST(times_are_written)
{
	struct timespec time_now, none = {0, 0}, rest;
	struct timeval value;
	struct tm parts;
	time_t now = 0;

	CALL(gettimeofday)(&value, NULL);
	TOLD(W(&value, sizeof(value)));
	CALL(clock_gettime)(CLOCK_REALTIME, &time_now);
	TOLD(W(&time_now, sizeof(time_now)));
	CALL(clock_getres)(CLOCK_REALTIME, &time_now);
	TOLD(W(&time_now, sizeof(time_now)));
	CALL(timespec_get)(&time_now, TIME_UTC);
	TOLD(W(&time_now, sizeof(time_now)));
	CALL(time)(&now);
	TOLD(W(&now, 8));
	CALL(time)(NULL);
	ck_assert_uint_eq(told_count, 0);
	CALL(nanosleep)(&none, &rest);
	TOLD(R(&none, sizeof(none)));
	CALL(gmtime_r)(&now, &parts);
	TOLD(R(&now, 8), W(&parts, sizeof(parts)));
	CALL(localtime_r)(&now, &parts);
	TOLD(R(&now, 8), W(&parts, sizeof(parts)));
	CALL(mktime)(&parts);
	TOLD(R(&parts, sizeof(parts)), W(&parts, sizeof(parts)));
	CALL(timegm)(&parts);
	TOLD(R(&parts, sizeof(parts)), W(&parts, sizeof(parts)));
	strcpy(a, "%Y");
	CALL_AS(size_t(*)(char *, size_t, const char *, const struct tm *), strftime)
	(b, 100, a, &parts);
	TOLD(R(a, 3), R(&parts, sizeof(parts)), W(b, 5));
	CALL(asctime_r)(&parts, b);
	TOLD(R(&parts, sizeof(parts)), W(b, 26));
	CALL(ctime_r)(&now, b);
	TOLD(R(&now, 8), W(b, 26));
}
END_TEST

START_TEST(waits_for_descriptors_write_what_is_ready)
{
	struct pollfd wanted = {.events = POLLIN};
	struct timespec none = {0, 0};
	struct timeval no_time = {0, 0};
	struct epoll_event event = {.events = EPOLLIN};
	sigset_t mask;
	fd_set in;
	int ends[2], file;

	ck_assert_int_eq(pipe(ends), 0);
	wanted.fd = ends[0];
	sigemptyset(&mask);
	CALL(poll)(&wanted, 1, 0);
	TOLD(R(&wanted, 8));
	ck_assert_int_eq(write(ends[1], "x", 1), 1);
	CALL(poll)(&wanted, 1, 0);
	TOLD(R(&wanted, 8), W(&wanted, 8));
	CALL_AS(int (*)(struct pollfd *, nfds_t, int, size_t), __poll_chk)(&wanted, 1, 0, 8);
	TOLD(R(&wanted, 8), W(&wanted, 8));
	CALL(ppoll)(&wanted, 1, &none, &mask);
	TOLD(R(&wanted, 8), R(&none, 16), R(&mask, 8), W(&wanted, 8));
	FD_ZERO(&in);
	FD_SET(ends[0], &in);
	CALL(select)(ends[0] + 1, &in, NULL, NULL, &no_time);
	TOLD(R(&in, 8), R(&no_time, 16), W(&in, 8));
	CALL(pselect)(ends[0] + 1, &in, NULL, NULL, &none, &mask);
	TOLD(R(&in, 8), R(&none, 16), R(&mask, 8), W(&in, 8));
	file = epoll_create1(0);
	CALL(epoll_ctl)(file, EPOLL_CTL_ADD, ends[0], &event);
	TOLD(R(&event, 12));
	CALL(epoll_wait)(file, &event, 1, 0);
	TOLD(W(&event, 12));
	CALL(epoll_pwait)(file, &event, 1, 0, &mask);
	TOLD(R(&mask, 8), W(&event, 12));
	close(file);
	close(ends[0]);
	close(ends[1]);
}
END_TEST

/* --- Sorting ---------------------------------------------------------------- */

static int compare_bytes(const void *left, const void *right)
{
	return *(const char *)left - *(const char *)right;
}

static int compare_bytes_with(const void *left, const void *right, void *unused)
{
	(void)unused;
	return compare_bytes(left, right);
}

START_TEST(sorting_reads_and_writes_the_array)
{
	CALL(qsort)(a, 13, 1, compare_bytes);
	TOLD(R(a, 13), W(a, 13));
	ck_assert_str_eq(a, "  eeehnoorttw");
	CALL(qsort_r)(a, 13, 1, compare_bytes_with, NULL);
	TOLD(R(a, 13), W(a, 13));
}
END_TEST

/* --- When nothing is told --------------------------------------------------- */

START_TEST(unobserved_threads_tell_nothing)
{
	copy *wrapped = CALL(memcpy);

	guest_self = NULL;
	wrapped(b, a, 14);
	ck_assert_uint_eq(told_count, 0);
	guest_self = &context;
	guest_state = GUEST_OFF;
	wrapped(b, a, 14);
	ck_assert_uint_eq(told_count, 0);
	guest_state = GUEST_ON;
	heap_mode = HEAP_NOTED;
	wrapped(b, a, 14);
	ck_assert_uint_eq(told_count, 0);
	heap_mode = HEAP_CHECKED;
	ck_assert_str_eq(b, a);
}
END_TEST

static void map_page_of(void *place)
{
	void *page = (void *)((uintptr_t)place & ~4095ul);

	ck_assert_ptr_eq(mmap(page, 4096, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0),
			 page);
}

START_TEST(recorded_ranges_are_not_told_again)
{
	copy *wrapped = CALL(memcpy);
	uint64_t current = shadow_plain(3, 7, SHADOW_ALL_BYTES);
	char *block = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct shadow shadow = shadow_of((uintptr_t)block);

	map_page_of(shadow.write);
	map_page_of(shadow.read);
	access_current = current;
	for (unsigned int i = 0; i < 4; i++)
		shadow.write[i] = shadow.read[8 + i] = current;
	wrapped(block + 3, block + 64 + 3, 25);
	ck_assert_uint_eq(told_count, 0);
	shadow.write[0] = shadow_plain(3, 7, 0xf8);
	wrapped(block + 3, block + 64 + 3, 25);
	ck_assert_uint_eq(told_count, 0);
	wrapped(block + 2, block + 64 + 3, 25);
	TOLD(W(block + 2, 25));
	shadow.write[3] = shadow_plain(3, 7, 0x0f);
	wrapped(block + 3, block + 64 + 3, 25);
	ck_assert_uint_eq(told_count, 0);
	wrapped(block + 3, block + 64 + 3, 26);
	TOLD(W(block + 3, 26));
	shadow.read[9] = shadow_plain(3, 6, SHADOW_ALL_BYTES);
	wrapped(block + 3, block + 64 + 3, 25);
	TOLD(R(block + 64 + 3, 25));
	access_shared = shadow.read[9];
	wrapped(block + 3, block + 64 + 3, 25);
	ck_assert_uint_eq(told_count, 0);
	shadow.read[9] = access_shared & ~(uint64_t)0x0f;
	wrapped(block + 3, block + 64 + 12, 4);
	ck_assert_uint_eq(told_count, 0);
	wrapped(block + 3, block + 64 + 11, 4);
	TOLD(R(block + 64 + 11, 4));
	access_current = access_shared = SHADOW_NO_EPOCH;
}
END_TEST

START_TEST(ends_of_descriptors_are_told)
{
	FILE *stream = fopen("/dev/null", "r");
	int file = open("/dev/null", O_RDONLY);
	int second = dup(file);

	ck_assert_int_eq(CALL(dup2)(file, second), second);
	ck_assert_int_eq(ended_number, second);
	ended_number = 0;
	ck_assert_int_eq(CALL(dup2)(file, file), file);
	ck_assert_int_le(ended_number, 0);
	ck_assert_int_eq(CALL(dup3)(file, second, O_CLOEXEC), second);
	ck_assert_int_eq(ended_number, second);
	ck_assert_int_eq(CALL(close)(file), 0);
	ck_assert_int_eq(ended_number, file);
	file = fileno(stream);
	ck_assert_int_eq(CALL(fclose)(stream), 0);
	ck_assert_int_eq(ended_number, file);
	ck_assert_uint_eq(told_count, 0);
}
END_TEST

START_TEST(foreign_functions_are_left_alone)
{
	ck_assert_ptr_null(range_wrapper("memcpy", (void *)compare_bytes));
	ck_assert_ptr_null(range_wrapper("no_such_function", NULL));
	ck_assert_ptr_null(range_wrapper("memcp", NULL));
}
END_TEST

/* The last one. */
START_TEST(every_row_was_tried)
{
	static const char *const names[] = {
#define RANGE(type, name, parameters, arguments, before) #name,
#define RANGE_AFTER(type, name, parameters, arguments, before, after) #name,
#define RANGE_WRITTEN(name) #name,
#include "preload/ranges/ranges.def"
	};

	for (unsigned int i = 0; i < ARRAY_LENGTH(names); i++)
		ck_assert_msg(was_tried[i], "%s was not", names[i]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ranges");
	TCase *tests = tcase_create("wrappers");
	SRunner *runner = srunner_create(suite);
	int failed;

	was_tried = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	suite_add_tcase(suite, tests);
	tcase_add_checked_fixture(tests, set_up, NULL);
	tcase_add_test(tests, copies_read_and_write);
	tcase_add_test(tests, fills_write);
	tcase_add_test(tests, searches_read_as_far_as_they_go);
	tcase_add_test(tests, string_copies_end_with_the_string);
	tcase_add_test(tests, string_additions_write_behind);
	tcase_add_test(tests, comparisons_end_at_the_difference);
	tcase_add_test(tests, string_searches_read_as_far_as_they_go);
	tcase_add_test(tests, tokens_are_cut_off);
	tcase_add_test(tests, wide_strings_are_four_times_as_long);
	tcase_add_test(tests, numbers_are_read_up_to_their_end);
	tcase_add_test(tests, newer_names_are_taken_where_they_exist);
	tcase_add_test(tests, reads_write_what_they_got);
	tcase_add_test(tests, vectors_are_read_and_their_parts_accessed);
	tcase_add_test(tests, messages_go_to_and_from_sockets);
	tcase_add_test(tests, peers_have_addresses);
	tcase_add_test(tests, calls_that_fill_structures_write_them);
	tcase_add_test(tests, calls_that_fill_texts_write_them);
	tcase_add_test(tests, streams_read_and_write_buffers);
	tcase_add_test(tests, lines_are_written_where_they_are_kept);
	tcase_add_test(tests, formatted_texts_are_written);
	tcase_add_test(tests, times_are_written);
	tcase_add_test(tests, waits_for_descriptors_write_what_is_ready);
	tcase_add_test(tests, sorting_reads_and_writes_the_array);
	tcase_add_test(tests, unobserved_threads_tell_nothing);
	tcase_add_test(tests, recorded_ranges_are_not_told_again);
	tcase_add_test(tests, ends_of_descriptors_are_told);
	tcase_add_test(tests, foreign_functions_are_left_alone);
	tcase_add_test(tests, every_row_was_tried);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
