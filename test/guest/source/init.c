// Process 1 of an unprivileged container: brings the system up phase by phase, keeps its services, reaps what dies.
// LXC has mounted /proc, /sys and /dev before it starts.
#include "guest.h"

// While this file is there, Android is not started: whoever made it has work to do in the guest before.
#define HOLD "/var/lib/anbox/hold"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct service {
  const char *name, *path, *argument;
  int essential; // init ends, and the container with it, when it dies
  pid_t pid;
  double restart; // seconds on our clock, 0: none due
};
static struct service network = {"network", "/system/etc/network", NULL, 0, 0, 0};
static struct service adbd = {"adbd", "/system/bin/adbd", NULL, 0, 0, 0};
static struct service zygote = {"zygote", "/system/bin/zygote", NULL, 1, 0, 0};
static struct service system_server = {"system_server", "/system/bin/system_server", NULL, 1, 0, 0};
static struct service *const services[] = {&network, &adbd, &zygote, &system_server};
enum { SERVICES = sizeof services / sizeof services[0] };

static sigset_t signals;
static struct timespec born;

// Seconds since init started.
static double clock_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)(now.tv_sec - born.tv_sec) + (double)(now.tv_nsec - born.tv_nsec) / 1e9;
}

static void service_state(const struct service *service, const char *state) {
  char name[PROPERTY_NAME];
  snprintf(name, sizeof name, "init.svc.%s", service->name);
  property_set(name, state);
}

static void service_start(struct service *service) {
  service->restart = 0;
  service->pid = fork();
  if (service->pid < 0) {
    service->pid = 0, service->restart = clock_now() + 1;
    return log_line('E', "init", "cannot start %s: %s", service->name, strerror(errno));
  }
  if (service->pid == 0) {
    sigprocmask(SIG_UNBLOCK, &signals, NULL);
    setsid();
    int null = open("/dev/null", O_RDWR);
    for (int fd = 0; fd < 3; fd++) dup2(null, fd);
    if (null > 2) close(null);
    execl(service->path, service->path, service->argument, (char *)NULL);
    _exit(127);
  }
  service_state(service, "running");
  log_line('I', "init", "started %s, pid %d", service->name, (int)service->pid);
}

static void power_off(int code) {
  log_line('I', "init", "shutting down");
  kill(-1, SIGTERM);
  // Shells ignore SIGTERM; they get a moment, not a choice.
  for (int i = 0; i < 20 && !(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD); i++) usleep(10000);
  kill(-1, SIGKILL);
  exit(code);
}

static void reap(void) {
  int status;
  for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
    for (int i = 0; i < SERVICES; i++) {
      struct service *service = services[i];
      if (service->pid != pid) continue;
      service->pid = 0;
      service_state(service, "stopped");
      char stopping[PROPERTY_VALUE];
      if (property_get("standin.stopping", stopping) == 0 && strcmp(stopping, "1") == 0 && service != &adbd) continue;
      if (service->essential) {
        log_line('F', "init", "%s crashed, status %d: this system is lost", service->name, status);
        power_off(1);
      }
      if (service == &network) continue;
      log_line('W', "init", "%s ended, status %d; starting it again", service->name, status);
      service->restart = clock_now() + 0.2;
    }
  }
}

static void phase(const char *name) {
  property_set("standin.phase", name);
  log_line('I', "init", "phase %s at %.3f s", name, clock_now());
}

static void enter_init(const struct boot *boot) {
  static const char *const modes[] = {"normal", "never", "slow", "crash"};
  phase("init");
  if (boot->mode != BOOT_NORMAL)
    log_line('W', "init", "told to boot: %s, %g s", modes[boot->mode], boot->seconds);
  service_start(&network);
  service_start(&adbd);
}

static void enter_zygote(const struct boot *boot) {
  static char seconds[32];
  phase("zygote");
  if (boot->mode == BOOT_CRASH) {
    snprintf(seconds, sizeof seconds, "%g", boot->seconds);
    zygote.argument = seconds;
  }
  service_start(&zygote);
}

static void enter_system_server(const struct boot *boot) {
  phase("system_server");
  service_start(&system_server);
  if (boot->mode == BOOT_NEVER) log_line('W', "init", "told never to finish booting");
}

static void enter_boot_completed(const struct boot *boot) {
  (void)boot;
  char milliseconds[32];
  snprintf(milliseconds, sizeof milliseconds, "%.0f", clock_now() * 1000);
  property_set("ro.standin.boot_milliseconds", milliseconds);
  property_set("dev.bootcomplete", "1");
  property_set("sys.boot_completed", "1");
  phase("boot_completed");
}

static void prepare(void) {
  umask(022);
  setenv("PATH", "/system/bin", 1);
  mount("tmpfs", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755,size=4m");
  mount("tmpfs", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777,size=64m");
  rename(ANDROID_LOG, ANDROID_LOG ".1");
  properties_reset();
  phase("early-init");
  properties_load("/data/local.prop"); // first, so that it overrides the image's `ro.` values
  properties_load("/system/build.prop");
}

int init_main(void) {
  if (getpid() != 1) return fputs("init: only as process 1\n", stderr), 1;
  clock_gettime(CLOCK_MONOTONIC, &born);
  // LXD stops a container with SIGPWR.
  static const int handled[] = {SIGCHLD, SIGPWR, SIGTERM, SIGINT};
  sigemptyset(&signals);
  for (size_t i = 0; i < sizeof handled / sizeof handled[0]; i++) sigaddset(&signals, handled[i]);
  sigprocmask(SIG_BLOCK, &signals, NULL);
  prepare();

  struct boot boot = boot_wanted();
  double third = boot.mode == BOOT_SLOW ? boot.seconds / 3 : 0.1;
  const struct {
    double at;
    void (*enter)(const struct boot *);
  } steps[] = {{0, enter_init}, {third, enter_zygote}, {2 * third, enter_system_server}, {3 * third, enter_boot_completed}};
  // A crash comes before system_server; a boot that never ends stops short of its last step.
  int count = boot.mode == BOOT_CRASH ? 2 : boot.mode == BOOT_NEVER ? 3 : 4;

  double begin = 0; // when Android's part of the boot began
  for (int next = 0;;) {
    double now = clock_now(), wake = now + 3600;
    if (next == 1 && access(HOLD, F_OK) == 0) begin = now;
    if (next < count && begin + steps[next].at <= now) steps[next++].enter(&boot);
    for (int i = 0; i < SERVICES; i++)
      if (services[i]->restart > 0 && services[i]->restart <= now) service_start(services[i]);
    if (next < count) wake = begin + steps[next].at;
    for (int i = 0; i < SERVICES; i++)
      if (services[i]->restart > 0 && services[i]->restart < wake) wake = services[i]->restart;
    if (next == 1 && wake > now + 0.02) wake = now + 0.02; // to see the hold go
    double rest = wake - clock_now();
    if (rest < 0) rest = 0;
    struct timespec pause = {(time_t)rest, (long)((rest - (double)(time_t)rest) * 1e9)};
    int got = sigtimedwait(&signals, NULL, &pause);
    if (got == SIGPWR || got == SIGTERM || got == SIGINT) power_off(0);
    reap();
  }
}
