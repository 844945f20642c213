# shows: forked and spawned workers, process-shared semaphores, pipes
# needs: python3
$OBSERVE "$PYTHON" "$programs/multiprocessing_guest.py"
