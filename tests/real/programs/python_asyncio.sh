# shows: event loops, executors, children and loopback connections
# needs: python3
$OBSERVE "$PYTHON" "$programs/asyncio_guest.py"
