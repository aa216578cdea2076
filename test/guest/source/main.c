#include "guest.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <unistd.h>

static int getprop_main(int count, char **arguments) {
  if (count < 2) return properties_print();
  char value[PROPERTY_VALUE];
  property_get(arguments[1], value);
  puts(value[0] == 0 && count > 2 ? arguments[2] : value);
  return 0;
}

static int setprop_main(int count, char **arguments) {
  if (count != 3) return fputs("usage: setprop NAME VALUE\n", stderr), 1;
  if (property_set(arguments[1], arguments[2]) == 0) return 0;
  fprintf(stderr, "Failed to set property '%s' to '%s': %s\n", arguments[1], arguments[2], strerror(errno));
  return 1;
}

// log [-p LEVEL] [-t TAG] TEXT...
static int log_main(int count, char **arguments) {
  const char *tag = "log";
  char level = 'I', text[1024] = "";
  for (int option; (option = getopt(count, arguments, "p:t:")) != -1;) {
    if (option == 't') tag = optarg;
    else if (option == 'p') level = (char)(optarg[0] & ~32); // upper case
    else return 1;
  }
  for (int i = optind; i < count; i++) {
    if (i > optind) strncat(text, " ", sizeof text - strlen(text) - 1);
    strncat(text, arguments[i], sizeof text - strlen(text) - 1);
  }
  log_line(level, tag, "%s", text);
  return 0;
}

// In a container reboot(2) ends its process 1 and tells LXC which of the two was meant.
static int reboot_main(int count, char **arguments) {
  sync();
  int off = count > 1 && strcmp(arguments[1], "-p") == 0;
  return reboot(off ? RB_POWER_OFF : RB_AUTOBOOT) != 0;
}

// zygote and system_server: something to see in `ps` and to kill. With an argument it dies after that many seconds.
static int process_main(int count, char **arguments) {
  if (count > 1) {
    double seconds = atof(arguments[1]);
    sleep((unsigned)seconds);
    usleep((useconds_t)((seconds - (unsigned)seconds) * 1e6));
    return 1;
  }
  for (;;) pause();
}

int main(int count, char **arguments) {
  const char *slash = strrchr(arguments[0], '/'), *name = slash ? slash + 1 : arguments[0];
  if (strcmp(name, "init") == 0) return init_main();
  if (strcmp(name, "adbd") == 0) return adbd_main();
  if (strcmp(name, "getprop") == 0) return getprop_main(count, arguments);
  if (strcmp(name, "setprop") == 0) return setprop_main(count, arguments);
  if (strcmp(name, "log") == 0) return log_main(count, arguments);
  if (strcmp(name, "reboot") == 0) return reboot_main(count, arguments);
  if (strcmp(name, "zygote") == 0 || strcmp(name, "system_server") == 0) return process_main(count, arguments);
  return fprintf(stderr, "%s: not a part of the stand-in for Android\n", name), 127;
}
