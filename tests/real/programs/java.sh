# shows: a JVM: its collector and compiler threads, monitors, executors
# needs: java javac
cp "$programs/JavaGuest.java" .
javac JavaGuest.java || exit
$OBSERVE java -Xshare:auto JavaGuest
