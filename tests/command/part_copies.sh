# Two copies of the library in one process: the program calls the first, the other stands aside.
# shellcheck shell=sh disable=SC2154,SC2016

cat >"$work/racy.c" <<'END'
#include <pthread.h>
static int count;
static void *add(void *unused)
{
	for (int i = 0; i < 1000; i++)
		count++;
	return unused;
}
int main(void)
{
	pthread_t a, b;
	pthread_create(&a, 0, add, 0);
	pthread_create(&b, 0, add, 0);
	pthread_join(a, 0);
	pthread_join(b, 0);
	return 0;
}
END
first="$(dirname "$built")/preload/libsnarl.so"
other="$work/other.so"
if ! $CC -g -pthread -o "$work/racy" "$work/racy.c" || ! cp "$first" "$other" 2>/dev/null; then
	skip "two copies of the library" "there is none, or no compiler"
else
	run "two copies: the second stands aside" 66 "another copy of the library stands aside: $other" -- \
		env LD_PRELOAD="$first $other" "$work/racy"
	mv "$work/err" "$work/said"
	claim "two copies: that is said once" \
		sh -c '[ "$(grep -c "stands aside" "$1")" = 1 ]' - "$work/said"
	run "two copies: the first finds what there is" 66 "is updated by .* (add)" -- \
		env LD_PRELOAD="$first $other" "$work/racy"
	run "one copy finds the same" 66 "1 error" -- env LD_PRELOAD="$first" "$work/racy"
	mv "$work/err" "$work/said"
	claim "one copy says nothing of others" \
		sh -c '! grep -q "stands aside" "$1"' - "$work/said"
fi
