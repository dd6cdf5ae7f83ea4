/*
 * The program that reads, in a process of its own and in C: a stat from the kernel's cache takes
 * half a microsecond, which any interpreter would hide behind its own cost.
 *
 *   client stat DIR FILES SECONDS    stat DIR/0 ... DIR/FILES-1, round and round
 *   client open DIR FILES SECONDS    open, read 4 KiB and close the same files
 *   client pread FILE BLOCKS SECONDS read the first BLOCKS blocks of 4 KiB of an open file
 *   client scan FILE PIECES SECONDS  open, read PIECES pieces of 1 MiB, close
 *   client touch . PIECES SECONDS    write to each page of PIECES MiB of memory, and give it back
 *
 * SECONDS 0 is one round. Prints: operations, seconds. An operation of scan is one piece.
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

static int open_file(const char *path) {
  int file = open(path, O_RDONLY | O_CLOEXEC);
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

static char **make_paths(const char *directory, long count) {
  char **paths = malloc((size_t)count * sizeof *paths);
  if (paths == NULL) fail("malloc");
  for (long index = 0; index < count; index++) {
    if (asprintf(&paths[index], "%s/%ld", directory, index) < 0) fail("asprintf");
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

static void operate(char kind, const char *path, int file, long index) {
  struct stat attributes;
  if (kind == 's') {
    if (stat(path, &attributes) < 0) fail(path);
  } else if (kind == 'o') {
    int opened = open_file(path);
    if (read(opened, buffer, BLOCK) != BLOCK) fail(path);
    if (close(opened) < 0) fail(path);
  } else if (kind == 'p') {
    read_fully(file, BLOCK, index * BLOCK);
  } else {
    read_fully(file, PIECE, index * (off_t)PIECE);
  }
}

int main(int argc, char **argv) {
  if (argc != 5) {
    fprintf(stderr, "usage: client stat|open|pread|scan|touch PATH COUNT SECONDS\n");
    return 2;
  }
  if (strcmp(argv[1], "touch") == 0) {
    double begun = now();
    touch(atol(argv[3]));
    printf("%s %.9f\n", argv[3], now() - begun);
    return 0;
  }
  int is_scan = strcmp(argv[1], "scan") == 0;
  char kind = is_scan ? 'c' : argv[1][0];
  int is_many = kind == 's' || kind == 'o';
  long count = atol(argv[3]);
  double limit = atof(argv[4]);
  char **paths = is_many ? make_paths(argv[2], count) : NULL;
  int file = kind == 'p' ? open_file(argv[2]) : -1;
  memset(buffer, 1, sizeof buffer);
  long done = 0;
  double from = now();
  double until = from + limit;
  do {
    if (is_scan) file = open_file(argv[2]);
    for (long index = 0; index < count; index++) {
      operate(kind, is_many ? paths[index] : NULL, file, index);
      done++;
      if (!is_scan && limit > 0 && done % CLOCK_EVERY == 0 && now() >= until) break;
    }
    if (is_scan && close(file) < 0) fail(argv[2]);
  } while (now() < until);
  printf("%ld %.9f\n", done, now() - from);
  return 0;
}
