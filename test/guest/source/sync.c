// adb's `sync:`, version 1: STAT, LIST, SEND and RECV. A request is an id and a length, then a path.
#include "guest.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ID(a, b, c, d) ((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | (uint32_t)(d) << 24)
enum { CHUNK = 64 * 1024, PATH = 1024 };

static int peer;
static char unfinished[PATH + 64]; // what a client that leaves half-way through a file leaves behind
static uint8_t chunk[CHUNK + 1];

static void leave(int code) {
  if (unfinished[0]) unlink(unfinished);
  _exit(code);
}

static void get(void *data, size_t length) {
  if (read_all(peer, data, length) < 0) leave(0);
}

static void put(const void *data, size_t length) {
  if (write_all(peer, data, length) < 0) _exit(0);
}

static void put_fail(const char *what) {
  char text[PATH + 128];
  uint32_t head[2] = {ID('F', 'A', 'I', 'L')};
  head[1] = (uint32_t)snprintf(text, sizeof text, "%s: %s", what, strerror(errno));
  put(head, sizeof head);
  put(text, head[1]);
}

static void stat_path(const char *path) {
  struct stat state;
  uint32_t reply[4] = {ID('S', 'T', 'A', 'T')}; // all zeros: there is no such file
  if (lstat(path, &state) == 0)
    reply[1] = state.st_mode, reply[2] = (uint32_t)state.st_size, reply[3] = (uint32_t)state.st_mtime;
  put(reply, sizeof reply);
}

static void list(const char *path) {
  DIR *open = opendir(path);
  for (struct dirent *entry; open && (entry = readdir(open));) {
    struct stat state;
    if (fstatat(dirfd(open), entry->d_name, &state, AT_SYMLINK_NOFOLLOW) < 0) continue;
    uint32_t reply[5] = {ID('D', 'E', 'N', 'T'), state.st_mode, (uint32_t)state.st_size, (uint32_t)state.st_mtime,
                         (uint32_t)strlen(entry->d_name)};
    put(reply, sizeof reply);
    put(entry->d_name, reply[4]);
  }
  if (open) closedir(open);
  uint32_t done[5] = {ID('D', 'O', 'N', 'E')};
  put(done, sizeof done);
}

static void receive(const char *path) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return put_fail(path);
  ssize_t count;
  while ((count = read(fd, chunk, CHUNK)) > 0) {
    uint32_t head[2] = {ID('D', 'A', 'T', 'A'), (uint32_t)count};
    put(head, sizeof head);
    put(chunk, (size_t)count);
  }
  if (count < 0) put_fail(path);
  close(fd);
  uint32_t done[2] = {ID('D', 'O', 'N', 'E')};
  if (count == 0) put(done, sizeof done);
}

static void make_parents(char *path) {
  for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
    *slash = 0;
    mkdir(path, 0775);
    *slash = '/';
  }
}

// `PATH,MODE`, then DATA chunks, then DONE with the modification time. A file is written beside its place and moved
// there whole. After a failure the rest is read all the same, or the client would take its own data for the reply.
static void send_path(char *path) {
  char *comma = strrchr(path, ',');
  mode_t mode = comma ? (mode_t)strtoul(comma + 1, NULL, 0) : 0644;
  if (comma) *comma = 0;
  char *fresh = unfinished;
  snprintf(unfinished, sizeof unfinished, "%s.sync%d", path, (int)getpid());
  make_parents(path);
  int link = S_ISLNK(mode), failed = 0, fd = -1;
  if (!link) {
    fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) failed = errno;
  }
  uint32_t head[2];
  for (;;) {
    get(head, sizeof head);
    if (head[0] != ID('D', 'A', 'T', 'A')) break;
    if (head[1] > CHUNK) leave(1);
    get(chunk, head[1]);
    chunk[head[1]] = 0;
    if (link && !failed && symlink((char *)chunk, fresh) < 0) failed = errno;
    if (!link && !failed && write_all(fd, chunk, head[1]) < 0) failed = errno;
  }
  if (head[0] != ID('D', 'O', 'N', 'E')) failed = EPROTO;
  if (fd >= 0) {
    struct timespec times[2] = {{head[1], 0}, {head[1], 0}};
    fchmod(fd, mode & 0777);
    futimens(fd, times);
    close(fd);
  }
  if (!failed && rename(fresh, path) < 0) failed = errno;
  if (failed) unlink(fresh);
  unfinished[0] = 0;
  if (failed) return errno = failed, put_fail(path);
  uint32_t okay[2] = {ID('O', 'K', 'A', 'Y')};
  put(okay, sizeof okay);
}

void sync_serve(int fd) {
  peer = fd;
  umask(0);
  for (;;) {
    uint32_t head[2];
    char path[PATH + 16];
    get(head, sizeof head);
    if (head[0] == ID('Q', 'U', 'I', 'T')) _exit(0);
    if (head[1] > PATH) {
      errno = ENAMETOOLONG;
      put_fail("path");
      _exit(1);
    }
    get(path, head[1]);
    path[head[1]] = 0;
    if (head[0] == ID('S', 'T', 'A', 'T')) stat_path(path);
    else if (head[0] == ID('L', 'I', 'S', 'T')) list(path);
    else if (head[0] == ID('S', 'E', 'N', 'D')) send_path(path);
    else if (head[0] == ID('R', 'E', 'C', 'V')) receive(path);
    else {
      errno = EPROTO;
      put_fail("request");
      _exit(1);
    }
  }
}
