/* What functions of bytes, strings and numbers read and write. */
#define _GNU_SOURCE
#include "range_lab.h"

#include <dlfcn.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
	strcpy(b, "one ten");
	CALL(strcoll)(a, b);
	TOLD(R(a, 6), R(b, 6));
	CALL(strverscmp)(a, b);
	TOLD(R(a, 6), R(b, 6));
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
		((long (*)(const char *, char **, int))range_find(newer[i].name,
								  newer[i].function))(b, &end, 10);
		TOLD(R(b, 3), W(&end, 8));
	}
}
END_TEST

void range_add_texts(TCase *tests)
{
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
}
