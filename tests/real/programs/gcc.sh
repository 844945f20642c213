# shows: the compiler driver, cc1, as and ld; link-time optimisation in parallel
# needs: gcc
cat >program.c <<'END'
#include <stdio.h>
#include <stdlib.h>
static int compare(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }
int main(void)
{
	int numbers[] = {3, 1, 2};
	qsort(numbers, 3, sizeof *numbers, compare);
	return printf("%d%d%d\n", numbers[0], numbers[1], numbers[2]) != 4;
}
END
$OBSERVE gcc -O2 -Wall -pipe program.c -o program
$OBSERVE ./program
$OBSERVE gcc -O2 -flto=2 program.c -o program && ./program
$OBSERVE gcc -c missing.c
