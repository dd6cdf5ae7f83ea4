"""Writers of one database, each a process with a path of its own to it.

sqlite-writers.py JOURNAL TRANSACTIONS PATH...

Each transaction adds a row and one to a counter that it has read before: a lost update, a torn page
or a lock that two hold shows in the counter, in the rows or in SQLite's own integrity check.
"""

import multiprocessing
import sqlite3
import sys

ROWS_A_TRANSACTION = 5
PATIENCE_SECONDS = 120


def connect(path, journal):
    database = sqlite3.connect(path, timeout=PATIENCE_SECONDS, isolation_level=None)
    database.execute(f"pragma journal_mode = {journal}")
    return database


def transact(database, writer, number):
    database.execute("begin immediate")
    (count,) = database.execute("select count from counter").fetchone()
    rows = [(writer, number, each, "x" * (each * 700)) for each in range(ROWS_A_TRANSACTION)]
    database.executemany("insert into row values (?, ?, ?, ?)", rows)
    database.execute("update counter set count = ?", (count + 1,))
    database.execute("commit")


def write(path, journal, writer, transactions):
    database = connect(path, journal)
    for number in range(transactions):
        transact(database, writer, number)
    database.close()


def judge(path, journal, transactions):
    database = connect(path, journal)
    (integrity,) = database.execute("pragma integrity_check").fetchone()
    assert integrity == "ok", f"{path}: {integrity}"
    (count,) = database.execute("select count from counter").fetchone()
    assert count == transactions, f"{path}: {count} of {transactions} transactions"
    (rows,) = database.execute("select count(*) from row").fetchone()
    assert rows == transactions * ROWS_A_TRANSACTION, f"{path}: {rows} rows"
    database.close()


def main(journal, transactions, paths):
    database = connect(paths[0], journal)
    database.execute("create table row (writer, number, part, text)")
    database.execute("create index by_number on row (number, writer)")
    database.execute("create table counter (count)")
    database.execute("insert into counter values (0)")
    database.close()
    writers = [
        multiprocessing.Process(target=write, args=(path, journal, writer, transactions))
        for writer, path in enumerate(paths)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert all(writer.exitcode == 0 for writer in writers), "a writer failed"
    for path in sorted(set(paths)):
        judge(path, journal, transactions * len(paths))


main(sys.argv[1], int(sys.argv[2]), sys.argv[3:])
