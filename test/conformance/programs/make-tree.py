"""Makes a tree with one of everything that a copy may lose: make-tree.py DIRECTORY FILES."""

import os
import random
import stat
import struct
import sys

SPARSE_BYTES = 64 << 20
# Nobody but root can read what nobody may.
MODES = [0o600, 0o644, 0o755, 0o400, 0o4755, 0o2755] + [0] * (os.getuid() == 0)
NAMES = ["plain", "with blank", "ünïcödé", "new\nline", "-dash", "x" * 255]


def write(path, data, when):
    with open(path, "wb") as opened:
        opened.write(data)
    os.utime(path, ns=(when, when))


def main(root, files):
    draw = random.Random(1)
    os.makedirs(root)
    for number in range(files):
        folder = os.path.join(root, f"folder-{number % 17}", f"deep-{number % 5}")
        os.makedirs(folder, exist_ok=True)
        size = draw.choice([0, 1, 100, 4096, 4097, 70_000])
        path = os.path.join(folder, f"file-{number}")
        write(path, draw.randbytes(size), draw.randrange(10**18, 17 * 10**17))
        os.chmod(path, draw.choice(MODES))
    write(os.path.join(root, "large"), draw.randbytes(3_300_000), 123_456_789_123_456_789)
    for name in NAMES:
        write(os.path.join(root, name), name.encode(), draw.randrange(10**18))
    with open(os.path.join(root, "sparse"), "wb") as opened:
        opened.truncate(SPARSE_BYTES)
        for at in (0, SPARSE_BYTES // 2, SPARSE_BYTES - 4096):
            opened.seek(at)
            opened.write(b"data" * 1024)
    os.link(os.path.join(root, "large"), os.path.join(root, "folder-0", "linked"))
    os.link(os.path.join(root, "plain"), os.path.join(root, "also plain"))
    os.symlink("nowhere/at all", os.path.join(root, "dangling"))
    os.symlink("large", os.path.join(root, "pointing"))
    os.mkfifo(os.path.join(root, "fifo"), 0o640)
    os.chmod(os.path.join(root, "folder-1"), 0o1777)
    os.chmod(os.path.join(root, "folder-2"), 0o2775)
    decorate(root)
    age(root)


def age(root):
    """Times of their own for what has none yet; rsync takes those of one second for equal."""
    for number, (folder, _, names) in enumerate(os.walk(root, topdown=False)):
        when = 10**18 + number * 1_234_567_891
        for path in [os.path.join(folder, name) for name in names] + [folder]:
            if not stat.S_ISREG(os.lstat(path).st_mode):
                os.utime(path, ns=(when, when), follow_symlinks=False)


def acl(permissions):
    """For user 4321, in the form of linux/posix_acl_xattr.h."""
    anyone = 0xFFFFFFFF
    entries = [(1, 6, anyone), (2, permissions, 4321), (4, 4, anyone), (16, 7, anyone), (32, 4, anyone)]
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


def decorate(root):
    """What needs a file system that has it, or root."""
    for target in ("large", "folder-1"):
        os.setxattr(os.path.join(root, target), "user.potluck", bytes(range(256)))
        os.setxattr(os.path.join(root, target), "user.empty", b"")
    if os.getuid() != 0:
        return
    os.setxattr(os.path.join(root, "large"), "system.posix_acl_access", acl(0o4))
    os.setxattr(os.path.join(root, "folder-3"), "system.posix_acl_default", acl(0o7))
    os.chown(os.path.join(root, "large"), 1234, 5678)
    os.lchown(os.path.join(root, "dangling"), 1234, 5678)
    os.mknod(os.path.join(root, "null"), stat.S_IFCHR | 0o600, os.makedev(1, 3))


main(sys.argv[1], int(sys.argv[2]))
