# shows: a parallel make with a jobserver, and failing recipes
# needs: make
printf 'all: $(addprefix f,1 2 3 4 5 6 7 8 9)\nf%%:\n\t@sleep 0.0$*; echo $* >$@\nbad:\n\t@exit 3\nsub:\n\t@$(MAKE) --no-print-directory all\n' >Makefile
$OBSERVE make -j3
$OBSERVE make -B -j3 sub
cat f* | cksum
$OBSERVE make bad
