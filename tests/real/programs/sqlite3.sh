# shows: the command-line shell, a sorter with helper threads, a file database
# needs: sqlite3
# modules: libsqlite3.so*
cat >script <<END
PRAGMA threads=2;
CREATE TABLE t(a INTEGER PRIMARY KEY, b INTEGER, c TEXT);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < $((300000 / scale)))
INSERT INTO t SELECT i, (i * 7919) % 100003, 'row ' || i FROM n;
CREATE INDEX by_b ON t(b, c);
SELECT count(*), sum(length(c)) FROM t WHERE b BETWEEN 1000 AND 50000;
SELECT count(*) FROM (SELECT c FROM t ORDER BY c, b);
PRAGMA integrity_check;
END
$OBSERVE sqlite3 :memory: <script
$OBSERVE sqlite3 file.db <script
$OBSERVE sqlite3 file.db 'SELECT max(b) FROM t; SELECT broken;'
