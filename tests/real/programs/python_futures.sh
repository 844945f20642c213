# shows: a thread pool that hashes and compresses without the interpreter's lock
# needs: python3
$OBSERVE "$PYTHON" "$programs/futures_guest.py"
