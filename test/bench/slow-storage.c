/*
 * A slow, contended shared storage on one machine: a directory, passed through read-only, behind a price.
 * Any number of mounts, one a node, share the price and the counters, as the clients of one storage do.
 *
 *   slow-storage DIR SHARED MICROSECONDS OPERATIONS MEGABYTES MOUNTPOINT [FUSE OPTION ...]
 *
 * SHARED is a file in memory that all mounts of this storage name; the first makes it. An operation on
 * metadata takes MICROSECONDS and one of OPERATIONS places a second; a read takes MICROSECONDS and its
 * bytes' share of MEGABYTES a second. Each mount's kernel keeps names, attributes and pages, as that of a
 * parallel file system's client does. MOUNTPOINT/.counters says what reached the storage.
 */
#define FUSE_USE_VERSION 31
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fuse3/fuse.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#define COUNTERS "/.counters"
#define COUNTERS_HANDLE UINT64_MAX
#define COUNTERS_ROOM 512
#define KEPT_SECONDS 3600
#define ABSENT_KEPT_SECONDS 1

/* A device that serves one after another: it is free again at that second of the monotonic clock. */
struct device {
  double free_at;
};

struct storage {
  int is_made;
  pthread_mutex_t turn;
  double latency, seconds_an_operation, seconds_a_byte;
  struct device metadata, data;
  atomic_ullong getattrs, opens, reads, readdirs, readlinks, bytes;
};

static struct storage *storage;
static char root[PATH_MAX];

static void die(const char *what) {
  perror(what);
  exit(1);
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec * 1e-9;
}

static void sleep_until(double second) {
  struct timespec time = {.tv_sec = (time_t)second};
  time.tv_nsec = (long)((second - time.tv_sec) * 1e9);
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL) == EINTR) {
  }
}

/* Waits for the device's turn, for as long as it takes the work, and for the way there and back. */
static void pay(struct device *device, double work) {
  pthread_mutex_lock(&storage->turn);
  double begins = now();
  if (device->free_at > begins) begins = device->free_at;
  double done = device->free_at = begins + work;
  pthread_mutex_unlock(&storage->turn);
  sleep_until(done + storage->latency);
}

static void pay_operation(atomic_ullong *counter) {
  (*counter)++;
  pay(&storage->metadata, storage->seconds_an_operation);
}

static const char *real_path(const char *path, char *room) {
  snprintf(room, PATH_MAX, "%s%s", root, path);
  return room;
}

static int is_counters(const char *path) { return strcmp(path, COUNTERS) == 0; }

static int slow_getattr(const char *path, struct stat *attributes, struct fuse_file_info *file) {
  if (is_counters(path)) {
    *attributes = (struct stat){.st_mode = S_IFREG | 0444, .st_nlink = 1, .st_size = COUNTERS_ROOM};
    return 0;
  }
  char room[PATH_MAX];
  pay_operation(&storage->getattrs);
  if (file != NULL) return fstat(file->fh, attributes) == 0 ? 0 : -errno;
  return lstat(real_path(path, room), attributes) == 0 ? 0 : -errno;
}

static int slow_readlink(const char *path, char *target, size_t size) {
  char room[PATH_MAX];
  pay_operation(&storage->readlinks);
  ssize_t length = readlink(real_path(path, room), target, size - 1);
  if (length < 0) return -errno;
  target[length] = '\0';
  return 0;
}

static int slow_open(const char *path, struct fuse_file_info *file) {
  if (is_counters(path)) {
    file->direct_io = 1;
    file->fh = COUNTERS_HANDLE;
    return 0;
  }
  if ((file->flags & O_ACCMODE) != O_RDONLY) return -EROFS;
  char room[PATH_MAX];
  pay_operation(&storage->opens);
  int descriptor = open(real_path(path, room), file->flags & ~O_DIRECT);
  if (descriptor < 0) return -errno;
  file->fh = descriptor;
  file->keep_cache = 1;
  return 0;
}

static int read_counters(char *bytes, size_t size, off_t from) {
  char text[COUNTERS_ROOM];
  int length = snprintf(text, sizeof text,
                        "getattr %llu open %llu read %llu readdir %llu readlink %llu bytes %llu\n",
                        storage->getattrs, storage->opens, storage->reads, storage->readdirs,
                        storage->readlinks, storage->bytes);
  if (from >= length) return 0;
  if (size > (size_t)(length - from)) size = length - from;
  memcpy(bytes, text + from, size);
  return size;
}

static int slow_read(const char *path, char *bytes, size_t size, off_t from,
                     struct fuse_file_info *file) {
  (void)path;
  if (file->fh == COUNTERS_HANDLE) return read_counters(bytes, size, from);
  ssize_t length = pread(file->fh, bytes, size, from);
  if (length < 0) return -errno;
  storage->reads++;
  storage->bytes += length;
  pay(&storage->data, length * storage->seconds_a_byte);
  return length;
}

static int slow_release(const char *path, struct fuse_file_info *file) {
  (void)path;
  if (file->fh != COUNTERS_HANDLE) close(file->fh);
  return 0;
}

static int slow_readdir(const char *path, void *list, fuse_fill_dir_t add, off_t from,
                        struct fuse_file_info *file, enum fuse_readdir_flags flags) {
  (void)from, (void)file, (void)flags;
  char room[PATH_MAX];
  pay_operation(&storage->readdirs);
  DIR *directory = opendir(real_path(path, room));
  if (directory == NULL) return -errno;
  for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
    struct stat known = {.st_ino = entry->d_ino, .st_mode = DTTOIF(entry->d_type)};
    add(list, entry->d_name, &known, 0, 0);
  }
  closedir(directory);
  return 0;
}

static int slow_statfs(const char *path, struct statvfs *usage) {
  (void)path;
  return statvfs(root, usage) == 0 ? 0 : -errno;
}

static void *keep_what_was_seen(struct fuse_conn_info *connection, struct fuse_config *config) {
  (void)connection;
  config->use_ino = config->kernel_cache = 1;
  config->entry_timeout = config->attr_timeout = KEPT_SECONDS;
  config->negative_timeout = ABSENT_KEPT_SECONDS;
  return NULL;
}

/* The lock is for mounts that start together: one of them makes the storage, and all use it. */
static void share(const char *path, char **price) {
  int descriptor = open(path, O_RDWR | O_CREAT, 0600);
  if (descriptor < 0 || flock(descriptor, LOCK_EX) != 0) die(path);
  if (ftruncate(descriptor, sizeof *storage) != 0) die(path);
  storage = mmap(NULL, sizeof *storage, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  if (storage == MAP_FAILED) die(path);
  if (!storage->is_made) {
    pthread_mutexattr_t shared;
    pthread_mutexattr_init(&shared);
    pthread_mutexattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
    pthread_mutex_init(&storage->turn, &shared);
    storage->latency = atof(price[0]) / 1e6;
    storage->seconds_an_operation = 1 / atof(price[1]);
    storage->seconds_a_byte = 1 / (atof(price[2]) * 1e6);
    storage->is_made = 1;
  }
  /* The memory keeps the file open, and with it the lock. */
  flock(descriptor, LOCK_UN);
  close(descriptor);
}

static const struct fuse_operations operations = {
    .init = keep_what_was_seen,
    .getattr = slow_getattr,
    .readlink = slow_readlink,
    .open = slow_open,
    .read = slow_read,
    .release = slow_release,
    .readdir = slow_readdir,
    .statfs = slow_statfs,
};

int main(int count, char **given) {
  if (count < 7) {
    fprintf(stderr, "slow-storage DIR SHARED MICROSECONDS OPERATIONS MEGABYTES MOUNTPOINT\n");
    return 2;
  }
  if (realpath(given[1], root) == NULL) die(given[1]);
  share(given[2], given + 3);
  given[5] = given[0];
  return fuse_main(count - 5, given + 5, &operations, NULL);
}
