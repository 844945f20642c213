# Programs that cannot be observed are refused, with the reason.

echo 'int main(void) { return 0; }' >"$work/main.c"

# build NAME COMPILER FLAGS...: $work/NAME, or a skipped test.
build() {
	name=$1
	shift
	"$@" -o "$work/$name" "$work/main.c" 2>"$work/err" || {
		skip "$name" "cannot be built here"
		return 1
	}
}

# patch NAME OFFSET OCTAL: a copy of the plain program with one byte changed.
patch() {
	cp "$work/plain_program" "$work/$1"
	printf "\\$3" | dd of="$work/$1" bs=1 seek="$2" conv=notrunc 2>/dev/null
}

build plain_program $CC && {
	run "a plain program" 0 "" -- "$snarl" run "$work/plain_program"
	patch other_machine 18 267
	run "another machine" 125 "cannot observe .*other_machine: .*another machine" -- \
		"$snarl" run "$work/other_machine"
	patch narrow 4 001
	run "a 32-bit program" 125 "32-bit" -- "$snarl" run "$work/narrow"
	cp "$work/plain_program" "$work/own" && chmod ug+s "$work/own"
	run "a set-uid program of the user" 0 "" -- "$snarl" run "$work/own"
	for kind in uid gid; do
		cp "$work/plain_program" "$work/set_$kind"
		if chown 65534:65534 "$work/set_$kind" 2>/dev/null; then
			chmod "${kind%id}+s" "$work/set_$kind"
			run "a set-$kind program" 125 "set-$kind" -- "$snarl" run "$work/set_$kind"
		else
			skip "a set-$kind program" "only root can make one of another user"
			continue
		fi
		printf '#!%s/set_%s\n' "$work" "$kind" >"$work/script" && chmod +x "$work/script"
		run "a script for a set-$kind interpreter" 125 "its interpreter .*set-$kind" -- \
			"$snarl" run "$work/script"
	done
	cp "$work/plain_program" "$work/capable"
	if setcap cap_net_raw+ep "$work/capable" 2>/dev/null; then
		run "file capabilities, which root has anyway" 0 "" -- "$snarl" run "$work/capable"
	else
		skip "file capabilities" "setcap is missing or not permitted"
	fi
	head -c 700 "$work/plain_program" >"$work/cut" && chmod +x "$work/cut"
	run "a truncated program" 125 "damaged" -- "$snarl" run "$work/cut"
	cp "$work/plain_program" "$work/secret" && chmod 0111 "$work/secret"
	run "a program that may not be read" 0 "" -- "$snarl" run "$work/secret"
	run "the loader, run by itself" 0 "" -- \
		"$snarl" run /lib64/ld-linux-x86-64.so.2 "$work/plain_program"
}
build static_program $CC -static &&
	run "a static program" 125 "statically linked" -- "$snarl" run "$work/static_program"
build static_pie $CC -static-pie &&
	run "a static position-independent program" 125 "statically linked" -- \
		"$snarl" run "$work/static_pie"
build musl_program $CC -Wl,--dynamic-linker=/lib/ld-musl-x86_64.so.1 &&
	run "a musl program" 125 "musl" -- "$snarl" run "$work/musl_program"
for sanitizer in address thread leak; do
	build "gcc_$sanitizer" gcc -fsanitize=$sanitizer &&
		run "gcc's $sanitizer sanitizer" 125 "sanitizer's runtime (lib" -- \
			"$snarl" run "$work/gcc_$sanitizer"
done
for sanitizer in address thread memory; do
	build "clang_$sanitizer" clang -fsanitize=$sanitizer &&
		run "clang's $sanitizer sanitizer" 125 "sanitizer's runtime (__" -- \
			"$snarl" run "$work/clang_$sanitizer"
done
if command -v strip >/dev/null && [ -x "$work/clang_address" ]; then
	strip "$work/clang_address"
	run "a stripped program with clang's address sanitizer" 125 "(__asan_init)" -- \
		"$snarl" run "$work/clang_address"
fi
build undefined gcc -fsanitize=undefined &&
	run "the undefined-behaviour sanitizer does not matter" 0 "" -- "$snarl" run "$work/undefined"

mkdir "$work/bare" && cp "$snarl" "$work/bare/snarl"
if [ -e "$work/lib/snarl/libsnarl.so" ]; then
	skip "library missing" "there is one at $work/lib"
else
	run "library missing" 125 "libsnarl.so is missing" -- "$work/bare/snarl" run true
	mkdir -p "$work/lib/snarl" && cp "$work/bin/preload/libsnarl.so" "$work/lib/snarl"
	run "library of an installed tree" 0 "" -- "$work/bare/snarl" run true
	rm -r "$work/lib"
fi
mkdir -p "$work/a place/preload" && cp "$snarl" "$work/a place/" &&
	cp "$work/bin/preload/libsnarl.so" "$work/a place/preload"
run "library in a directory with a space" 125 "space or colon" -- "$work/a place/snarl" run true
