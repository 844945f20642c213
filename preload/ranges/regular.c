/* The wrappers of regular shape: rows of ranges.def. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <wchar.h>

#include "detect/data/site.h"
#include "preload/outside/number.h"
#include "preload/ranges/states.h"
#include "preload/ranges/tables.h"
#include "preload/guest/real.h"

/* --- Measures --------------------------------------------------------------- */

static size_t bytes_between(const void *from, const void *to)
{
	return (size_t)((const char *)to - (const char *)from);
}

/* The bytes up to @found and the one there; @otherwise if @found is NULL. */
static size_t bytes_through(const void *from, const void *found, size_t otherwise)
{
	return found ? bytes_between(from, found) + 1 : otherwise;
}

/* The C library's strlen uses vectors; ours (bytes.c) is slow. */
static size_t string_bytes(const char *s)
{
	return REAL(strlen)(s) + 1;
}

static size_t string_bytes_up_to(const char *s, size_t n)
{
	size_t length = REAL(strnlen)(s, n);

	return length < n ? length + 1 : n;
}

static size_t string_bytes_if(const char *result)
{
	return result ? string_bytes(result) : 0;
}

static size_t wide_bytes(const wchar_t *s)
{
	return (REAL(wcslen)(s) + 1) * sizeof(wchar_t);
}

static size_t wide_bytes_up_to(const wchar_t *s, size_t n)
{
	size_t length = REAL(wcsnlen)(s, n);

	return (length < n ? length + 1 : n) * sizeof(wchar_t);
}

static const wchar_t *wide_end(const wchar_t *s)
{
	return s + REAL(wcslen)(s);
}

static size_t positive_or_zero(ssize_t result)
{
	return result > 0 ? (size_t)result : 0;
}

/* With MSG_TRUNC the result may be more than was stored. */
static size_t stored_bytes(ssize_t result, size_t n)
{
	return positive_or_zero(result) < n ? positive_or_zero(result) : n;
}

static size_t paired_bytes(ssize_t n)
{
	return positive_or_zero(n) & ~(size_t)1;
}

static size_t address_bytes(int family)
{
	if (family == AF_INET)
		return sizeof(struct in_addr);
	return family == AF_INET6 ? sizeof(struct in6_addr) : 0;
}

/* Who says more than fits may have no such set: see note_selected(). */
static size_t set_bytes(int n)
{
	n = n < FD_SETSIZE ? n : FD_SETSIZE;
	return n > 0 ? ((size_t)n + NFDBITS - 1) / NFDBITS * sizeof(fd_mask) : 0;
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_letter_or_digit(char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* The bytes that may belong to a number, and the one that ends it. */
static size_t number_bytes(const char *s)
{
	const char *at = s;

	while (is_space(*at))
		at++;
	if (*at == '+' || *at == '-')
		at++;
	while (is_letter_or_digit(*at))
		at++;
	return bytes_between(s, at) + 1;
}

static size_t real_bytes(const char *s)
{
	const char *at = s;

	while (is_space(*at))
		at++;
	while (is_letter_or_digit(*at) || *at == '.' || *at == '+' || *at == '-')
		at++;
	return bytes_between(s, at) + 1;
}

/* --- Accesses in several steps ----------------------------------------------- */

/* Copies at most @n bytes.  @fills: always writes that many, if not 0. */
static void string_copied(const struct unwind_start *at, char *to, const char *from, size_t n,
			  size_t fills)
{
	size_t size_bytes = n == SIZE_MAX ? string_bytes(from) : string_bytes_up_to(from, n);

	range_read(at, from, size_bytes);
	range_written(at, to, fills ? fills : size_bytes);
}

static void string_added(const struct unwind_start *at, char *to, const char *from, size_t n)
{
	size_t there = string_bytes(to);
	size_t length = n == SIZE_MAX ? string_bytes(from) - 1 : REAL(strnlen)(from, n);

	range_read(at, to, there);
	range_read(at, from, length < n ? length + 1 : n);
	range_written(at, to + there - 1, length + 1);
}

/* Reads up to the first difference.  The two may have changed since the call. */
static void bytes_compared(const struct unwind_start *at, const void *a, const void *b, size_t n,
			   int result)
{
	const unsigned char *left = a;
	const unsigned char *right = b;
	size_t same = result ? 0 : n;

	while (same < n && left[same] == right[same])
		same++;
	if (same < n)
		same++;
	range_read(at, a, same);
	range_read(at, b, same);
}

static void wides_compared(const struct unwind_start *at, const wchar_t *a, const wchar_t *b,
			   size_t n, int result)
{
	size_t same = result ? 0 : n;

	while (same < n && a[same] == b[same])
		same++;
	if (same < n)
		same++;
	range_read(at, a, same * sizeof(*a));
	range_read(at, b, same * sizeof(*b));
}

static char fold_case(char c, bool folds)
{
	return folds && c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

/* Reads up to the first difference. */
static void strings_compared(const struct unwind_start *at, const char *a, const char *b, size_t n,
			     bool folds)
{
	size_t same = 0;

	while (same < n && a[same] && fold_case(a[same], folds) == fold_case(b[same], folds))
		same++;
	if (same < n)
		same++;
	range_read(at, a, same);
	range_read(at, b, same);
}

static void wide_compared(const struct unwind_start *at, const wchar_t *a, const wchar_t *b,
			  size_t n)
{
	size_t same = 0;

	while (same < n && a[same] && a[same] == b[same])
		same++;
	if (same < n)
		same++;
	range_read(at, a, same * sizeof(*a));
	range_read(at, b, same * sizeof(*b));
}

/* @token was found; it was terminated if @rest does not begin at its end. */
static void token_cut(const struct unwind_start *at, const char *token, const char *rest)
{
	size_t length;

	if (!token)
		return;
	length = string_bytes(token) - 1;
	range_read(at, token, length + 1);
	if (rest && rest != token + length)
		range_written(at, token + length, 1);
}

static void number_read(const struct unwind_start *at, const char *s, char **end)
{
	range_read(at, s, end ? bytes_between(s, *end) + 1 : number_bytes(s));
	range_written_if(at, end, sizeof(*end));
}

static void sets_written(const struct unwind_start *at, int result, size_t size_bytes,
			 const fd_set *in, const fd_set *out, const fd_set *other)
{
	if (result < 0)
		return;
	range_written_if(at, in, size_bytes);
	range_written_if(at, out, size_bytes);
	range_written_if(at, other, size_bytes);
}

/* --- The wrappers ----------------------------------------------------------- */

#define R(pointer, size_bytes) range_read(&start, (pointer), (size_bytes))
#define W(pointer, size_bytes) range_written(&start, (pointer), (size_bytes))
#define RN(pointer, size_bytes) range_read_if(&start, (pointer), (size_bytes))
#define F(number) range_number(&start, (number), SITE_READ)
#define C(number) range_number(&start, (number), SITE_WRITE)
#define CHANGES(state) state_changed(&start, STATE_##state)
#define WN(pointer, size_bytes) range_written_if(&start, (pointer), (size_bytes))

#define RANGE(type, name, parameters, arguments, before)                                           \
	static type wrapped_##name parameters                                                      \
	{                                                                                          \
		struct unwind_start start = unwind_start_here();                                   \
                                                                                                   \
		before;                                                                            \
		return ((type(*) parameters)range_originals[RANGE_OF_##name])arguments;            \
	}

#define RANGE_AFTER(type, name, parameters, arguments, before, after)                              \
	static type wrapped_##name parameters                                                      \
	{                                                                                          \
		struct unwind_start start = unwind_start_here();                                   \
		type result;                                                                       \
                                                                                                   \
		before;                                                                            \
		result = ((type(*) parameters)range_originals[RANGE_OF_##name])arguments;          \
		after;                                                                             \
		return result;                                                                     \
	}

#define RANGE_WRITTEN(name)
#include "preload/ranges/ranges.def"
#undef RANGE
#undef RANGE_AFTER
#undef RANGE_WRITTEN

void *const ranges_regular[RANGE_COUNT] = {
#define RANGE(type, name, parameters, arguments, before) [RANGE_OF_##name] = wrapped_##name,
#define RANGE_AFTER(type, name, parameters, arguments, before, after)                              \
	[RANGE_OF_##name] = wrapped_##name,
#define RANGE_WRITTEN(name)
#include "preload/ranges/ranges.def"
};
