// adb's daemon over TCP: one process per connection, one more per stream, so that nothing that a client sends can
// reach another client or the listener. A stream's process talks through a socket pair; this file moves bytes between
// that and the connection, under adb's flow control: a side sends no WRTE before the OKAY to its last one.
// No authentication: whoever reaches the port is root in here. This is a stand-in for tests.
#include "guest.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CNXN = 0x4e584e43, OPEN = 0x4e45504f, OKAY = 0x59414b4f, CLSE = 0x45534c43, WRTE = 0x45545257 };
enum {
  VERSION = 0x01000001, // from this version on, packets carry no checksum
  PAYLOAD = 64 * 1024,
  STREAMS = 256,
  CONNECTIONS = 32,
  HANDSHAKE_MS = 10000,
  OUTPUT_LIMIT = 256 * 1024, // unsent bytes from which on streams are not read
};
#define BANNER \
  "device::ro.product.name=anbox_edge_standin;ro.product.model=Anbox Edge stand-in;ro.product.device=standin;" \
  "features=shell_v2"

struct packet {
  uint32_t command, first, second, length, checksum, magic;
};
struct stream {
  uint32_t remote; // 0: this slot is free. Our own number for a stream is its slot + 1
  int fd;
  int waiting; // for the OKAY to our last WRTE
  uint8_t *input;
  size_t taken, length; // of input, which the stream's process has yet to take
};

static int wire;
static uint32_t peer_version;
static struct stream streams[STREAMS];
static uint8_t *output;
static size_t output_start, output_end, output_size;

static void output_add(const void *data, size_t length) {
  if (length == 0) return;
  if (output_end + length > output_size) {
    if (output_start > 0) memmove(output, output + output_start, output_end - output_start);
    output_end -= output_start, output_start = 0;
  }
  if (output_end + length > output_size) {
    output_size = output_end + length + PAYLOAD;
    output = realloc(output, output_size);
    if (!output) _exit(1);
  }
  memcpy(output + output_end, data, length);
  output_end += length;
}

static void send_packet(uint32_t command, uint32_t first, uint32_t second, const void *data, uint32_t length) {
  struct packet packet = {command, first, second, length, 0, ~command};
  if (peer_version < VERSION)
    for (uint32_t i = 0; i < length; i++) packet.checksum += ((const uint8_t *)data)[i];
  output_add(&packet, sizeof packet);
  output_add(data, length);
}

static uint32_t number(const struct stream *stream) {
  return (uint32_t)(stream - streams) + 1;
}

static void stream_end(struct stream *stream) {
  if (stream->remote == 0) return;
  send_packet(CLSE, number(stream), stream->remote, NULL, 0);
  close(stream->fd); // its process sees the end
  free(stream->input);
  *stream = (struct stream){0};
}

static void serve(const char *service, int fd) {
  if (strcmp(service, "sync:") == 0) sync_serve(fd);
  if (strncmp(service, "shell", 5) == 0 || strncmp(service, "exec:", 5) == 0) shell_serve(service, fd);
  if (strncmp(service, "reboot:", 7) == 0) {
    execl("/system/bin/reboot", "reboot", strcmp(service + 7, "shutdown") == 0 ? "-p" : NULL, (char *)NULL);
    _exit(127);
  }
  static const char root[] = "adbd is already running as root\n";
  write_all(fd, root, sizeof root - 1);
  _exit(0);
}

static int known(const char *service) {
  static const char *const names[] = {"sync:", "shell:", "shell,", "exec:", "root:", "reboot:"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    if (strncmp(service, names[i], strlen(names[i])) == 0) return 1;
  return 0;
}

static void stream_open(uint32_t remote, const char *service) {
  struct stream *stream = streams;
  while (stream < streams + STREAMS && stream->remote != 0) stream++;
  int pair[2];
  if (remote == 0) return;
  if (stream == streams + STREAMS || !known(service) || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
    return send_packet(CLSE, 0, remote, NULL, 0);
  pid_t pid = fork();
  if (pid == 0) {
    // Nothing else may stay open here: another stream's end shows only once every copy of its socket is closed.
    dup2(pair[1], 3);
    fcntl(3, F_SETFD, FD_CLOEXEC);
    for (int fd = 4; fd < STREAMS + CONNECTIONS + 16; fd++) close(fd);
    signal(SIGCHLD, SIG_DFL);
    serve(service, 3);
  }
  close(pair[1]);
  if (pid < 0) return close(pair[0]), send_packet(CLSE, 0, remote, NULL, 0);
  fcntl(pair[0], F_SETFL, O_NONBLOCK);
  *stream = (struct stream){.remote = remote, .fd = pair[0]};
  send_packet(OKAY, number(stream), remote, NULL, 0);
}

// What the connection sent us goes to the stream's process; once it is all taken the client may send more.
static void stream_feed(struct stream *stream) {
  ssize_t count = write(stream->fd, stream->input + stream->taken, stream->length - stream->taken);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  // A process that reads no more may still have something to say: drop the input, go on reading.
  stream->taken = count < 0 ? stream->length : stream->taken + (size_t)count;
  if (stream->taken < stream->length) return;
  free(stream->input);
  stream->input = NULL, stream->taken = stream->length = 0;
  send_packet(OKAY, number(stream), stream->remote, NULL, 0);
}

static void stream_drain(struct stream *stream) {
  static uint8_t data[PAYLOAD];
  ssize_t count = read(stream->fd, data, sizeof data);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count <= 0) return stream_end(stream);
  send_packet(WRTE, number(stream), stream->remote, data, (uint32_t)count);
  stream->waiting = 1;
}

// One whole packet; -1 ends the connection.
static int handle(const struct packet *packet, const uint8_t *data) {
  if (packet->command == CNXN) {
    for (int i = 0; i < STREAMS; i++) stream_end(&streams[i]);
    peer_version = packet->first;
    send_packet(CNXN, VERSION, PAYLOAD, BANNER, sizeof BANNER - 1);
    return 0;
  }
  if (peer_version == 0) return -1;
  if (packet->command == OPEN) {
    char service[PAYLOAD + 1];
    memcpy(service, data, packet->length);
    service[packet->length] = 0;
    stream_open(packet->first, service);
    return 0;
  }
  struct stream *stream = packet->second - 1 < STREAMS ? &streams[packet->second - 1] : NULL;
  if (!stream || stream->remote == 0 || stream->remote != packet->first) return 0; // closed meanwhile
  if (packet->command == OKAY) stream->waiting = 0;
  if (packet->command == CLSE) stream_end(stream);
  if (packet->command == WRTE) {
    if (stream->input) return -1;
    stream->input = malloc(packet->length + 1);
    if (!stream->input) return -1;
    memcpy(stream->input, data, packet->length);
    stream->length = packet->length;
    stream_feed(stream);
  }
  return 0;
}

static int receive(void) {
  static uint8_t buffer[sizeof(struct packet) + PAYLOAD];
  static size_t have;
  ssize_t count = read(wire, buffer + have, sizeof buffer - have);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
  if (count <= 0) return -1;
  have += (size_t)count;
  size_t at = 0;
  while (have - at >= sizeof(struct packet)) {
    struct packet packet;
    memcpy(&packet, buffer + at, sizeof packet);
    if (packet.magic != ~packet.command || packet.length > PAYLOAD) {
      log_line('W', "adbd", "not adb's protocol: connection closed");
      return -1;
    }
    if (have - at < sizeof packet + packet.length) break;
    if (handle(&packet, buffer + at + sizeof packet) < 0) return -1;
    at += sizeof packet + packet.length;
  }
  memmove(buffer, buffer + at, have - at);
  have -= at;
  return 0;
}

static int send_output(void) {
  ssize_t count = write(wire, output + output_start, output_end - output_start);
  if (count < 0) return errno == EAGAIN || errno == EINTR ? 0 : -1;
  output_start += (size_t)count;
  if (output_start == output_end) output_start = output_end = 0;
  return 0;
}

static void connection(void) {
  static struct pollfd waits[STREAMS + 1];
  for (;;) {
    size_t unsent = output_end - output_start;
    // A client that sends on without reading is not read either.
    short events = unsent < 2 * OUTPUT_LIMIT ? POLLIN : 0;
    waits[STREAMS] = (struct pollfd){wire, (short)(unsent > 0 ? events | POLLOUT : events), 0};
    for (int i = 0; i < STREAMS; i++) {
      struct stream *stream = &streams[i];
      short wanted = stream->input ? POLLOUT : 0;
      if (!stream->waiting && unsent < OUTPUT_LIMIT) wanted |= POLLIN;
      // poll() reports a hang-up even to those who ask for nothing: leave the stream out until there is something to do.
      waits[i] = (struct pollfd){stream->remote != 0 && wanted ? stream->fd : -1, wanted, 0};
    }
    int ready = poll(waits, STREAMS + 1, peer_version ? -1 : HANDSHAKE_MS);
    if (ready == 0 || (ready < 0 && errno != EINTR)) return;
    for (int i = 0; i < STREAMS; i++) {
      if (waits[i].revents && streams[i].input) stream_feed(&streams[i]);
      if (waits[i].revents & (POLLIN | POLLHUP | POLLERR) && !streams[i].waiting) stream_drain(&streams[i]);
    }
    if (waits[STREAMS].revents & (POLLIN | POLLHUP | POLLERR) && receive() < 0) return;
    if (output_end > output_start && send_output() < 0) return;
  }
}

static int listen_on(uint16_t port) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, 16) < 0) return -1;
  return fd;
}

static void connection_start(int listener, int fd) {
  static const int options[][2] = {{TCP_NODELAY, 1}, {TCP_KEEPIDLE, 30}, {TCP_KEEPINTVL, 10}, {TCP_KEEPCNT, 3}};
  int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  for (int i = 0; i < 4; i++) setsockopt(fd, IPPROTO_TCP, options[i][0], &options[i][1], sizeof(int));
  fcntl(fd, F_SETFL, O_NONBLOCK);
  close(listener);
  wire = fd;
  signal(SIGCHLD, SIG_IGN); // the streams' processes are nobody's to wait for
  connection();
  _exit(0);
}

int adbd_main(void) {
  signal(SIGPIPE, SIG_IGN);
  int listener = listen_on(ADB_PORT), running = 0;
  if (listener < 0) return log_line('E', "adbd", "cannot listen on %d: %s", ADB_PORT, strerror(errno)), 1;
  log_line('I', "adbd", "listening on TCP port %d", ADB_PORT);
  for (;;) {
    struct pollfd wait = {listener, POLLIN, 0};
    poll(&wait, 1, running > 0 ? 1000 : -1);
    while (running > 0 && waitpid(-1, NULL, WNOHANG) > 0) running--;
    if (!(wait.revents & POLLIN)) continue;
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0) continue;
    pid_t pid = running < CONNECTIONS ? fork() : -1;
    if (pid == 0) connection_start(listener, fd);
    if (pid > 0) running++;
    else log_line('W', "adbd", "too many connections: one refused");
    close(fd);
  }
}
