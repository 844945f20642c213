# shows: sysbench's cpu workload with a fixed number of events
# needs: sysbench
$OBSERVE sysbench cpu --events=8000 --cpu-max-prime=5000 --threads=4 --time=0 run >log
echo $?
grep -oE 'total number of events: .*' log
