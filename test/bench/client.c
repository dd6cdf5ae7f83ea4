/*
 * The program that reads and writes, in a process of its own and in C: a stat from the kernel's cache takes
 * half a microsecond, which any interpreter would hide behind its own cost.
 *
 *   client stat DIR FILES SECONDS    stat DIR/0 ... DIR/FILES-1, round and round
 *   client open DIR FILES SECONDS    open, read 4 KiB and close the same files
 *   client pread FILE BLOCKS SECONDS read the first BLOCKS blocks of 4 KiB of an open file
 *   client scan FILE PIECES SECONDS  open, read PIECES pieces of 1 MiB, close
 *   client create DIR FILES SECONDS  make DIR/0 ... DIR/FILES-1 and close them
 *   client rename DIR FILES SECONDS  rename them to DIR/r0 ... DIR/rFILES-1
 *   client unlink DIR FILES SECONDS  remove those
 *   client pwrite FILE BLOCKS SECONDS  overwrite the first BLOCKS blocks of 4 KiB of an open file
 *   client fill FILE PIECES SECONDS  open, overwrite PIECES pieces of 1 MiB, close
 *   client touch . PIECES SECONDS    write to each page of PIECES MiB of memory, and give it back
 *
 * SECONDS 0 is one round. Prints: operations, seconds. An operation of scan or fill is one piece.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define BLOCK 4096
#define PIECE (1024 * 1024)
#define CLOCK_EVERY 64

static char buffer[PIECE];

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static int open_file(const char *path, int flags) {
  int file = open(path, flags | O_CLOEXEC, 0644);
  if (file < 0) fail(path);
  return file;
}

static void read_fully(int file, size_t bytes, off_t offset) {
  size_t done = 0;
  while (done < bytes) {
    ssize_t length = pread(file, buffer + done, bytes - done, offset + (off_t)done);
    if (length < 0) fail("read");
    if (length == 0) {
      fprintf(stderr, "the file is shorter than it should be\n");
      exit(1);
    }
    done += (size_t)length;
  }
}

static void write_fully(int file, size_t bytes, off_t offset) {
  if (pwrite(file, buffer, bytes, offset) != (ssize_t)bytes) fail("write");
}

static char **make_paths(const char *directory, const char *prefix, long count) {
  char **paths = malloc((size_t)count * sizeof *paths);
  if (paths == NULL) fail("malloc");
  for (long index = 0; index < count; index++) {
    if (asprintf(&paths[index], "%s/%s%ld", directory, prefix, index) < 0) fail("asprintf");
  }
  return paths;
}

/* Page by page, as the pages will be wanted again. */
static void touch(long pieces) {
  size_t bytes = (size_t)pieces * PIECE;
  char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) fail("mmap");
  for (size_t at = 0; at < bytes; at += BLOCK) memory[at] = 1;
  munmap(memory, bytes);
}

/* What is done, and to what. */
static char kind;
static char **paths;
static char **new_paths;
static int file = -1;

static void operate_on_path(const char *path, long index) {
  struct stat attributes;
  if (kind == 's') {
    if (stat(path, &attributes) < 0) fail(path);
  } else if (kind == 'o') {
    int opened = open_file(path, O_RDONLY);
    if (read(opened, buffer, BLOCK) != BLOCK) fail(path);
    if (close(opened) < 0) fail(path);
  } else if (kind == 'c') {
    if (close(open_file(path, O_CREAT | O_EXCL | O_WRONLY)) < 0) fail(path);
  } else if (kind == 'r') {
    if (rename(path, new_paths[index]) < 0) fail(path);
  } else if (unlink(new_paths[index]) < 0) {
    fail(path);
  }
}

static void operate(long index) {
  if (paths != NULL) operate_on_path(paths[index], index);
  else if (kind == 'p') read_fully(file, BLOCK, index * BLOCK);
  else if (kind == 'S') read_fully(file, PIECE, index * (off_t)PIECE);
  else if (kind == 'w') write_fully(file, BLOCK, index * BLOCK);
  else write_fully(file, PIECE, index * (off_t)PIECE);
}

static char kind_of(const char *operation) {
  static const char *const names[] = {"stat", "open", "create", "rename", "unlink",
                                      "pread", "scan", "pwrite", "fill"};
  for (int index = 0; index < 9; index++) {
    if (strcmp(operation, names[index]) == 0) return "socrupSwf"[index];
  }
  fprintf(stderr, "client: what is %s?\n", operation);
  exit(2);
}

int main(int argc, char **argv) {
  if (argc != 5) {
    fprintf(stderr, "usage: client OPERATION PATH COUNT SECONDS\n");
    return 2;
  }
  if (strcmp(argv[1], "touch") == 0) {
    double begun = now();
    touch(atol(argv[3]));
    printf("%s %.9f\n", argv[3], now() - begun);
    return 0;
  }
  kind = kind_of(argv[1]);
  int is_whole = kind == 'S' || kind == 'f';
  int flags = kind == 'w' || kind == 'f' ? O_RDWR : O_RDONLY;
  long count = atol(argv[3]);
  double limit = atof(argv[4]);
  if (strchr("socru", kind) != NULL) {
    paths = make_paths(argv[2], "", count);
    new_paths = make_paths(argv[2], "r", count);
  } else if (!is_whole) {
    file = open_file(argv[2], flags);
  }
  memset(buffer, 1, sizeof buffer);
  long done = 0;
  double from = now();
  double until = from + limit;
  do {
    if (is_whole) file = open_file(argv[2], flags);
    for (long index = 0; index < count; index++) {
      operate(index);
      done++;
      if (!is_whole && limit > 0 && done % CLOCK_EVERY == 0 && now() >= until) break;
    }
    if (is_whole && close(file) < 0) fail(argv[2]);
  } while (now() < until);
  printf("%ld %.9f\n", done, now() - from);
  return 0;
}
