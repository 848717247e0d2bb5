/* fanout: how long until every open stream has one broadcast, and hold: nothing but open streams. */
#define _GNU_SOURCE
#include "load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define STALL_S 20.0
#define ANSWER_S 10

struct round {
  long number; /* all streams together have had every round before this one */
  int got;
  long *had; /* the newest round of each stream */
  double first_s, last_s;
};

static void seen(void *context, int stream, char kind, long number, double at_s) {
  struct round *round = context;
  if (kind != 'b') return;
  if (number != round->number || round->had[stream] != number - 1)
    fail("stream %d had broadcast %ld after %ld, in round %ld", stream, number, round->had[stream], round->number);
  round->had[stream] = number;
  if (!round->got++) round->first_s = at_s;
  round->last_s = at_s;
}

static void read_answer(int fd) {
  char answer[4096];
  struct timeval patience = {ANSWER_S, 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ssize_t got = read(fd, answer, sizeof answer - 1);
  if (got <= 0) fail("a broadcast was not answered");
  answer[got] = 0;
  if (!answered_well(answer)) fail("a broadcast was refused: %.300s", answer);
  close(fd);
}

/* One broadcast: when the first and the last stream had it, in ms since its request was sent. */
static void measure(struct streams *streams, struct round *round, const char *request, size_t length) {
  int fd = dial(streams->port, 0, 0);
  double begun_s = now_s();
  round->number++;
  round->got = 0;
  send_all(fd, request, length);
  while (round->got < streams->count) {
    streams_turn(streams, 100);
    if (now_s() - begun_s > STALL_S) {
      if (!round->got) read_answer(fd);
      fail("%d of %d streams had broadcast %ld", round->got, streams->count, round->number);
    }
  }
  printf("[%.4f, %.4f]", (round->first_s - begun_s) * 1e3, (round->last_s - begun_s) * 1e3);
  read_answer(fd);
}

/* Let what comes after a broadcast come to its end. */
static void rest(struct streams *streams, double seconds) {
  for (double end_s = now_s() + seconds; now_s() < end_s;) streams_turn(streams, 10);
}

/*
 * PORT PATHS REQUEST AT_ONCE: opens a stream for each path. Each line of input is a number of rounds to run, and a pause
 * in ms after each: "5 50". Prints {"rounds": [[first_ms, last_ms], ...]} for it.
 */
int run_fanout(char **arguments) {
  struct streams streams;
  int count;
  size_t length;
  char **paths = read_lines(arguments[1], &count), *request = read_file(arguments[2], &length), *line;
  char *mark = find_mark(request, length);
  if (!mark) fail("%s has no mark", arguments[2]);
  streams_init(&streams, atoi(arguments[0]), paths, count);
  struct round round = {.had = memset(grow(NULL, (size_t)count, sizeof(long)), 0, (size_t)count * sizeof(long))};
  streams.context = &round;
  streams.seen = seen;
  streams_open(&streams, atoi(arguments[3]));
  streams_print_opened(&streams);
  while ((line = streams_command(&streams))) {
    int rounds = 0, pause_ms = 0;
    if (sscanf(line, "%d %d", &rounds, &pause_ms) != 2 || rounds < 1) fail("not a number of rounds: %s", line);
    printf("{\"rounds\": [");
    for (int at = 0; at < rounds; at++) {
      if (at) printf(", ");
      set_mark(mark, 'b', round.number + 1);
      measure(&streams, &round, request, length);
      rest(&streams, pause_ms / 1e3);
    }
    printf("]}\n");
    fflush(stdout);
  }
  return 0;
}

/*
 * PORT PATHS AT_ONCE [TEXT]: opens a stream for each path and holds it; a stream is live once it has sent TEXT. Each line
 * of input prints {"bytes": N, "heartbeats": N}, of all streams since the start.
 */
int run_hold(char **arguments) {
  struct streams streams;
  int count;
  char **paths = read_lines(arguments[1], &count);
  streams_init(&streams, atoi(arguments[0]), paths, count);
  streams.live_text = arguments[3];
  if (streams.live_text && strlen(streams.live_text) >= TAIL) fail("the text is too long: %s", streams.live_text);
  streams_open(&streams, atoi(arguments[2]));
  streams_print_opened(&streams);
  while (streams_command(&streams)) {
    printf("{\"bytes\": %lld, \"heartbeats\": %ld}\n", streams.bytes, streams.heartbeats);
    fflush(stdout);
  }
  return 0;
}
