"""Changes guarded by locks, by two processes on each of several mounts of one tree.

usage: guarded.py ROUNDS MOUNT...   (all name the same directory)
Each process takes a lock, looks whether all is as whoever had it before left it, changes it, and
lets go. Ends with 0 if nothing was lost or old, else says what was.
"""
import fcntl
import multiprocessing
import os
import random
import struct
import sys
import time
import traceback

ROUNDS, MOUNTS = int(sys.argv[1]), sys.argv[2:]
PARTS, PART = 4, 2048


def flock(file):
    fcntl.flock(file, fcntl.LOCK_EX)


def whole(file):
    fcntl.lockf(file, fcntl.LOCK_EX)


def add(mount, name, lock):
    """One number in a file that is opened and closed each time."""
    with open(os.path.join(mount, name), 'r+b', buffering=0) as file:
        lock(file)
        value = int(file.read() or b'0') + 1
        file.seek(0)
        file.write(b'%d' % value)


def read_number(file, at=0):
    return struct.unpack('q', os.pread(file, 8, at))[0]


def write_number(file, at, value):
    os.pwrite(file, struct.pack('q', value), at)


class Parts:
    """One file kept open, whose parts are locked apart, and read without a look at its attributes."""

    def __init__(self, mount):
        self.file = os.open(os.path.join(mount, 'parts'), os.O_RDWR)

    def change(self, dice):
        at = dice.randrange(PARTS) * PART
        fcntl.lockf(self.file, fcntl.LOCK_EX, PART, at)
        write_number(self.file, at, read_number(self.file, at) + 1)
        fcntl.lockf(self.file, fcntl.LOCK_UN, PART, at)


class Journal:
    """One file is locked, and others are changed under it: what databases do."""

    def __init__(self, mount):
        self.file = os.open(os.path.join(mount, 'base'), os.O_RDWR)
        self.stays = os.open(os.path.join(mount, 'stays'), os.O_RDWR)
        self.goes = os.path.join(mount, 'goes')
        self.moves = os.path.join(mount, 'moves')

    def change(self, dice):
        fcntl.lockf(self.file, fcntl.LOCK_EX, 1, 0)
        value = read_number(self.file)
        assert read_number(self.stays) == value, 'the old bytes of another file'
        assert not os.path.exists(self.goes), 'a name that is gone'
        with open(self.moves) as file:
            assert int(file.read()) == value, 'the file that had the name before'
        with open(self.goes, 'x') as file:
            file.write(str(value + 1))
        write_number(self.stays, 0, value + 1)
        write_number(self.file, 0, value + 1)
        if dice.random() < 0.5:
            os.rename(self.goes, self.moves)
        else:
            with open(self.moves, 'w') as file:
                file.write(str(value + 1))
            os.unlink(self.goes)
        fcntl.lockf(self.file, fcntl.LOCK_UN, 1, 0)


def told(mount, seed):
    """What made a worker fail is one line, since of all that is said only the last lines are kept."""
    try:
        work(mount, seed)
    except Exception as error:
        frames = reversed(traceback.extract_tb(error.__traceback__))
        way = ' < '.join(f'{frame.name}:{frame.lineno}' for frame in frames)
        sys.exit(f'{time.strftime("%T")} {os.path.basename(mount)} {seed}: {error!r} in {way}')


def work(mount, seed):
    dice = random.Random(seed)
    parts, journal = Parts(mount), Journal(mount)
    jobs = [
        lambda: add(mount, 'flock', flock),
        lambda: add(mount, 'whole', whole),
        lambda: parts.change(dice),
        lambda: journal.change(dice),
    ]
    for _ in range(ROUNDS):
        for job in dice.sample(jobs, len(jobs)):
            job()


def make():
    contents = {
        'flock': b'', 'whole': b'', 'parts': bytes(PARTS * PART),
        'base': bytes(8), 'stays': bytes(8), 'moves': b'0',
    }
    for name, content in contents.items():
        with open(os.path.join(MOUNTS[0], name), 'wb') as file:
            file.write(content)
    endS = time.monotonic() + 10
    # That they are there the others hear by a rumor; only a lock waits for that.
    while not all(os.path.exists(os.path.join(mount, 'moves')) for mount in MOUNTS):
        assert time.monotonic() < endS, 'a mount does not hear of what another makes'
        time.sleep(0.01)


def check(mount, total):
    with open(os.path.join(mount, 'flock'), 'rb') as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        assert int(file.read()) == total, f'additions under flock were lost, seen on {mount}'
    for name in 'whole', 'parts', 'base':
        with open(os.path.join(mount, name), 'r+b', buffering=0) as file:
            whole(file)
            places = range(0, PARTS * PART if name == 'parts' else 1, PART)
            of = lambda at: read_number(file.fileno(), at)
            value = int(file.read()) if name == 'whole' else sum(map(of, places))
        assert value == total, f'{name}: {value} of {total}, seen on {mount}'


def main():
    make()
    workers = [
        multiprocessing.Process(target=told, args=(mount, seed))
        for seed, mount in enumerate(MOUNTS * 2)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if any(worker.exitcode for worker in workers):
        sys.exit('a worker failed')
    for mount in MOUNTS:
        check(mount, len(workers) * ROUNDS)


main()
