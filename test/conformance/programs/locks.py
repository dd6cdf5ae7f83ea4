"""Locks between processes on two mounts of one tree: by flock and fcntl.

usage: locks.py MOUNT OTHER-MOUNT   (both name the same directory)
Ends with 0 if all is as on one local file system, else with the first thing that is not.
"""
import errno
import fcntl
import os
import signal
import struct
import subprocess
import sys
import time

HERE, THERE = sys.argv[1], sys.argv[2]
ADDS = 25
LOCK64 = 'hhqqi4x'


def child(code, *arguments):
    command = [sys.executable, '-c', code, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def said(process):
    return process.stdout.readline().strip()


def refused(take):
    try:
        take()
    except OSError as error:
        assert error.errno in (errno.EAGAIN, errno.EACCES), error
        return True
    return False


def opened(directory, name):
    return open(os.path.join(directory, name), 'r+b', buffering=0)


def check_flock():
    with opened(HERE, 'f') as here, opened(THERE, 'f') as there:
        fcntl.flock(here, fcntl.LOCK_EX)
        assert refused(lambda: fcntl.flock(there, fcntl.LOCK_EX | fcntl.LOCK_NB)), 'two had it'
        fcntl.flock(here, fcntl.LOCK_UN)
        fcntl.flock(there, fcntl.LOCK_SH | fcntl.LOCK_NB)
        fcntl.flock(here, fcntl.LOCK_SH | fcntl.LOCK_NB)
        assert refused(lambda: fcntl.flock(there, fcntl.LOCK_EX | fcntl.LOCK_NB)), 'not shared'
        here.close()
        # The kernel lets go of it after close has returned.
        fcntl.flock(there, fcntl.LOCK_EX)


HOLD = """
import fcntl, sys, time
file = open(sys.argv[1], 'r+b', buffering=0)
fcntl.lockf(file, fcntl.LOCK_EX, int(sys.argv[3]), int(sys.argv[2]))
print('locked', flush=True)
time.sleep(float(sys.argv[4]))
"""


def check_ranges():
    holder = child(HOLD, os.path.join(THERE, 'f'), 10, 10, 60)
    assert said(holder) == 'locked'
    with opened(HERE, 'f') as here:
        lock = lambda start, length: fcntl.lockf(
            here, fcntl.LOCK_EX | fcntl.LOCK_NB, length, start
        )
        assert refused(lambda: lock(19, 5)), 'the last byte'
        lock(20, 5)
        lock(0, 10)
        asked = struct.pack(LOCK64, fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
        found = struct.unpack(LOCK64, fcntl.fcntl(here, fcntl.F_GETLK, asked))
        assert (found[0], found[2], found[3]) == (fcntl.F_WRLCK, 10, 10), found
        startS = time.monotonic()
        holder.kill()
        fcntl.lockf(here, fcntl.LOCK_EX)
        assert time.monotonic() - startS < 10, 'what a killed process had was not free soon'
    holder.wait()


def check_close():
    first, second = opened(HERE, 'f'), opened(HERE, 'f')
    fcntl.lockf(first, fcntl.LOCK_EX)
    second.close()
    with opened(THERE, 'f') as there:
        fcntl.lockf(there, fcntl.LOCK_EX | fcntl.LOCK_NB)
    first.close()


def check_waiting():
    holder = child(HOLD, os.path.join(THERE, 'f'), 0, 0, 0.5)
    assert said(holder) == 'locked'
    with opened(HERE, 'f') as here:
        fcntl.lockf(here, fcntl.LOCK_EX)
    assert holder.wait() == 0
    holder = child(HOLD, os.path.join(THERE, 'f'), 0, 0, 60)
    assert said(holder) == 'locked'

    def stop(*_):
        raise InterruptedError

    signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    with opened(HERE, 'f') as here:
        try:
            fcntl.lockf(here, fcntl.LOCK_EX)
            raise AssertionError('locked by two')
        except InterruptedError:
            pass
    holder.kill()
    holder.wait()
    with opened(THERE, 'f') as there:
        fcntl.lockf(there, fcntl.LOCK_EX)


ADD = """
import fcntl, os, sys
path, times, how = sys.argv[1], int(sys.argv[2]), sys.argv[3]
for _ in range(times):
    with open(path, 'r+b', buffering=0) as file:
        fcntl.flock(file, fcntl.LOCK_EX) if how == 'flock' else fcntl.lockf(file, fcntl.LOCK_EX)
        value = int(file.read() or b'0') + 1
        file.seek(0)
        file.write(b'%d' % value)
"""


def check_counter(how):
    make(how)
    adders = [child(ADD, os.path.join(where, how), ADDS, how) for where in (HERE, THERE) * 2]
    assert [adder.wait() for adder in adders] == [0] * 4
    with opened(THERE, how) as file:
        # Without the lock it may be read before the rumor of the last addition is here.
        fcntl.flock(file, fcntl.LOCK_EX) if how == 'flock' else fcntl.lockf(file, fcntl.LOCK_EX)
        value = int(file.read())
    assert value == 4 * ADDS, f'{how}: {value} of {4 * ADDS} additions'


def make(name, content=b''):
    with open(os.path.join(HERE, name), 'wb') as made:
        made.write(content)
    endS = time.monotonic() + 10
    # That it is there the other mount hears by a rumor; only a lock waits for that.
    while not os.path.exists(os.path.join(THERE, name)) and time.monotonic() < endS:
        time.sleep(0.01)


make('f', b'0' * 100)
for check in (check_flock, check_ranges, check_close, check_waiting):
    check()
check_counter('flock')
check_counter('fcntl')
