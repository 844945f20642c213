#include "reports/states/calls.h"

#include <sys/syscall.h>

#include "base/types.h"

static const struct call_row {
	uint32_t number;
	const char *name;
	const char *words;
	bool has_descriptor;
} call_rows[] = {
#define CALL(name, words, has_descriptor) {SYS_##name, #name, words, has_descriptor},
#include "reports/states/calls.def"
#undef CALL
};

static const struct call_row *find_call(uint32_t number)
{
	for (size_t i = 0; i < ARRAY_LENGTH(call_rows); i++)
		if (call_rows[i].number == number)
			return &call_rows[i];
	return NULL;
}

const char *call_words(struct pool *pool, const struct model_state *state)
{
	const struct call_row *row = find_call(state->call);

	if (state->call == STATE_RUNS)
		return "runs";
	if (!row)
		return pool_format(pool, "is in system call %u", state->call);
	if (!row->has_descriptor)
		return row->words;
	return pool_format(pool, "%s %d", row->words, (int)state->argument);
}

const char *call_name(struct pool *pool, const struct model_state *state)
{
	const struct call_row *row = find_call(state->call);

	if (state->call == STATE_RUNS)
		return "running";
	return row ? row->name : pool_format(pool, "system call %u", state->call);
}
