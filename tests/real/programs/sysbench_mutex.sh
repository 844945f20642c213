# shows: sysbench's mutex workload with a fixed number of events
# needs: sysbench
$OBSERVE sysbench mutex --mutex-locks=100000 --threads=4 --time=0 run >log
echo $?
grep -oE 'total number of events: .*' log
