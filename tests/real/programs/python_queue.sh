# shows: bounded queues between producers and consumers
# needs: python3
$OBSERVE "$PYTHON" "$programs/queue_guest.py"
