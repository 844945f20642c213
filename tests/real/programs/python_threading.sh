# shows: locks, recursive locks, conditions, events, semaphores and barriers of Python
# needs: python3
$OBSERVE "$PYTHON" "$programs/threading_guest.py"
