# Annotations of order: a hand-over that nobody sees is a race without one.

if [ ! -e "$(dirname "$built")/preload/libsnarl.so" ] ||
	! $CC -g -pthread -I"$srcdir/include" -o "$work/annotated" "$srcdir/tests/command/annotated.c" 2>"$work/err"; then
	skip "annotations" "no preload/libsnarl.so beside $built, or no compiler"
else
	run "annotations: none, without snarl" 0 "" -- "$work/annotated" snarl
	run "annotations: a race without one" 66 "lost-update: message" -- "$built" run "$work/annotated" none
	for annotation in snarl dynamic tsan; do
		run "annotations: silent with $annotation" 0 "^snarl: no findings" -- \
			"$built" run "$work/annotated" $annotation
	done
	$CC -g -pthread -I"$srcdir/include" -o "$work/own_locks" "$srcdir/tests/command/own_locks.c"
	run "annotations: own locks, without snarl" 0 "" -- "$work/own_locks" snarl
	run "annotations: own locks are not seen" 66 "lost-update: count" -- \
		"$built" run "$work/own_locks" none
	run "annotations: nor their order" 0 "^snarl: no findings" -- \
		"$built" run "$work/own_locks" none order
	for annotation in snarl dynamic tsan tried; do
		run "annotations: own locks with $annotation" 0 "^snarl: no findings" -- \
			"$built" run "$work/own_locks" $annotation
	done
	run "annotations: readers do not exclude each other" 66 "lost-update: count" -- \
		"$built" run "$work/own_locks" shared
	for annotation in snarl dynamic tsan; do
		run "annotations: the order of own locks with $annotation" 66 \
			"error: lock-order-inversion" -- "$built" run "$work/own_locks" $annotation order
	done
	run "annotations: their names" 66 "lock-order-inversion: the first lock and the second lock" -- \
		"$built" run "$work/own_locks" snarl order
	run "annotations: who only tries waits for nobody" 0 "^snarl: no findings" -- \
		"$built" run "$work/own_locks" tried order
	run "annotations: the name of a mutex" 66 "the third lock: mutex" -- \
		"$built" run "$work/own_locks" named
	run "annotations: races" 66 "^snarl: 2 errors" -- "$built" run "$work/own_locks" benign none
	run "annotations: a race that is benign, and one that is not" 66 "^snarl: 1 error" -- \
		"$built" run "$work/own_locks" benign one
	run "annotations: benign races" 0 "^snarl: races that the program calls benign: [1-9]" -- \
		"$built" run --stats "$work/own_locks" benign all
	$CC -g -pthread -o "$work/ignored" "$srcdir/tests/command/ignored.c"
	for mode in none ended other left; do
		run "annotations: a race in no region: $mode" 66 "error: data-race: datum" -- \
			"$built" run "$work/ignored" $mode
	done
	for number in 190 191 192 193; do
		run "annotations: a race in no region: beside, $number" 66 "error: data-race: data" -- \
			"$built" run "$work/ignored" beside $number
	done
	for mode in reads writes nested wtf; do
		run "annotations: a race in a region: $mode" 0 "^snarl: no findings" -- \
			"$built" run "$work/ignored" $mode
	done
	cat >"$work/annotated.cc" <<-'END'
		#include <snarl.h>
		int main()
		{
			static int word;
			SNARL_HAPPENS_BEFORE(&word);
			SNARL_HAPPENS_AFTER(&word);
			SNARL_LOCK_ACQUIRED(&word);
			SNARL_LOCK_RELEASED(&word);
			SNARL_LOCK_NAME(&word, "word");
			SNARL_BENIGN_RACE(&word, sizeof(word), "it is meant");
		}
	END
	run "annotations: the header suits C++" 0 "" -- ${CXX:-g++} -Wall -Wextra -Werror \
		-I"$srcdir/include" -o "$work/annotated_cxx" "$work/annotated.cc"
	run "annotations: a C++ program without snarl" 0 "" -- "$work/annotated_cxx"
fi
