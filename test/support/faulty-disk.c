/*
 * A disk that fails as it is told to, for the files below one folder: put before a process's C library by LD_PRELOAD.
 * faulty-disk.ts is the way to use it.
 *
 *     FAULTY_DISK_FOLDER  the folder, with its end: /tmp/x/
 *     FAULTY_DISK_PLAN    a file of faults, read again with each call, so that it can be replaced at any time. A line:
 *                         <call> <from> <to> <fault> <number>
 *                         call   write (write, pwrite, writev, pwritev), open, sync (fsync, fdatasync), truncate, rename
 *                         from   the first of the process's calls of that kind that is meant, beginning with 1
 *                         to     the last of them, 0 for all that follow
 *                         fault  error: fails with that errno; short: takes so many bytes; sleep: so many milliseconds;
 *                         room: so many bytes are taken of all writes together, then ENOSPC, also in the middle of one
 *     FAULTY_DISK_SYNCED  a file that gets a line with each sync: <inode> <bytes that are safe>
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum call { WRITE, OPEN, SYNC, TRUNCATE, RENAME, CALLS };
static const char *const names[CALLS] = {"write", "open", "sync", "truncate", "rename"};
static atomic_long calls[CALLS];
static atomic_long written;

struct outcome {
  int error;
  /* Bytes that a write takes at most, less than 0 without a limit. */
  long limit;
};

static int is_ours(const char *path) {
  const char *folder = getenv("FAULTY_DISK_FOLDER");
  return folder && path && strncmp(path, folder, strlen(folder)) == 0;
}

static int is_our_fd(int fd) {
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  long length = syscall(SYS_readlinkat, AT_FDCWD, link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return is_ours(path);
}

static void wait_ms(long ms) {
  struct timespec left = {ms / 1000, ms % 1000 * 1000000};
  while (nanosleep(&left, &left) != 0) continue;
}

/* What becomes of the call: it is counted, and waits here if it is to be slow. */
static struct outcome outcome_of(enum call call) {
  struct outcome outcome = {0, -1};
  long number = atomic_fetch_add(&calls[call], 1) + 1;
  const char *file = getenv("FAULTY_DISK_PLAN");
  int fd = file ? (int)syscall(SYS_openat, AT_FDCWD, file, O_RDONLY | O_CLOEXEC) : -1;
  if (fd < 0) return outcome;
  char plan[8192], *rest, name[16], fault[16];
  long length = syscall(SYS_read, fd, plan, sizeof plan - 1), from, to, value;
  syscall(SYS_close, fd);
  plan[length < 0 ? 0 : length] = 0;
  for (char *line = strtok_r(plan, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
    if (sscanf(line, "%15s %ld %ld %15s %ld", name, &from, &to, fault, &value) != 5) continue;
    if (strcmp(name, names[call]) != 0 || number < from || (to && number > to)) continue;
    if (strcmp(fault, "sleep") == 0) wait_ms(value);
    if (strcmp(fault, "error") == 0) outcome.error = (int)value;
    if (strcmp(fault, "short") == 0) outcome.limit = value;
    if (strcmp(fault, "room") == 0) {
      outcome.limit = value - atomic_load(&written);
      if (outcome.limit <= 0) outcome.error = ENOSPC;
    }
  }
  return outcome;
}

static int failed(int error) {
  errno = error;
  return -1;
}

/* One write for all of them; an offset of -1 is where the file is. */
static ssize_t put(int fd, const void *bytes, size_t length, off64_t offset) {
  static ssize_t (*put_next)(int, const void *, size_t);
  static ssize_t (*put_at)(int, const void *, size_t, off64_t);
  if (!put_next) put_next = dlsym(RTLD_NEXT, "write");
  if (!put_at) put_at = dlsym(RTLD_NEXT, "pwrite64");
  int ours = is_our_fd(fd);
  if (ours) {
    struct outcome outcome = outcome_of(WRITE);
    if (outcome.error) return failed(outcome.error);
    if (outcome.limit >= 0 && (size_t)outcome.limit < length) length = (size_t)outcome.limit;
  }
  ssize_t done = offset < 0 ? put_next(fd, bytes, length) : put_at(fd, bytes, length, offset);
  if (ours && done > 0) atomic_fetch_add(&written, done);
  return done;
}

static ssize_t put_all(int fd, const struct iovec *pieces, int count, off64_t offset) {
  size_t length = 0, at = 0;
  for (int i = 0; i < count; i++) length += pieces[i].iov_len;
  char *bytes = malloc(length + 1);
  if (!bytes) return failed(ENOMEM);
  for (int i = 0; i < count; at += pieces[i++].iov_len) memcpy(bytes + at, pieces[i].iov_base, pieces[i].iov_len);
  ssize_t done = put(fd, bytes, length, offset);
  int error = errno;
  free(bytes);
  errno = error;
  return done;
}

ssize_t write(int fd, const void *bytes, size_t length) { return put(fd, bytes, length, -1); }
ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at) { return put(fd, bytes, length, at); }
ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t at) { return put(fd, bytes, length, at); }
ssize_t writev(int fd, const struct iovec *pieces, int count) { return put_all(fd, pieces, count, -1); }
ssize_t pwritev(int fd, const struct iovec *pieces, int count, off_t at) { return put_all(fd, pieces, count, at); }
ssize_t pwritev64(int fd, const struct iovec *pieces, int count, off64_t at) { return put_all(fd, pieces, count, at); }

static int open_at(int folder, const char *path, int flags, mode_t mode) {
  int error = is_ours(path) ? outcome_of(OPEN).error : 0;
  if (error) return failed(error);
  return (int)syscall(SYS_openat, folder, path, flags, mode);
}

#define MODE_OF(flags, mode)                     \
  mode_t mode = 0;                               \
  if ((flags) & (O_CREAT | O_TMPFILE)) {         \
    va_list rest;                                \
    va_start(rest, flags);                       \
    mode = va_arg(rest, mode_t);                 \
    va_end(rest);                                \
  }

int open(const char *path, int flags, ...) {
  MODE_OF(flags, mode)
  return open_at(AT_FDCWD, path, flags, mode);
}

int open64(const char *path, int flags, ...) {
  MODE_OF(flags, mode)
  return open_at(AT_FDCWD, path, flags | O_LARGEFILE, mode);
}

static void note_synced(int fd, off64_t size) {
  const char *file = getenv("FAULTY_DISK_SYNCED");
  struct stat64 stats;
  char line[64];
  if (!file || fstat64(fd, &stats) != 0) return;
  int length = snprintf(line, sizeof line, "%lu %ld\n", (unsigned long)stats.st_ino, (long)size);
  int log = (int)syscall(SYS_openat, AT_FDCWD, file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (log < 0) return;
  syscall(SYS_write, log, line, (size_t)length);
  syscall(SYS_close, log);
}

/* What is written while a sync goes on may be safe, or not: it counts as not. */
static int sync_by(const char *name, int fd) {
  struct stat64 before;
  int ours = is_our_fd(fd) && fstat64(fd, &before) == 0;
  if (ours) {
    int error = outcome_of(SYNC).error;
    if (error) return failed(error);
  }
  int (*sync_next)(int) = dlsym(RTLD_NEXT, name);
  int result = sync_next(fd);
  if (ours && result == 0) note_synced(fd, before.st_size);
  return result;
}

int fsync(int fd) { return sync_by("fsync", fd); }
int fdatasync(int fd) { return sync_by("fdatasync", fd); }

static int truncate_fd(int fd, off64_t size) {
  int error = is_our_fd(fd) ? outcome_of(TRUNCATE).error : 0;
  return error ? failed(error) : (int)syscall(SYS_ftruncate, fd, size);
}

int ftruncate(int fd, off_t size) { return truncate_fd(fd, size); }
int ftruncate64(int fd, off64_t size) { return truncate_fd(fd, size); }

int rename(const char *from, const char *to) {
  int error = is_ours(from) ? outcome_of(RENAME).error : 0;
  return error ? failed(error) : (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}
