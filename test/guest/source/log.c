#include "guest.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { LOG_BYTES = 1 << 20 }; // then the log starts anew and the old one is kept once

static void append(const char *path, int flags, const char *line, size_t length) {
  int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY | flags, 0644);
  if (fd < 0) return;
  // A console that nobody reads must not stop the boot: what it does not take is lost there, not in the file.
  if (write(fd, line, length) < 0) { /* nowhere left to say so */ }
  close(fd);
}

void log_line(char level, const char *tag, const char *format, ...) {
  struct timespec now;
  struct tm day;
  clock_gettime(CLOCK_REALTIME, &now);
  gmtime_r(&now.tv_sec, &day);
  char line[2048], text[1800], date[32];
  va_list values;
  va_start(values, format);
  vsnprintf(text, sizeof text, format, values);
  va_end(values);
  strftime(date, sizeof date, "%m-%d %H:%M:%S", &day);
  int length = snprintf(line, sizeof line, "%s.%03ld %5d %5d %c %.64s: %s\n", date, now.tv_nsec / 1000000, (int)getpid(),
                        (int)getpid(), level, tag, text);
  struct stat state;
  if (stat(ANDROID_LOG, &state) == 0 && state.st_size > LOG_BYTES) rename(ANDROID_LOG, ANDROID_LOG ".1");
  append(ANDROID_LOG, O_CREAT | O_APPEND, line, (size_t)length);
  append("/dev/console", O_NONBLOCK, line, (size_t)length);
}
