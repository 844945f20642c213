# shows: sysbench's memory workload with a fixed number of events
# needs: sysbench
$OBSERVE sysbench memory --memory-total-size=$((4096 / scale))M --memory-block-size=4K --threads=4 --time=0 run >log
echo $?
grep -oE 'total number of events: .*' log
