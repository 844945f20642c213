#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "reports/source/operand.h"

typedef const char *operand_function(struct pool *pool, const struct source_frame *frame);

/* The column is that of the caret: '^' in the line below. */
static const struct {
	operand_function *read;
	const char *line, *caret;
	const char *expected;
} rows[] = {
	{operand_of_call, "\tpthread_mutex_init(&member->card_lock, NULL);", "\t^",
	 "member->card_lock"},
	{operand_of_call, "if (pthread_mutex_trylock(&cache->shards.lock) == 0)", "    ^",
	 "cache->shards.lock"},
	{operand_of_call, "std::lock_guard<std::mutex> own(mutex_);",
	 "                                      ^", "mutex_"},
	{operand_of_call, "std::unique_lock lock{other.mutex_};", "                     ^",
	 "other.mutex_"},
	{operand_of_call, "{ state_->mutex.lock(); }", "                   ^", "state_->mutex"},
	{operand_of_call, "void put(int item) { std::scoped_lock own(lock_); }",
	 "                                        ^", "lock_"},
	{operand_of_call, "changed.wait(guard, ready);", "            ^", "changed"},
	{operand_of_call, "list_add(&node->link); pthread_mutex_lock(&list->lock);",
	 "                       ^", "list->lock"},
	{operand_of_call, "pthread_mutex_lock(&forks[first]);", "^", NULL},
	{operand_of_call, "pthread_mutex_lock(lock_of(node));", "^", NULL},
	{operand_of_call, "(*task)();", "^", NULL},
	{operand_of_call, "/* mutex_.lock() */", "^", NULL},
	{operand_of_write, "most = std::max(most, count);", "     ^", "most"},
	{operand_of_write, "seen[i]++; sums.all += i;", "                    ^", "sums.all"},
	{operand_of_write, "total++;", "     ^", "total"},
	{operand_of_write, "seen[i]++;", "       ^", NULL},
	{operand_of_write, "if (most == count)", "         ^", NULL},
	{operand_of_write, "most = count;", "       ^", NULL},
};

START_TEST(the_source_names_it)
{
	char path[] = "/tmp/operandXXXXXX";
	struct source_frame frame = {.file = path, .path = path, .line = 2};
	struct pool pool = {0};
	const char *words;
	FILE *file = fdopen(mkstemp(path), "w");

	ck_assert_ptr_nonnull(file);
	fprintf(file, "\n%s\n", rows[_i].line);
	fclose(file);
	frame.column = (unsigned)strlen(rows[_i].caret);
	words = rows[_i].read(&pool, &frame);
	unlink(path);
	ck_assert_pstr_eq(words, rows[_i].expected);
	pool_free(&pool);
}
END_TEST

START_TEST(without_the_file_nothing_is_said)
{
	struct source_frame frame = {.file = "/nowhere/x.c", .path = "/nowhere/x.c", .line = 1};
	struct pool pool = {0};

	ck_assert_ptr_null(operand_of_call(&pool, &frame));
	ck_assert_ptr_null(operand_of_write(&pool, &frame));
	pool_free(&pool);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("report_operand");
	TCase *tests = tcase_create("operand");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tests, the_source_names_it, 0, sizeof(rows) / sizeof(rows[0]));
	tcase_add_test(tests, without_the_file_nothing_is_said);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
