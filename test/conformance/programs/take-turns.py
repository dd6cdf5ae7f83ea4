"""Programs that take turns on several mounts of one tree, each beside its twin on a mount of a file
system that is right: what each of them is answered must be the same.

usage: take-turns.py REFERENCE MOUNT...

Each line of the input is a list of commands as test/posix/commands.ts has them, done in a new
directory; each line of the output is "" where all was the same, else the first thing that was not.
Whose turn it is holds a lock: all that was done before, on whatever mount, must show then.
"""
import ctypes
import errno
import fcntl
import json
import os
import stat
import sys

REFERENCE, MOUNTS = sys.argv[1], sys.argv[2:]
LIBC = ctypes.CDLL(None, use_errno=True)
NO_REPLACE, EXCHANGE = 1, 2
ZERO_RANGE = 16
AT_FDCWD = -100
LONGEST = 1 << 20


def checked(result):
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


class Program:
    """One program on one mount. The same calls are made on both sides, whatever they come to."""

    def __init__(self, root):
        self.root = root
        self.files = {}

    def at(self, path):
        return os.path.join(self.root, path)

    def run(self, command):
        kind = command['kind'].replace('-', '_')
        try:
            answer = getattr(self, kind)(**command)
            return 'done' if answer is None else answer
        except KeyError:
            return 'nothing is open'
        except OSError as error:
            return errno.errorcode[error.errno]

    def end(self):
        for file in self.files.values():
            os.close(file)
        self.files.clear()

    def keep(self, slot, file):
        self.close(slot)
        self.files[slot] = file

    def make(self, flags, path, slot, number, text):
        file = os.open(self.at(path), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | flags, 0o666)
        os.pwrite(file, text.encode(), number % 10)
        self.keep(slot, file)

    def create(self, path, slot, number, text, **_):
        self.make(0, path, slot, number, text)

    def create_exclusive(self, path, slot, number, text, **_):
        self.make(os.O_EXCL, path, slot, number, text)

    def create_empty(self, path, slot, number, text, **_):
        self.make(os.O_TRUNC, path, slot, number, text)

    def mkdir(self, path, **_):
        os.mkdir(self.at(path), 0o777)

    def symlink(self, path, other, **_):
        os.symlink(other, self.at(path))

    def link(self, path, other, **_):
        os.link(self.at(path), self.at(other), follow_symlinks=False)

    def unlink(self, path, **_):
        os.unlink(self.at(path))

    def rmdir(self, path, **_):
        os.rmdir(self.at(path))

    def rename(self, path, other, flags=0, **_):
        names = [os.fsencode(self.at(each)) for each in (path, other)]
        checked(LIBC.renameat2(AT_FDCWD, names[0], AT_FDCWD, names[1], flags))

    def rename_no_replace(self, path, other, **_):
        self.rename(path, other, NO_REPLACE)

    def rename_exchange(self, path, other, **_):
        self.rename(path, other, EXCHANGE)

    def chmod(self, path, number, **_):
        if not stat.S_ISLNK(os.lstat(self.at(path)).st_mode):
            os.chmod(self.at(path), 0o600 + number % 8)

    def truncate(self, path, number, **_):
        file = os.open(self.at(path), os.O_WRONLY | os.O_NOFOLLOW)
        try:
            os.ftruncate(file, number)
        finally:
            os.close(file)

    def append(self, path, text, **_):
        file = os.open(self.at(path), os.O_RDWR | os.O_APPEND | os.O_NOFOLLOW)
        try:
            os.write(file, text.encode())
        finally:
            os.close(file)

    def open(self, path, slot, **_):
        self.keep(slot, os.open(self.at(path), os.O_RDWR | os.O_NOFOLLOW))

    def close(self, slot, **_):
        if slot in self.files:
            os.close(self.files.pop(slot))

    def write_open(self, slot, number, text, **_):
        os.pwrite(self.files[slot], text.encode(), number)

    def append_open(self, slot, text, **_):
        file = self.files[slot]
        os.pwrite(file, text.encode(), os.fstat(file).st_size)

    def read_open(self, slot, **_):
        return show(os.pread(self.files[slot], LONGEST, 0))

    def truncate_open(self, slot, number, **_):
        os.ftruncate(self.files[slot], number)

    def zero_open(self, slot, number, **_):
        at, length = ctypes.c_int64(number), ctypes.c_int64(5)
        checked(LIBC.fallocate(self.files[slot], ZERO_RANGE, at, length))

    def read(self, path, **_):
        file = os.open(self.at(path), os.O_RDONLY | os.O_NOFOLLOW)
        try:
            return show(os.pread(file, LONGEST, 0))
        finally:
            os.close(file)

    def stat(self, path, **_):
        return describe(self.at(path))

    def list(self, path, **_):
        return ' '.join(sorted(os.listdir(self.at(path))))

    def view(self):
        """All that can be seen, by path."""
        seen = {}
        for above, directories, files in os.walk(self.root):
            for name in ['.', *directories, *files]:
                path = os.path.join(above, name)
                seen[os.path.relpath(path, self.root)] = describe(path) + self.content(path)
        return seen

    def content(self, path):
        if stat.S_ISLNK(os.lstat(path).st_mode):
            return ' to ' + os.readlink(path)
        if not stat.S_ISREG(os.lstat(path).st_mode):
            return ''
        with open(path, 'rb') as file:
            return ' ' + show(file.read())


def show(content):
    return content.decode().replace('\0', '.')


def describe(path):
    found = os.lstat(path)
    sized = '' if stat.S_ISDIR(found.st_mode) else f' of {found.st_size}'
    return f'{found.st_mode:o} {found.st_nlink}{sized}'


class Turns:
    """One lock, by which whoever comes next sees all that was done before."""

    def __init__(self):
        self.files = [os.open(os.path.join(mount, 'turn'), os.O_RDWR) for mount in MOUNTS]
        self.holder = None

    def take(self, index):
        if self.holder is not None:
            fcntl.flock(self.files[self.holder], fcntl.LOCK_UN)
        fcntl.flock(self.files[index], fcntl.LOCK_EX)
        self.holder = index


def play(turns, name, commands):
    turns.take(0)
    for root in REFERENCE, MOUNTS[0]:
        os.mkdir(os.path.join(root, name))
    ours = [Program(os.path.join(mount, name)) for mount in MOUNTS]
    theirs = [Program(os.path.join(REFERENCE, name)) for _ in MOUNTS]
    try:
        for command in commands:
            by = command.pop('by')
            turns.take(by)
            found, right = ours[by].run(command), theirs[by].run(command)
            if found != right:
                return f'mount {by}, {command}: {found}, and right is {right}'
        truth = theirs[0].view()
        for by, program in enumerate(ours):
            turns.take(by)
            seen = program.view()
            for path in sorted({*truth, *seen}):
                if seen.get(path) != truth.get(path):
                    return f'mount {by} has {path}: {seen.get(path)}, and right is {truth.get(path)}'
        return ''
    finally:
        for by, pair in enumerate(zip(ours, theirs)):
            turns.take(by)
            for program in pair:
                program.end()


def main():
    for mount in MOUNTS:
        # Made on one mount, seen on all.
        os.close(os.open(os.path.join(mount, 'turn'), os.O_RDWR | os.O_CREAT))
    turns = Turns()
    for number, line in enumerate(sys.stdin):
        print(json.dumps(play(turns, f'run-{number}', json.loads(line))), flush=True)


main()
