/*
 * streams: opens streams, so many at once, and reads what comes out of them: heads, heartbeats, marks.
 *
 * A stream that the server closes or refuses is a failure, whatever was measured.
 */
#define _GNU_SOURCE
#include "load.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define BATCH 256 /* streams read between two looks at everything else */

enum { DIALLED, HEADED, LIVE };

static const char BEAT[] = "event: heartbeat";
static char room[TAIL + (1 << 18)];

void streams_init(struct streams *streams, int port, char **paths, int count) {
  size_t all = (size_t)count;
  memset(streams, 0, sizeof *streams);
  streams->port = port;
  streams->paths = paths;
  streams->count = count;
  if ((streams->epoll = epoll_create1(EPOLL_CLOEXEC)) < 0) fail("epoll: %s", strerror(errno));
  streams->fds = grow(NULL, all, sizeof *streams->fds);
  streams->states = memset(grow(NULL, all, 1), DIALLED, all);
  streams->tails = memset(grow(NULL, all, sizeof *streams->tails), 0, all * sizeof *streams->tails);
  streams->receive_bytes = memset(grow(NULL, all, sizeof(int)), 0, all * sizeof(int));
  streams->begun_s = grow(NULL, all, sizeof *streams->begun_s);
  streams->head_s = grow(NULL, all, sizeof *streams->head_s);
  watch(streams->epoll, STDIN_FILENO, INPUT);
}

static void ask(struct streams *streams, int stream) {
  char request[2048];
  int length = snprintf(request, sizeof request,
                        "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAccept: text/event-stream\r\n\r\n",
                        streams->paths[stream], streams->port);
  if (length >= (int)sizeof request) fail("the path of stream %d is too long", stream);
  streams->begun_s[stream] = now_s();
  int fd = streams->fds[stream] = dial(streams->port, stream, streams->receive_bytes[stream]);
  send_all(fd, request, (size_t)length);
  if (fcntl(fd, F_SETFL, O_NONBLOCK) < 0) fail("fcntl: %s", strerror(errno));
  watch(streams->epoll, fd, (uint32_t)stream);
}

/* Open all: a new one is asked for as soon as fewer than at_once wait for their head. Then wait until all are live. */
void streams_open(struct streams *streams, int at_once) {
  int asked = 0;
  double progress_s = now_s();
  while (streams->live < streams->count) {
    for (; asked < streams->count && asked - streams->opened < at_once; asked++) ask(streams, asked);
    int before = streams->live + streams->opened;
    streams_turn(streams, 100);
    if (streams->live + streams->opened > before) progress_s = now_s();
    if (now_s() - progress_s > OPEN_STALL_S)
      fail("%d of %d streams opened, and %d became live", streams->opened, streams->count, streams->live);
  }
}

void streams_print_opened(struct streams *streams) {
  double first_s = streams->begun_s[0], last_s = first_s, live_s = now_s() - first_s;
  double *heads_s = grow(NULL, (size_t)streams->count, sizeof *heads_s);
  for (int at = 0; at < streams->count; at++) {
    heads_s[at] = streams->head_s[at];
    if (streams->begun_s[at] + heads_s[at] > last_s) last_s = streams->begun_s[at] + heads_s[at];
  }
  printf("{\"opened\": %d, \"seconds\": %.6f, \"live_seconds\": %.6f, ", streams->count, last_s - first_s, live_s);
  print_spread("head", heads_s, streams->count);
  printf("}\n");
  fflush(stdout);
  free(heads_s);
}

static void begin(struct streams *streams, int stream, const char *data, size_t length) {
  if (streams->states[stream] == DIALLED) {
    if (length < 12 || strncmp(data, "HTTP/1.1 200", 12)) fail("stream %d was refused: %.300s", stream, data);
    streams->states[stream] = HEADED;
    streams->head_s[stream] = now_s() - streams->begun_s[stream];
    streams->opened++;
  }
  const char *text = streams->live_text;
  if (!text || memmem(data, length, text, strlen(text))) {
    streams->states[stream] = LIVE;
    streams->live++;
  }
}

/* Tell of each mark; where the last one ended. */
static char *tell(struct streams *streams, int stream, char *data, char *end) {
  double at_s = now_s();
  for (char *at; (at = find_mark(data, (size_t)(end - data))); data = at + MARK)
    if (streams->seen) streams->seen(streams->context, stream, at[1], atol(at + 2), at_s);
  return data;
}

/* Keep what may be the first part of something: the end of what is not live yet, else a mark that has only begun. */
static void keep(struct streams *streams, int stream, char *from, char *end) {
  struct tail *tail = &streams->tails[stream];
  int is_live = streams->states[stream] == LIVE;
  ptrdiff_t most = is_live ? MARK - 1 : TAIL;
  if (end - from > most) from = end - most;
  if (is_live && !(from = memchr(from, '#', (size_t)(end - from)))) from = end;
  tail->length = (unsigned char)(end - from);
  memcpy(tail->bytes, from, tail->length);
}

/* Read once, at most so many bytes: how many there were, 0 when there is nothing. */
ptrdiff_t streams_read(struct streams *streams, int stream, size_t most) {
  struct tail *tail = &streams->tails[stream];
  char *data = room + TAIL - tail->length;
  memcpy(data, tail->bytes, tail->length);
  ssize_t got = read(streams->fds[stream], room + TAIL, most < sizeof room - TAIL - 1 ? most : sizeof room - TAIL - 1);
  if (got < 0 && errno == EAGAIN) return 0;
  if (got <= 0) fail("stream %d was closed%s%s", stream, got ? ": " : " by the server", got ? strerror(errno) : "");
  size_t length = (size_t)got + tail->length;
  data[length] = 0;
  streams->bytes += got;
  if (memmem(room + TAIL, (size_t)got, BEAT, sizeof BEAT - 1)) streams->heartbeats++;
  if (streams->states[stream] != LIVE) begin(streams, stream, data, length);
  char *untold = streams->states[stream] == LIVE ? tell(streams, stream, data, data + length) : data;
  keep(streams, stream, untold, data + length);
  return got;
}

/* One look at everything that has something to say; how much that was. */
int streams_turn(struct streams *streams, int timeout_ms) {
  struct epoll_event events[BATCH];
  int ready = epoll_wait(streams->epoll, events, BATCH, timeout_ms);
  if (ready < 0 && errno != EINTR) fail("epoll: %s", strerror(errno));
  for (int at = 0; at < ready; at++) {
    uint32_t number = events[at].data.u32;
    if (number < (uint32_t)streams->count) streams_read(streams, (int)number, sizeof room);
    else if (number == INPUT) {
      char byte; /* Whoever started us says nothing outside of streams_command, so this is the end. */
      if (read(STDIN_FILENO, &byte, 1) == 0) exit(0);
    } else streams->other(streams->context, number);
  }
  return ready > 0 ? ready : 0;
}

/* Read the streams until a line comes on standard input: the line, or NULL at the end. */
char *streams_command(struct streams *streams) {
  static char line[256];
  struct epoll_event events[BATCH];
  for (;;) {
    int ready = epoll_wait(streams->epoll, events, BATCH, -1);
    for (int at = 0; at < ready; at++) {
      uint32_t number = events[at].data.u32;
      if (number < (uint32_t)streams->count) streams_read(streams, (int)number, sizeof room);
      if (number != INPUT) continue;
      ssize_t got = read(STDIN_FILENO, line, sizeof line - 1);
      if (got <= 0) return NULL;
      line[got] = 0;
      return line;
    }
  }
}
