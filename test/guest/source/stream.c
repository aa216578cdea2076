#include "guest.h"

#include <errno.h>
#include <unistd.h>

int read_all(int fd, void *data, size_t length) {
  for (char *at = data; length > 0;) {
    ssize_t count = read(fd, at, length);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return -1;
    at += count, length -= (size_t)count;
  }
  return 0;
}

int write_all(int fd, const void *data, size_t length) {
  for (const char *at = data; length > 0;) {
    ssize_t count = write(fd, at, length);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return -1;
    at += count, length -= (size_t)count;
  }
  return 0;
}
