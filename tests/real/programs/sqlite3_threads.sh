# shows: one database, several connections and a shared one, by Python's threads
# needs: python3
$OBSERVE "$PYTHON" "$programs/sqlite_guest.py"
