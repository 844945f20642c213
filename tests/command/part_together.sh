# The command with the guest library beside it: a program that deadlocks.

if [ ! -e "$(dirname "$built")/preload/libsnarl.so" ]; then
	skip "the command with the guest library" "no preload/libsnarl.so beside $built"
elif ! $CC -g -pthread -o "$work/crossed" "$srcdir/tests/command/crossed.c" 2>"$work/err"; then
	skip "the command with the guest library" "cannot build a program"
else
	run "together: a program without threads" 3 "" -- "$built" run sh -c 'exit 3'
	run "together: a deadlock ends the program" 66 "deadlock" -- "$built" run "$work/crossed"
	run "together: --exit-code" 9 "deadlock" -- "$built" run --exit-code=9 "$work/crossed"
	run "together: --on-deadlock=abort" 66 "deadlock" -- \
		"$built" run --on-deadlock=abort "$work/crossed"
	run "together: --on-deadlock=abort, seen as it is" 134 "deadlock" -- \
		"$built" run --on-deadlock=abort --fail-on=never "$work/crossed"
	run "together: --on-deadlock=report goes on hanging" 137 "blocked" -- "$built" run \
		--on-deadlock=report --timeout=1 --fail-on=never "$work/crossed"
	run "together: --no-check=deadlock goes on hanging" 137 "no findings" -- "$built" run \
		--no-check=deadlock,locks --timeout=1 --fail-on=never "$work/crossed"
	run "together: --check=locks observes no accesses" 0 "^snarl: accesses that took more than a quick check: 0" -- \
		"$built" run --check=locks --no-check=lock-order-inversion --stats "$work/here/fingered"
	run "together: --stats counts accesses" 66 "^snarl: accesses that took more than a quick check: [1-9]" -- \
		"$built" run --stats "$work/here/fingered"
	$CC -g -pthread -o "$work/counted" "$srcdir/tests/command/counted.c"
	run "together: an atomic update goes between the halves of a plain one" 66 \
		"^ *updates count *$" -- "$built" run "$work/counted"
	$CC -g -pthread -o "$work/fields" "$srcdir/tests/command/fields.c"
	run "together: fields of one structure are one finding" 66 \
		"hits, misses and points of struct score are updated" -- "$built" run "$work/fields"
	cp "$work/err" "$work/fields.txt"
	claim "together: another variable is another" \
		grep -q "^snarl: 2 errors (2 findings" "$work/fields.txt"
	$CC -g -O1 -pthread -o "$work/methods" "$srcdir/tests/command/methods.c"
	run "together: fields that small functions of one caller update are one finding" 66 \
		"hits, misses and points of struct score are updated" -- "$built" run "$work/methods"
	cp "$work/err" "$work/methods.txt"
	claim "together: a field under another lock is another" \
		grep -q "^snarl: 2 errors (2 findings" "$work/methods.txt"
	$CC -g -pthread -o "$work/lacking" "$srcdir/tests/command/lacking.c"
	run "together: what one call does without a lock is one finding" 66 \
		"next, prev, refs and uses of struct entry are written" -- "$built" run "$work/lacking"
	cp "$work/err" "$work/lacking.txt"
	claim "together: another call without it is another" \
		grep -q "^snarl: 2 errors (2 findings" "$work/lacking.txt"
	$CC -g -pthread -o "$work/both" "$srcdir/tests/command/both.c"
	run "together: a race and a lost update of one variable are one finding" 66 \
		"^  Also: .*lost-update: seen (both.c:9)" -- "$built" run "$work/both"
	cp "$work/err" "$work/both.txt"
	claim "together: an update that is lost between two sections is another" \
		grep -q "^snarl: 3 errors (3 findings" "$work/both.txt"
	$CC -g -pthread -o "$work/ended" "$srcdir/tests/command/ended.c"
	run "together: uses of a block after one free are one finding" 66 \
		"use after free: number, price and count of struct order" -- "$built" run "$work/ended"
	cp "$work/err" "$work/ended.txt"
	claim "together: and there is no other" grep -q "^snarl: 1 error (1 finding" "$work/ended.txt"
	if ${CXX:-g++} -g -pthread -o "$work/containers" "$srcdir/tests/command/containers.cc"; then
		run "together: a race in a container" 66 "audit: std::vector<std::string> (its [a-z]* pointer)" -- \
			"$built" run --json "$work/containers.json" "$work/containers"
		cp "$work/err" "$work/containers.txt"
		claim "together: a container in an object of the heap" \
			grep -q "stock: std::unordered_map<std::string, int> (its size), at offset .* of shop" \
			"$work/containers.txt"
		claim "together: a container that is an object of the heap" \
			grep -q "reads the std::map<int, int>, 8 bytes" "$work/containers.txt"
		${CXX:-g++} -g -pthread -o "$work/node" "$srcdir/tests/command/node.cc"
		run "together: an object in a node" 66 "pair<int const, branch>.second.rooms" -- \
			"$built" run "$work/node"
		cp "$work/err" "$work/node.txt"
		claim "together: a block that is no object of a template's argument" \
			grep -q "the block+8, 8 bytes" "$work/node.txt"
		claim "together: a container in an object made by new" \
			grep -q "logs: std::list<int> (its size), at offset .* of yard" "$work/containers.txt"
		claim "together: frames are shown below the folder that all places have in common" \
			grep -q "count_orders  *containers.cc:" "$work/containers.txt"
		claim "together: JSON has the member" grep -q '"member": "its size"' "$work/containers.json"
		${CXX:-g++} -g -pthread -o "$work/stored" "$srcdir/tests/command/stored.cc"
		run "together: a container and what it stores are one finding" 66 \
			"data-race: orders (stored.cc:13) is " -- "$built" run "$work/stored"
		cp "$work/err" "$work/stored.txt"
		claim "together: what is done to a stored object elsewhere is another" \
			grep -q "^snarl: 3 errors (3 findings" "$work/stored.txt"
		${CXX:-g++} -O1 -g -pthread -o "$work/hidden" "$srcdir/tests/command/hidden.cc"
		run "together: an inlined method of a hidden class has its class" 66 \
			"#0  (anonymous namespace)::counter::add" -- "$built" run "$work/hidden"
		cp "$work/err" "$work/hidden.txt"
		if clang++ -O1 -g -pthread -o "$work/hidden-clang" "$srcdir/tests/command/hidden.cc"; then
			run "together: lambdas are known by their place, as clang tells it" 66 \
				"lambda at hidden.cc:24 " -- "$built" run "$work/hidden-clang"
		else
			skip "together: lambdas of clang" "no clang++"
		fi
		claim "together: a method of a class in a lambda" grep -q "#0  use  " "$work/hidden.txt"
		claim "together: a member that a method locks has its class" \
			grep -q "desk.ink (hidden.cc:34) and desk.paper (hidden.cc:35) are taken in both" \
			"$work/hidden.txt"
		claim "together: a once of the library is nobody's" \
			sh -c '! grep -q "routine of" "$1"' - "$work/hidden.txt"
		${CXX:-g++} -std=c++17 -O1 -g -pthread -o "$work/cache" "$srcdir/tests/command/cache.cc"
		run "together: a lock is named by its field, and told by a place" 66 \
			"while it held Cache<...>.mutex_ #[12] for reading, taken at cache.cc:22$" -- \
			env COLUMNS=100 "$built" run "$work/cache"
		cp "$work/err" "$work/cache.txt"
		claim "together: three bugs of C++ in 70 lines of 100 columns" \
			awk 'length > 100 && !/^snarl: 3/ { wide = 1 } END { exit NR > 70 || wide }' "$work/cache.txt"
		claim "together: and there are three" grep -q "^snarl: 3 errors" "$work/cache.txt"
		claim "together: equal stacks are told once" \
			grep -q "at the same place with the same lock$" "$work/cache.txt"
		claim "together: each thread's creation is told once" \
			sh -c '[ $(grep -o "T[2-5].* created by" "$1" | grep -o "T[2-5]" | sort | uniq -d |
				wc -l) = 0 ]' - "$work/cache.txt"
	else
		skip "together: containers" "no C++ compiler"
	fi
	$CC -g -pthread -o "$work/handled" "$srcdir/tests/command/handled.c"
	run "together: a handler of a fault ends no hang" 66 "error: hang" -- \
		"$built" run "$work/handled" 11
	run "together: a handler may post: a warning, not ended" 137 "warning: hang" -- \
		"$built" run --timeout=2 --fail-on=never "$work/handled" 15
	$CC -g -pthread -o "$work/crowd" "$srcdir/tests/command/crowd.c"
	run "together: threads that wait alike are one group" 66 \
		"^  37 threads here: T2 (wait_for_news), T3 (wait_for_news) and 35 more$" -- \
		"$built" run "$work/crowd"
	cp "$work/err" "$work/crowd.txt"
	claim "together: a group has one stack, and one step" \
		sh -c '[ $(grep -c "#0  wait_for_news" "$1") = 1 ] && [ $(grep -c "waits at" "$1") = 2 ]' \
		- "$work/crowd.txt"
	run "together: who waits for something else is in another group" 66 \
		"^  2 threads here: T2 (wait_for_news) and T3 (wait_for_news)$" -- \
		"$built" run "$work/crowd" apart
	cp "$work/err" "$work/crowd.txt"
	claim "together: the others are in one" grep -q "^  35 threads here: " "$work/crowd.txt"
	run "together: locks of one origin are told apart" 0 "acquires a younger one" -- \
		"$built" run "$(dirname "$built")/samples/order/bank_transfer"
	$CC -g -pthread -o "$work/states" "$srcdir/tests/command/states.c"
	run "together: --timeout" 66 "5 threads blocked in process 1 .*, 1 not" -- "$built" run \
		--timeout=3 --save "$work/states.snarl" --json "$work/states.json" "$work/states"
	cp "$work/err" "$work/states.txt"
	run "together: report tells of --timeout" 0 "5 threads blocked in process 1 .*, 1 not" -- \
		"$built" report "$work/states.snarl"
	claim "together: --timeout shows the callers of who created threads" \
		grep -q "#[0-9]*  start_threads .*states.c" "$work/states.txt"
	# The spinning thread has no name of ours: its code is a copy.
	for function in main read_pipe take_token await_word poll_nothing; do
		claim "together: --timeout shows $function" \
			sh -c 'grep "#[0-9]*  $2 .*states.c" "$1"' - "$work/states.txt" $function
	done
	run "together: --timeout shows who holds what is waited for" 66 "held by T[23] " -- "$built" run \
		--no-check=deadlock,hang,locks --timeout=1 --json "$work/held.json" "$work/crossed"
	cp "$work/err" "$work/held.txt"
	claim "together: --timeout shows where" \
		grep -q "while it held crossed.c:.*, taken at " "$work/held.txt"
	claim "together: JSON tells where" grep '"holds": \[$' "$work/held.json"
	claim "together: --timeout shows what the kernel says" \
		sh -c 'grep "polls descriptors:" "$1" && grep "^    runs" "$1"' - "$work/states.txt"
	claim "together: JSON tells of --timeout" grep '"timed_out": true' "$work/states.json"
	run "together: a child's deadlock counts" 66 "deadlock" -- \
		"$built" run sh -c '"$1"; exit 0' - "$work/crossed"
	run "together: --follow-children=no leaves a child alone" 0 "" -- "$built" run \
		--follow-children=no sh -c 'timeout -s KILL 1 "$1"; exit 0' - "$work/crossed"
	run "together: --save" 66 "" -- \
		"$built" run --quiet --save "$work/together.snarl" "$work/crossed"
	run "together: report of what was saved" 66 "deadlock" -- \
		"$built" report "$work/together.snarl"
	[ -x "$work/static_program" ] &&
		run "together: a static child runs, and is told" 0 "static_program" -- \
			"$built" run sh -c '"$1"' - "$work/static_program"
fi

# A source that has changed since, with its old time: the line table has its digest.
raced_source() {
	cat >"$work/raced.c" <<-END
		#include <pthread.h>
		static int shared;
		static void *run(void *unused) { shared = 1;$1 return unused; }
		int main(void) {
			pthread_t thread;
			pthread_create(&thread, 0, run, 0);
			shared = 2;
			return pthread_join(thread, 0);
		}
	END
	touch -d '1 hour ago' "$work/raced.c"
}

raced_source ''
if [ ! -e "$(dirname "$built")/preload/libsnarl.so" ]; then
	skip "a changed source" "no preload/libsnarl.so beside $built"
elif ! clang -gdwarf-5 -pthread -o "$work/raced" "$work/raced.c" 2>"$work/err"; then
	skip "a changed source" "no clang"
else
	run "together: a race by the text of its source" 66 "by its source" -- \
		"$built" run "$work/raced"
	raced_source ' '
	run "together: a source that has changed says nothing" 0 "has changed since" -- \
		"$built" run "$work/raced"
fi
