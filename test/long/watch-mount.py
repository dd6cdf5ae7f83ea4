# A program that looks at a mount again and again, in every way that the kernel caches, and prints
# a JSON line for each thing that has another value than when it last looked:
#   watch-mount.py MOUNT
# Ends when its input does. Needs mmap(2), which Node has not.
import json, mmap, os, sys, threading, time

ROOT = sys.argv[1]
MIB = 1 << 20
known = {}


def place(name):
    return os.path.join(ROOT, name)


def saw(key, value):
    if known.get(key) == value:
        return
    known[key] = value
    print(json.dumps({"key": key, "value": value}), flush=True)


def read(name, offset):
    try:
        fd = os.open(place(name), os.O_RDONLY)
    except FileNotFoundError:
        return "absent"
    try:
        return os.pread(fd, 8, offset).decode()
    finally:
        os.close(fd)


def mapped(name):
    fd = os.open(place(name), os.O_RDONLY)
    try:
        return mmap.mmap(fd, 0, prot=mmap.PROT_READ)
    finally:
        os.close(fd)


# Held all the time, as a program holds its shared libraries.
held = mapped("large")


def look():
    saw("small", read("small", 0))
    saw("replaced", read("replaced", 0))
    saw("deleted", read("deleted", 0))
    saw("created", read("created", 0))
    saw("size", os.stat(place("grown")).st_size)
    saw("names", " ".join(sorted(os.listdir(place("directory")))))
    # Of a large file whatever is cached is dropped as a whole, but read in parts.
    for at in range(3):
        saw(f"large at {at} MiB", read("large", at * MIB))
        saw(f"large mapped at {at} MiB", held[at * MIB : at * MIB + 8].decode())
    fresh = mapped("large")
    saw("large mapped anew", fresh[:8].decode())
    fresh.close()


ended = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
while not ended.is_set():
    look()
    saw("rounds", "begun")
    time.sleep(0.02)
