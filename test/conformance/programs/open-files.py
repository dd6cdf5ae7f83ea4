"""What programs do with files that they have open: open-files.py DIRECTORY."""

import mmap
import os
import sys

at = sys.argv[1]
SIZE = 3_000_000


def path(name):
    return os.path.join(at, name)


def make(name):
    data = os.urandom(SIZE)
    with open(path(name), "wb") as opened:
        opened.write(data)
    return data


def read_on(name, remove, links=0):
    """Who has a file open for reading reads on when its name goes, from the source, too."""
    data = make(name)
    opened = os.open(path(name), os.O_RDONLY)
    os.posix_fadvise(opened, 0, 0, os.POSIX_FADV_DONTNEED)
    mapped = mmap.mmap(opened, SIZE, prot=mmap.PROT_READ)
    remove(path(name))
    assert mapped[SIZE // 2 :] == data[SIZE // 2 :], f"{name}: the map has other bytes"
    assert os.pread(opened, SIZE, 0) == data, f"{name}: other bytes are read"
    assert os.fstat(opened).st_nlink == links, f"{name}: {os.fstat(opened).st_nlink} links"
    mapped.close()
    os.close(opened)


def replace(target):
    make("new")
    os.rename(path("new"), target)


def keep_link(target):
    os.link(target, path("kept"))
    os.unlink(target)


def seek_and_copy():
    """A file that is open for reading alone has holes, and can be copied from."""
    with open(path("holes"), "wb") as opened:
        opened.seek(1 << 20)
        opened.write(b"x" * 4096)
    source = os.open(path("holes"), os.O_RDONLY)
    assert os.lseek(source, 0, os.SEEK_DATA) == 1 << 20
    assert os.lseek(source, 1 << 20, os.SEEK_HOLE) == (1 << 20) + 4096
    target = os.open(path("copied"), os.O_CREAT | os.O_RDWR)
    length = (1 << 20) + 4096
    assert os.copy_file_range(source, target, length, 0, 0) == length
    assert os.pread(target, length, 0) == os.pread(source, length, 0)
    os.close(source)
    os.close(target)


read_on("unlinked", os.unlink)
read_on("replaced", replace)
read_on("linked", keep_link, links=1)
seek_and_copy()
