/* net: time, failures, sockets on loopback, files, and marks in texts. It knows no stream and no command. */
#define _GNU_SOURCE
#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SOURCES 16 /* client addresses, 127.0.0.101 and on: one has 28,000 ports, and closed ones rest for a minute */

double now_s(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* The one way out of every failure: a line of JSON. What the text quotes is made harmless. */
_Noreturn void fail(const char *format, ...) {
  char text[1000];
  va_list values;
  va_start(values, format);
  vsnprintf(text, sizeof text, format, values);
  va_end(values);
  for (char *at = text; *at; at++)
    if (*at < ' ' || *at == '"' || *at == '\\' || *at == 127) *at = *at == '"' ? '\'' : ' ';
  printf("{\"error\": \"%s\"}\n", text);
  fflush(stdout);
  exit(1);
}

void *grow(void *memory, size_t count, size_t size) {
  void *grown = reallocarray(memory, count ? count : 1, size);
  if (!grown) fail("there is no memory for %zu times %zu bytes", count, size);
  return grown;
}

/* A connection to 127.0.0.1; `number` spreads the clients over their addresses, receive_bytes 0 is the kernel's own. */
int dial(int port, int number, int receive_bytes) {
  int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) fail("no socket for connection %d: %s (ulimit -n is the limit of open files)", number, strerror(errno));
  struct sockaddr_in from = {.sin_family = AF_INET}, to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 100 + (uint32_t)(number % SOURCES));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
  /* Before connecting: the first window that the other side is told is made of it. */
  if (receive_bytes) setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof receive_bytes);
  if (bind(fd, (struct sockaddr *)&from, sizeof from) < 0) fail("bind: %s", strerror(errno));
  if (connect(fd, (struct sockaddr *)&to, sizeof to) < 0) fail("port %d: %s", port, strerror(errno));
  return fd;
}

/* For a socket that blocks, or has room: a request is small. */
void send_all(int fd, const char *data, size_t length) {
  while (length) {
    ssize_t sent = send(fd, data, length, MSG_NOSIGNAL);
    if (sent < 0) fail("a request could not be sent: %s", strerror(errno));
    data += sent;
    length -= (size_t)sent;
  }
}

void watch(int epoll, int fd, uint32_t number) {
  struct epoll_event event = {.events = EPOLLIN, .data.u32 = number};
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0) fail("epoll can't watch %d: %s", fd, strerror(errno));
}

char *read_file(const char *path, size_t *length) {
  FILE *file = fopen(path, "r");
  if (!file) fail("%s: %s", path, strerror(errno));
  char *text = grow(NULL, 1 << 16, 1);
  *length = fread(text, 1, (1 << 16) - 1, file);
  if (!feof(file) && fgetc(file) != EOF) fail("%s is longer than a request may be", path);
  text[*length] = 0;
  fclose(file);
  return text;
}

char **read_lines(const char *path, int *count) {
  FILE *file = fopen(path, "r");
  if (!file) fail("%s: %s", path, strerror(errno));
  char **lines = NULL, *line = NULL;
  size_t room = 0;
  for (*count = 0; getline(&line, &room, file) > 0;) {
    line[strcspn(line, "\n")] = 0;
    lines = grow(lines, (size_t)*count + 1, sizeof *lines);
    if (!(lines[(*count)++] = strdup(line))) fail("there is no memory for the lines of %s", path);
  }
  free(line);
  fclose(file);
  if (!*count) fail("%s is empty", path);
  return lines;
}

void set_mark(char *mark, char kind, long number) {
  char text[MARK + 1];
  snprintf(text, sizeof text, "#%c%010ld#", kind, number);
  memcpy(mark, text, MARK);
}

/* The first whole mark, or NULL. */
char *find_mark(char *data, size_t length) {
  char *end = data + length;
  for (char *at = data; (at = memchr(at, '#', (size_t)(end - at))); at++) {
    if (end - at < MARK) return NULL;
    if (at[MARK - 1] == '#' && strspn(at + 2, "0123456789") == MARK - 3) return at;
  }
  return NULL;
}

int answered_well(const char *answer) { return !strncmp(answer, "HTTP/1.", 7) && !strncmp(answer + 8, " 2", 2); }
