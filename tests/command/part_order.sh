# snarl order: orders of locks are written down; others are findings from then on.

# taken NAME EVENTS: the results of a script.
taken() {
	printf '%s\n' "$2" >"$work/$1.events"
	"$snarl" replay --quiet --save "$work/$1.snarl" "$work/$1.events" >"$work/err" 2>&1
}

# ordered NAME STATUS WORDS FILE OPTION...: what is said of results with orders.order.
ordered() {
	name=$1 status=$2 words=$3 results=$4
	shift 4
	run "order: $name" "$status" "$words" -- "$snarl" report --color=never \
		--order "$work/orders.order" "$@" "$work/$results.snarl"
}

taken ab "T1 acquire A  T1 acquire B  T1 release B  T1 release A"
taken bc "T1 acquire B  T1 acquire C  T1 release C  T1 release B"
taken ac "T1 acquire A  T1 acquire C  T1 release C  T1 release A"
taken ba "T1 acquire B  T1 acquire A  T1 release A  T1 release B"
taken ca "T1 acquire C  T1 acquire A  T1 release A  T1 release C"
taken ad "T1 acquire A  T1 acquire D  T1 release D  T1 release A"
taken gated_ba "T1 acquire B  T1 acquire G  T1 acquire A  T1 release A  T1 release G  T1 release B"
taken both "T1 acquire A  T1 acquire B  T1 release B  T1 release A
T2 acquire B  T2 acquire A  T2 release A  T2 release B"

run "order: learned" 0 "orders.order: 2 orders learned" -- \
	"$snarl" order --learn "$work/orders.order" "$work/ab.snarl" "$work/bc.snarl"
claim "order: lines that people can read" grep -qx "A -> B" "$work/orders.order"
cp "$work/orders.order" "$work/before.order"
run "order: what follows is known" 0 "0 orders learned" -- \
	"$snarl" order --learn "$work/orders.order" "$work/ac.snarl" "$work/ab.snarl"
claim "order: a file that knows all stays as it is" cmp "$work/orders.order" "$work/before.order"
ordered "the order of the file" 0 "^snarl: no findings" ab
ordered "an order that follows" 0 "^snarl: no findings" ac
ordered "the opposite order, by one thread" 66 \
	"error: lock-order-inversion: A is taken with B held by .*, but .*orders.order:4 has the opposite order" ba
ordered "the opposite of what follows" 66 "orders.order:4 has the opposite order" ca
ordered "an outer lock makes no difference" 66 "orders.order:4 has the opposite order" gated_ba
ordered "an unknown order is a warning" 0 "warning: lock-order-inversion: .*orders.order has no such order" ad
ordered "and says what to write" 0 "add the line 'A -> D'" ad
ordered "both orders in the run are one finding" 66 "^snarl: 1 error (1 finding" both
ordered "without the kind" 0 "^snarl: no findings" ba --no-check=lock-order-inversion
ordered "in JSON" 66 "" ba --quiet --json "$work/order.json"
claim "order: JSON says that it is declared" grep -q '"declared"' "$work/order.json"
run "order: the opposite order is learned with a remark" 0 "1 order learned" -- \
	"$snarl" order --learn "$work/orders.order" "$work/ba.snarl"
claim "order: the remark" grep -q "The opposite order is here" "$work/orders.order"
ordered "both orders are allowed then" 0 "^snarl: no findings" ba
head -c -40 "$work/ba.snarl" >"$work/half.snarl"
run "order: damaged results are named, the others are read" 125 "left out: .*half.snarl: " -- \
	"$snarl" order --learn "$work/other.order" "$work/half.snarl" "$work/ab.snarl"
claim "order: the others are read" grep -qx "A -> B" "$work/other.order"
run "order: into a folder that is not there" 125 "cannot write /no/such/file" -- \
	"$snarl" order --learn /no/such/file "$work/ab.snarl"
run "order: without --learn" 125 "order: into which file? (--learn FILE)" -- \
	"$snarl" order "$work/ab.snarl"
printf '# A comment.\n\nA -> B\nA, B\n' >"$work/wrong.order"
run "order: what is no order has its line" 125 "wrong.order:4: expected 'HELD -> TAKEN'" -- \
	"$snarl" run --order "$work/wrong.order" touch "$work/begun"
run "order: a file that is not there" 125 "nowhere.order: No such file" -- \
	"$snarl" run --order "$work/nowhere.order" touch "$work/begun"
claim "order: no program was started in vain" test ! -e "$work/begun"

if [ -x "$work/order" ] && [ -e "$work/real1.snarl" ]; then
	"$snarl" order --quiet --learn "$work/real.order" "$work/real1.snarl"
	claim "order: classes have the program's name, without folders" \
		grep -qx "order order.c:table -> order mutex of add_row" "$work/real.order"
	run "order: one run of one thread suffices" 66 \
		"error: lock-order-inversion: .*real.order:4 has the opposite order" -- \
		"$built" run --order "$work/real.order" "$work/order" backwards
	run "order: the right order is silent" 0 "" -- \
		"$built" run --order "$work/real.order" "$work/order"
else
	skip "order of a real program" "no results of part_merge"
fi
