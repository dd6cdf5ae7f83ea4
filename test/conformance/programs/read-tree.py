"""Prints what a tree holds, a line an entry: path, then all that must be equal elsewhere, by tabs.

Fields are as trees.ts names them; what is no ASCII is escaped. Hard links show as the first path of their file. Inode numbers, ctimes
and atimes are left out: they are not the same on two file systems that hold the same.
"""

import hashlib
import os
import stat
import sys
import zlib


def content(path, status):
    if stat.S_ISLNK(status.st_mode):
        return os.readlink(path)
    if not stat.S_ISREG(status.st_mode):
        return "-"
    digest = hashlib.sha1()
    with open(path, "rb") as opened:
        while piece := opened.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest().encode()


def xattrs(path):
    names = sorted(os.listxattr(path, follow_symlinks=False))
    values = {name: os.getxattr(path, name, follow_symlinks=False) for name in names}
    return {name: (len(value), value[:16], zlib.crc32(value)) for name, value in values.items()}


def describe(root, path, first):
    status = os.lstat(path)
    inside = os.path.relpath(path, root)
    is_directory = stat.S_ISDIR(status.st_mode)
    fields = [
        oct(status.st_mode),
        f"{status.st_uid}:{status.st_gid}",
        # What a directory's own size and number of links are is every file system's own affair.
        "-" if is_directory else status.st_size,
        "-" if is_directory else status.st_nlink,
        status.st_rdev,
        status.st_mtime_ns,
        first.setdefault((status.st_dev, status.st_ino), inside),
        content(path, status),
        xattrs(path),
    ]
    return "\t".join(ascii(field) for field in [inside, *fields])


def main(root):
    first = {}
    for folder, folders, files in os.walk(root):
        folders.sort()
        paths = [folder] if folder == root else []
        for path in paths + [os.path.join(folder, name) for name in sorted(folders + files)]:
            print(describe(root, path, first))


main(os.fsencode(sys.argv[1]).decode("utf-8", "surrogateescape"))
