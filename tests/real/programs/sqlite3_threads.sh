# shows: one database, several connections and a shared one, by Python's threads
# needs: python3
# modules: libsqlite3.so*
$OBSERVE "$PYTHON" "$programs/sqlite_guest.py"
