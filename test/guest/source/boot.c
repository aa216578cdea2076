// How the boot is to go, told by the instance's user data:
//   {"standin":{"boot":"slow","seconds":5}}     JSON, anywhere in the text, also inside a JSON string
//   standin.boot=slow                           or a line each
//   standin.seconds=5
// or by the properties standin.boot and standin.seconds, which /data/local.prop can hold, or the same with `persist.`
// before them, which setprop keeps for the next boot. User data wins. What is not understood is ignored: user data
// belongs to whoever launched the instance.
#include "guest.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define USERDATA "/var/lib/anbox/userdata"
enum { DAY = 86400 };

static void take_mode(struct boot *boot, const char *word) {
  static const char *const modes[] = {"normal", "never", "slow", "crash"};
  for (int mode = BOOT_NORMAL; mode <= BOOT_CRASH; mode++) {
    size_t length = strlen(modes[mode]);
    if (strncmp(word, modes[mode], length) != 0 || isalnum((unsigned char)word[length])) continue;
    boot->mode = (enum boot_mode)mode;
    if (boot->seconds < 0) boot->seconds = mode == BOOT_SLOW ? 10 : 0;
  }
}

static void take_seconds(struct boot *boot, const char *number) {
  char *end;
  double seconds = strtod(number, &end);
  if (end != number && seconds >= 0 && seconds <= DAY) boot->seconds = seconds;
}

// The value after `"key" :` in an object's text, a quote skipped.
static const char *member(const char *text, const char *key) {
  const char *at = strstr(text, key);
  if (!at) return NULL;
  at += strlen(key);
  at += strspn(at, " \t\r\n");
  if (*at++ != ':') return NULL;
  at += strspn(at, " \t\r\n");
  return *at == '"' ? at + 1 : at;
}

static void read_userdata(struct boot *boot) {
  static char text[64 * 1024];
  int fd = open(USERDATA, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return;
  ssize_t length = read(fd, text, sizeof text - 1);
  close(fd);
  if (length <= 0) return;
  char *end = text;
  for (ssize_t i = 0; i < length; i++)
    if (text[i] != '\\' && text[i] != 0) *end++ = text[i];
  *end = 0;
  for (const char *line = text; line; line = strchr(line, '\n'), line += line != NULL) {
    if (strncmp(line, "standin.seconds=", 16) == 0) take_seconds(boot, line + 16);
    if (strncmp(line, "standin.boot=", 13) == 0) take_mode(boot, line + 13);
  }
  const char *standin = member(text, "\"standin\"");
  if (!standin || *standin != '{') return;
  char object[256];
  snprintf(object, sizeof object, "%.*s", (int)strcspn(standin, "}"), standin);
  const char *seconds = member(object, "\"seconds\""), *mode = member(object, "\"boot\"");
  if (seconds) take_seconds(boot, seconds);
  if (mode) take_mode(boot, mode);
}

struct boot boot_wanted(void) {
  struct boot boot = {BOOT_NORMAL, -1};
  static const char *const names[][2] = {{"persist.standin.seconds", "persist.standin.boot"},
                                         {"standin.seconds", "standin.boot"}};
  char value[PROPERTY_VALUE];
  for (int i = 0; i < 2; i++) {
    if (property_get(names[i][0], value) == 0) take_seconds(&boot, value);
    if (property_get(names[i][1], value) == 0) take_mode(&boot, value);
  }
  read_userdata(&boot);
  return boot;
}
