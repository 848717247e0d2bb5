/*
 * floor: the cheapest server that there can be. One thread, epoll, no HTTP, no log: a GET opens a stream, a POST sends
 * the event to every stream with one send() each. The event's mark is the request's.
 */
#define _GNU_SOURCE
#include "load.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define BATCH 1024
#define LISTENING (INPUT - 1)

static const char HEAD[] =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\nevent: connected\ndata: {\"status\":\"connected\"}\n\n";
static const char ANSWER[] = "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n";

struct floor {
  int epoll, listening, count;
  int *streams;
  char *event, *mark;
  size_t length;
};

static void listen_here(struct floor *floor) {
  struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof here;
  floor->listening = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (floor->listening < 0 || bind(floor->listening, (struct sockaddr *)&here, size) < 0 ||
      listen(floor->listening, 4096) < 0 || getsockname(floor->listening, (struct sockaddr *)&here, &size) < 0)
    fail("the floor can't listen: %s", strerror(errno));
  watch(floor->epoll, floor->listening, LISTENING);
  watch(floor->epoll, STDIN_FILENO, INPUT);
  printf("{\"port\": %d}\n", ntohs(here.sin_port));
  fflush(stdout);
}

static void take_all(struct floor *floor) {
  int one = 1, fd;
  while ((fd = accept4(floor->listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    watch(floor->epoll, fd, (uint32_t)fd);
  }
  if (errno != EAGAIN) fail("the floor can't accept: %s", strerror(errno));
}

static void forget(struct floor *floor, int fd) {
  close(fd);
  for (int at = 0; at < floor->count; at++)
    if (floor->streams[at] == fd) floor->streams[at--] = floor->streams[--floor->count];
}

static void answer(struct floor *floor, int fd) {
  static char request[1 << 16];
  ssize_t got = read(fd, request, sizeof request);
  if (got <= 0) {
    forget(floor, fd);
  } else if (request[0] == 'G') {
    send(fd, HEAD, sizeof HEAD - 1, MSG_NOSIGNAL);
    floor->streams = grow(floor->streams, (size_t)floor->count + 1, sizeof *floor->streams);
    floor->streams[floor->count++] = fd;
  } else {
    char *mark = find_mark(request, (size_t)got);
    if (!mark) fail("the floor was sent a request without a mark");
    memcpy(floor->mark, mark, MARK);
    for (int at = 0; at < floor->count; at++) send(floor->streams[at], floor->event, floor->length, MSG_NOSIGNAL);
    send(fd, ANSWER, sizeof ANSWER - 1, MSG_NOSIGNAL);
  }
}

/* EVENT: a file with the event's bytes and one mark in them. Prints {"port": N}. */
int run_floor(char **arguments) {
  struct floor floor = {.epoll = epoll_create1(EPOLL_CLOEXEC)};
  struct epoll_event events[BATCH];
  floor.event = read_file(arguments[0], &floor.length);
  if (!(floor.mark = find_mark(floor.event, floor.length))) fail("%s has no mark", arguments[0]);
  listen_here(&floor);
  for (;;) {
    int ready = epoll_wait(floor.epoll, events, BATCH, -1);
    for (int at = 0; at < ready; at++) {
      uint32_t number = events[at].data.u32;
      if (number == INPUT) return 0;
      if (number == LISTENING) take_all(&floor);
      else answer(&floor, (int)number);
    }
  }
}
