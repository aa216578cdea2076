// A property is a file of that name: `persist.` ones on the disk, all others in memory, gone with the boot.
#include "guest.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MEMORY "/run/property"
#define DISK "/data/property"

static int valid(const char *name) {
  size_t length = strlen(name);
  if (length == 0 || length >= PROPERTY_NAME || name[0] == '.') return 0;
  return strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-:@") == length;
}

static const char *directory(const char *name) {
  return strncmp(name, "persist.", 8) == 0 ? DISK : MEMORY;
}

int property_get(const char *name, char value[PROPERTY_VALUE]) {
  value[0] = 0;
  if (!valid(name)) return -1;
  char path[PROPERTY_NAME + 32];
  snprintf(path, sizeof path, "%s/%s", directory(name), name);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  ssize_t length = read(fd, value, PROPERTY_VALUE - 1);
  close(fd);
  value[length > 0 ? length : 0] = 0;
  return 0;
}

int property_set(const char *name, const char *value) {
  if (!valid(name) || strlen(value) >= PROPERTY_VALUE) return errno = EINVAL, -1;
  char path[PROPERTY_NAME + 32], fresh[PROPERTY_NAME + 64];
  snprintf(path, sizeof path, "%s/%s", directory(name), name);
  snprintf(fresh, sizeof fresh, "%s/.%d", directory(name), (int)getpid());
  int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return -1;
  int failed = write_all(fd, value, strlen(value));
  close(fd);
  // A reader sees the old value or the new one. link() fails where rename() would replace: the first `ro.` value stays.
  if (!failed) failed = strncmp(name, "ro.", 3) == 0 ? link(fresh, path) : rename(fresh, path);
  int reason = errno;
  unlink(fresh);
  return errno = reason, failed;
}

void properties_reset(void) {
  mkdir(MEMORY, 0755);
  mkdir("/data", 0755);
  mkdir(DISK, 0755);
  DIR *open = opendir(MEMORY);
  if (!open) return;
  for (struct dirent *entry; (entry = readdir(open));) unlinkat(dirfd(open), entry->d_name, 0);
  closedir(open);
}

void properties_load(const char *file) {
  FILE *open = fopen(file, "re");
  if (!open) return;
  char line[PROPERTY_NAME + PROPERTY_VALUE];
  while (fgets(line, sizeof line, open)) {
    line[strcspn(line, "\r\n")] = 0;
    char *value = strchr(line, '=');
    if (line[0] == '#' || !value) continue;
    *value++ = 0;
    property_set(line, value);
  }
  fclose(open);
}

static int print_directory(const char *path) {
  struct dirent **entries;
  int count = scandir(path, &entries, NULL, alphasort);
  for (int i = 0; i < count; i++) {
    char value[PROPERTY_VALUE];
    if (entries[i]->d_name[0] != '.' && property_get(entries[i]->d_name, value) == 0)
      printf("[%s]: [%s]\n", entries[i]->d_name, value);
    free(entries[i]);
  }
  if (count >= 0) free(entries);
  return count < 0;
}

int properties_print(void) {
  return print_directory(DISK) | print_directory(MEMORY);
}
