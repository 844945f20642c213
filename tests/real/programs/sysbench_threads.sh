# shows: sysbench's threads workload with a fixed number of events
# needs: sysbench
$OBSERVE sysbench threads --thread-locks=4 --events=3000 --threads=4 --time=0 run >log
echo $?
grep -oE 'total number of events: .*' log
