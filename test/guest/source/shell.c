// adb's `shell:COMMAND`, `shell,v2,…:COMMAND` and `exec:COMMAND`. Version 2 frames what flows as packets of an id byte
// and a length, which keeps stdout and stderr apart and carries the exit status.
#include "guest.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STDIN, STDOUT, STDERR, EXIT, CLOSE_STDIN, WINDOW };
enum { CHUNK = 32 * 1024 };

struct shell {
  int peer, framed, pty;
  pid_t child;
  int input, output, error; // -1 once closed; with a terminal, input and output are one
  uint8_t id;               // the client's packet being read,
  uint32_t left;            // and what is left of it
  uint8_t pending[CHUNK];   // for the child's input
  size_t taken, length;
  int input_ends;
};

static void environment(const char *term) {
  static const char *const values[][2] = {
      {"PATH", "/system/bin"},  {"HOME", "/data"},         {"SHELL", "/system/bin/sh"}, {"USER", "root"},
      {"TMPDIR", "/data/local/tmp"}, {"ANDROID_ROOT", "/system"}, {"ANDROID_DATA", "/data"}, {"PS1", "standin:$PWD # "}};
  for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) setenv(values[i][0], values[i][1], 1);
  setenv("TERM", term, 1);
}

static void run(const char *command) {
  signal(SIGPIPE, SIG_DFL);
  if (chdir("/") < 0) _exit(126);
  if (command[0]) execl("/system/bin/sh", "sh", "-c", command, (char *)NULL);
  else execl("/system/bin/sh", "-sh", (char *)NULL);
  _exit(127);
}

static void start_on_terminal(struct shell *shell, const char *command) {
  int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  char name[64];
  if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0 || ptsname_r(master, name, sizeof name) != 0) _exit(1);
  shell->child = fork();
  if (shell->child == 0) {
    setsid();
    int terminal = open(name, O_RDWR); // a session leader's first terminal becomes its own
    for (int fd = 0; fd < 3; fd++) dup2(terminal, fd);
    if (terminal > 2) close(terminal);
    run(command);
  }
  shell->input = shell->output = master;
  shell->error = -1;
}

static void start_on_pipes(struct shell *shell, const char *command) {
  int input[2], output[2], error[2];
  if (pipe2(input, O_CLOEXEC) < 0 || pipe2(output, O_CLOEXEC) < 0 || pipe2(error, O_CLOEXEC) < 0) _exit(1);
  shell->child = fork();
  if (shell->child == 0) {
    setsid();
    dup2(input[0], 0), dup2(output[1], 1), dup2(error[1], 2);
    run(command);
  }
  close(input[0]), close(output[1]), close(error[1]);
  shell->input = input[1], shell->output = output[0], shell->error = error[0];
}

static void abandon(struct shell *shell) {
  kill(-shell->child, SIGHUP);
  _exit(0);
}

static void send_frame(struct shell *shell, uint8_t id, const uint8_t *data, uint32_t length) {
  uint8_t head[5] = {id};
  memcpy(head + 1, &length, 4);
  if (shell->framed && write_all(shell->peer, head, sizeof head) < 0) abandon(shell);
  if (write_all(shell->peer, data, length) < 0) abandon(shell);
}

// Passes on what there is; a terminal whose last user is gone fails with EIO, which is its end.
static void forward(struct shell *shell, int *from, uint8_t id) {
  uint8_t data[CHUNK];
  ssize_t count = read(*from, data, sizeof data);
  if (count < 0 && (errno == EINTR || errno == EAGAIN)) return;
  if (count > 0) return send_frame(shell, id, data, (uint32_t)count);
  if (!shell->pty) close(*from);
  *from = -1;
}

static void close_input(struct shell *shell) {
  if (shell->pty || shell->input < 0) return; // half a terminal cannot be closed
  close(shell->input);
  shell->input = -1;
}

static void feed(struct shell *shell) {
  ssize_t count = write(shell->input, shell->pending + shell->taken, shell->length - shell->taken);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count < 0) close_input(shell);
  shell->taken = count < 0 ? shell->length : shell->taken + (size_t)count;
  if (shell->taken == shell->length && shell->input_ends) close_input(shell);
}

static void resize(struct shell *shell) {
  char text[64] = "";
  uint32_t length = shell->left < sizeof text ? shell->left : sizeof text - 1;
  if (read_all(shell->peer, text, length) < 0) abandon(shell);
  shell->left -= length;
  struct winsize size = {0};
  if (sscanf(text, "%hux%hu,%hux%hu", &size.ws_row, &size.ws_col, &size.ws_xpixel, &size.ws_ypixel) >= 2 && shell->pty)
    ioctl(shell->output, TIOCSWINSZ, &size);
}

// One read from the client. Only called when what it sent before has been taken.
static void listen_to_peer(struct shell *shell) {
  if (shell->framed && shell->left == 0) {
    uint8_t head[5];
    if (read_all(shell->peer, head, sizeof head) < 0) abandon(shell);
    shell->id = head[0];
    memcpy(&shell->left, head + 1, 4);
    if (shell->id == CLOSE_STDIN) {
      shell->input_ends = 1;
      close_input(shell);
    }
    if (shell->id == WINDOW) resize(shell);
    return;
  }
  size_t most = shell->framed && shell->left < CHUNK ? shell->left : CHUNK;
  ssize_t count = read(shell->peer, shell->pending, most);
  if (count <= 0) abandon(shell);
  if (shell->framed) shell->left -= (uint32_t)count;
  shell->taken = 0;
  shell->length = (!shell->framed || shell->id == STDIN) && shell->input >= 0 ? (size_t)count : 0;
}

static void relay(struct shell *shell) {
  fcntl(shell->input, F_SETFL, O_NONBLOCK);
  while (shell->output >= 0 || shell->error >= 0) {
    int full = shell->taken < shell->length;
    struct pollfd waits[] = {
        {shell->peer, full ? 0 : POLLIN, 0},
        {shell->output, POLLIN, 0},
        {shell->error, POLLIN, 0},
        {full ? shell->input : -1, POLLOUT, 0},
    };
    if (poll(waits, 4, -1) < 0) continue;
    if (waits[1].revents) forward(shell, &shell->output, STDOUT);
    if (waits[2].revents) forward(shell, &shell->error, STDERR);
    if (waits[3].revents && shell->input >= 0) feed(shell);
    if (waits[0].revents & POLLIN) listen_to_peer(shell);
    else if (waits[0].revents) abandon(shell);
  }
}

void shell_serve(const char *service, int fd) {
  struct shell *shell = calloc(1, sizeof *shell);
  if (!shell) _exit(1);
  const char *command = strchr(service, ':') + 1;
  char term[64] = "dumb";
  const char *named = strstr(service, ",TERM=");
  if (named && named < command) snprintf(term, sizeof term, "%.*s", (int)strcspn(named + 6, ",:"), named + 6);
  const char *v2 = strstr(service, ",v2"), *pty = strstr(service, ",pty"), *raw = strstr(service, ",raw");
  shell->peer = fd;
  shell->framed = v2 && v2 < command;
  shell->pty = (pty && pty < command) || (command[0] == 0 && !(raw && raw < command));
  environment(term);

  if (!shell->framed && !shell->pty) { // the stream itself is the command's input, output and error
    for (int i = 0; i < 3; i++) dup2(fd, i);
    run(command);
  }
  if (shell->pty) start_on_terminal(shell, command);
  else start_on_pipes(shell, command);
  if (shell->child < 0) _exit(1);
  relay(shell);

  int status = 0;
  waitpid(shell->child, &status, 0);
  uint8_t code = (uint8_t)(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
  if (shell->framed) send_frame(shell, EXIT, &code, 1);
  _exit(0);
}
