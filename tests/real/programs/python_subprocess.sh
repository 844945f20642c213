# shows: children started by threads at the same time (vfork, fork, exec)
# needs: python3
$OBSERVE "$PYTHON" "$programs/subprocess_guest.py"
