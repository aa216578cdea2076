// The stand-in's parts, all in one static binary that acts by the name it is called with (see main.c).
#pragma once
#include <stddef.h>
#include <stdint.h>

#define ANDROID_LOG "/var/log/android.log"
#define ADB_PORT 5559 // where Anbox exposes adb in an instance

// properties.c: 0 or -1. A `ro.` property keeps its first value.
enum { PROPERTY_NAME = 128, PROPERTY_VALUE = 1024 };
void properties_reset(void);
void properties_load(const char *file);
int property_set(const char *name, const char *value);
int property_get(const char *name, char value[PROPERTY_VALUE]);
int properties_print(void);

// log.c: one line in logcat's threadtime form, to the log file and to the console.
void log_line(char level, const char *tag, const char *format, ...) __attribute__((format(printf, 3, 4)));

// boot.c: how this boot is to go.
enum boot_mode { BOOT_NORMAL, BOOT_NEVER, BOOT_SLOW, BOOT_CRASH };
struct boot {
  enum boot_mode mode;
  double seconds;
};
struct boot boot_wanted(void);

// init.c, adbd.c: never return while all is well.
int init_main(void);
int adbd_main(void);

// shell.c, sync.c: serve one adb stream on a socket and do not return.
void shell_serve(const char *service, int fd) __attribute__((noreturn));
void sync_serve(int fd) __attribute__((noreturn));

// stream.c: whole reads and writes on a blocking descriptor; 0, or -1 at its end.
int read_all(int fd, void *data, size_t length);
int write_all(int fd, const void *data, size_t length);
