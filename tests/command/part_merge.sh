# snarl merge: orders of locks that no process has seen alone, duplicates, damage.

# half NAME EVENTS: the results of a script.
half() {
	printf '%s\n' "$2" >"$work/$1.events"
	"$snarl" replay --quiet --save "$work/$1.snarl" "$work/$1.events" >"$work/err" 2>&1
}

# merged NAME STATUS WORDS FILE...: what merge says of these results.
merged() {
	name=$1 status=$2 words=$3
	shift 3
	run "merge: $name" "$status" "$words" -- "$snarl" merge --color=never \
		-o "$work/merged.snarl" --fail-on=warning $(printf "$work/%s.snarl " "$@")
}

half ab "T1 acquire A  T1 acquire B  T1 release B  T1 release A"
half ba "T2 acquire B  T2 acquire A  T2 release A  T2 release B"
half bc "T2 acquire B  T2 acquire C  T2 release C  T2 release B"
half ca "T3 acquire C  T3 acquire A  T3 release A  T3 release C"
both="T1 acquire A  T1 acquire B  T1 release B  T1 release A
T1 acquire B  T1 acquire A  T1 release A  T1 release B"
half one_thread "$both"
half gated_ab "T1 acquire G  T1 acquire A  T1 acquire B  T1 release B  T1 release A  T1 release G"
half gated_ba "T1 acquire G  T1 acquire B  T1 acquire A  T1 release A  T1 release B  T1 release G"
half other_gate "T1 acquire H  T1 acquire B  T1 acquire A  T1 release A  T1 release B  T1 release H"
half read_gate_ab "T1 rdlock G  T1 acquire A  T1 acquire B  T1 release B  T1 release A  T1 release G"
half read_gate_ba "T1 rdlock G  T1 acquire B  T1 acquire A  T1 release A  T1 release B  T1 release G"
half read_ab "T1 rdlock A  T1 rdlock B  T1 release B  T1 release A"
half read_ba "T1 rdlock B  T1 rdlock A  T1 release A  T1 release B"
half write_ba "T1 wrlock B  T1 wrlock A  T1 release A  T1 release B"
half try_ba "T1 acquire B  T1 try A  T1 release A  T1 release B"
half semaphores "T1 semwait A  T1 semwait B  T1 post B  T1 post A"
half update "T1 update x
T2 update x"

merged "two halves" 66 " warning: lock-order-inversion: A and B are taken in both orders by" ab ba
claim "merge: the processes are named" \
	sh -c '"$1" report "$2" 2>&1 | tr -s " \n" "  " | grep -q "process 1 is [^ ]*/ab.events (pid [0-9]*), process 2 is [^ ]*/ba.events"' \
	- "$snarl" "$work/merged.snarl"
merged "in the other order" 66 " warning: lock-order-inversion: " ba ab
merged "one half alone" 0 "^snarl: no findings" ab ab ab
merged "three thirds" 66 " warning: lock-order-cycle: A, B and C are taken in a circular order" ab bc ca
merged "three thirds in another order" 66 " warning: lock-order-cycle: " ca ab bc
merged "two thirds" 0 "^snarl: no findings" ab bc
merged "both orders by one thread are judged there" 0 "^snarl: no findings" one_thread ab ba
merged "a common gate" 0 "^snarl: no findings" gated_ab gated_ba
merged "different gates" 66 "1 warning (1 finding" gated_ab other_gate
merged "a gate of one alone" 66 "1 warning (1 finding" gated_ab ba
merged "gated once, ungated at another time" 66 "1 warning (1 finding" gated_ab gated_ba ba
merged "a gate that both read" 66 "1 warning (1 finding" read_gate_ab read_gate_ba
merged "readers alone" 0 "^snarl: no findings" read_ab read_ba
merged "readers and writers" 66 "1 warning (1 finding" read_ab write_ba
merged "a second lock by a try" 0 "^snarl: no findings" ab try_ba
merged "duplicates are counted" 66 "(1 finding, 3 occurrences)" update update update
claim "merge: duplicates take no room" sh -c \
	'[ $(stat -c %s "$1") -lt $(($(stat -c %s "$2") + 100)) ]' - "$work/merged.snarl" "$work/update.snarl"
"$snarl" merge --quiet -o "$work/union.snarl" "$work/ab.snarl" "$work/ba.snarl" "$work/update.snarl"
merged "of merged results" 66 "(2 findings, 3 occurrences)" union update
merged "a third file with merged results" 66 "1 error, 1 warning (2 findings" union ca
head -c -40 "$work/ba.snarl" >"$work/half.snarl"
merged "a damaged file is named, the others are merged" 125 "left out: .*half.snarl: " ab half ba
run "merge: the others are merged" 66 " warning: lock-order-inversion" -- \
	"$snarl" report --color=never --fail-on=warning "$work/merged.snarl"
merged "a file that is not there" 125 "left out: .*nowhere.snarl" ab nowhere
run "merge: report of what was merged" 0 "" -- "$snarl" report "$work/merged.snarl"
run "merge without -o" 125 "merge: to which file? (-o OUT)" -- "$snarl" merge "$work/ab.snarl"
run "merge: -o without a file" 125 "merge: -o: value missing" -- "$snarl" merge "$work/ab.snarl" -o
run "merge to a folder that is not there" 125 "cannot write /no/such/file" -- \
	"$snarl" merge -o /no/such/file "$work/ab.snarl"

# Real locks have the names of their variables, or of the place of their init.
cat >"$work/order.c" <<-'END'
	#include <pthread.h>
	#include <stdlib.h>
	static pthread_mutex_t table = PTHREAD_MUTEX_INITIALIZER;
	static pthread_mutex_t *row;
	__attribute__((noinline)) static void add_row(void)
	{
		row = malloc(sizeof(*row));
		pthread_mutex_init(row, NULL);
	}
	static void *idle(void *unused) { return unused; }
	int main(int argc, char **argv)
	{
		pthread_t thread;
		(void)argv;
		add_row();
		pthread_create(&thread, NULL, idle, NULL);
		pthread_join(thread, NULL);
		pthread_mutex_lock(argc > 1 ? row : &table);
		pthread_mutex_lock(argc > 1 ? &table : row);
		return 0;
	}
END
if [ -e "$(dirname "$built")/preload/libsnarl.so" ] &&
	$CC -g -pthread -o "$work/order" "$work/order.c" 2>"$work/err"; then
	cp "$work/order" "$work/other_order"
	"$built" run --quiet --save "$work/real1.snarl" "$work/order"
	"$built" run --quiet --save "$work/real2.snarl" "$work/order" backwards
	"$built" run --quiet --save "$work/real3.snarl" "$work/other_order" backwards
	merged "two runs of a program" 66 "order-inversion: .*row .order.c:8.* are taken in both" real1 real2
	merged "locks of different programs are different ones" 0 "^snarl: no findings" real1 real3
else
	skip "merge of real runs" "no preload/libsnarl.so beside $built"
fi
