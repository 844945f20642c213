# shows: bounded stressors of threads, locks, semaphores, forks and signals
# needs: stress-ng
for stressor in pthread mutex sem sem-sysv fork vfork signal switch mmap futex clone yield sigsegv pipe; do
	$OBSERVE stress-ng --quiet --temp-path "$PWD" --$stressor 2 --$stressor-ops 300 --timeout 20
	echo "$stressor $?"
done
