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
	cat >"$work/annotated.cc" <<-'END'
		#include <snarl.h>
		int main()
		{
			static int word;
			SNARL_HAPPENS_BEFORE(&word);
			SNARL_HAPPENS_AFTER(&word);
		}
	END
	run "annotations: the header suits C++" 0 "" -- ${CXX:-g++} -Wall -Wextra -Werror \
		-I"$srcdir/include" -o "$work/annotated_cxx" "$work/annotated.cc"
	run "annotations: a C++ program without snarl" 0 "" -- "$work/annotated_cxx"
fi
