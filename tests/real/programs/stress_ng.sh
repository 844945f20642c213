# shows: bounded stressors of threads, locks, semaphores, forks and signals
# needs: stress-ng
# timeout: 600
for stressor in pthread sem-sysv fork vfork signal switch futex clone pipe dup eventfd sigq; do
	$OBSERVE timeout 100 stress-ng --quiet --temp-path "$PWD" --$stressor 2 --$stressor-ops 200
	echo "$stressor $?"
done
