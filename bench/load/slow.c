/*
 * slow: broadcasts to streams of which some read slowly. It measures how long the others wait, and that nobody, the slow
 * ones included, is told anything twice, out of order, or with a gap; and that the slow ones have everything in the end.
 */
#define _GNU_SOURCE
#include "load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#define RECEIVE_BYTES 4096 /* a slow one's receive buffer: what it does not read waits at the server */
#define CHUNK_BYTES 1024   /* what it reads at a time */
#define LAST_S 120.0 /* a server that is behind may take so much longer, and is asked for all */

struct run {
  struct streams streams;
  struct senders publisher;
  int nth, picked, is_slow; /* every nth stream is picked: the slow ones, or in a run without, the same ones */
  long *had, broadcasts, wanted, count;
  double *sent_s, *took_s, begun_s, told_s;
  double slow_bytes_per_s;
  long slow_reads, slow_marks;
  char *request, *mark;
  size_t length;
};

static int is_picked(const struct run *run, int stream) { return stream % run->nth == 0; }

static void seen(void *context, int stream, char kind, long number, double at_s) {
  struct run *run = context;
  if (kind != 'b') return;
  if (number != run->had[stream] + 1) fail("stream %d had broadcast %ld after %ld", stream, number, run->had[stream]);
  run->had[stream] = number;
  if (is_picked(run, stream)) run->slow_marks++;
  else run->took_s[run->count++] = at_s - run->sent_s[number];
}

static void other(void *context, uint32_t number) {
  struct run *run = context;
  senders_read(&run->publisher, number);
  if (run->publisher.refused) fail("a broadcast was refused: %s", run->publisher.refusal);
}

/* The broadcasts are sent at even times, or as soon as the one before is answered. */
static void publish(struct run *run, double at_s, double per_s) {
  if (run->publisher.all[0].busy || run->broadcasts == run->wanted) return;
  if ((at_s - run->begun_s) * per_s < (double)run->broadcasts) return;
  set_mark(run->mark, 'b', ++run->broadcasts);
  run->sent_s[run->broadcasts] = now_s();
  senders_send(&run->publisher, run->request, run->length);
}

/* The slow ones read one after the other, so that each has its bytes a second and all together are no burst. */
static void read_slowly(struct run *run, double at_s) {
  double due = (at_s - run->begun_s) * run->slow_bytes_per_s * run->picked / CHUNK_BYTES;
  for (; (double)run->slow_reads < due; run->slow_reads++)
    streams_read(&run->streams, (int)(run->slow_reads % run->picked) * run->nth, CHUNK_BYTES);
}

static void go(struct run *run, double seconds, double per_s) {
  long all = run->wanted * (run->streams.count - run->picked);
  run->begun_s = run->told_s = now_s();
  for (double at_s; (at_s = now_s()) < run->begun_s + seconds + LAST_S && run->count < all;) {
    publish(run, at_s, per_s);
    streams_turn(&run->streams, 1);
    if (run->is_slow) read_slowly(run, at_s);
    if (at_s < run->told_s + 1) continue;
    printf("{\"done\": %ld}\n", (long)(at_s - run->begun_s));
    fflush(stdout);
    run->told_s = at_s;
  }
}

static void print_result(struct run *run) {
  long told = run->broadcasts * (run->streams.count - run->picked);
  printf("{\"sent\": %ld, \"wanted\": %ld, \"lost\": %ld, \"seconds\": %.4f, \"picked\": %d, ",
         run->broadcasts, run->wanted, told - run->count, now_s() - run->begun_s, run->picked);
  print_spread("latency", run->took_s, run->count);
  printf("}\n");
  fflush(stdout);
}

/* The slow ones read as fast as they can, until they have everything or LAST_S have gone by. */
static void catch_up(struct run *run) {
  long all = run->broadcasts * run->picked;
  double begun_s = now_s();
  for (int at = 0; run->is_slow && at < run->streams.count; at += run->nth)
    watch(run->streams.epoll, run->streams.fds[at], (uint32_t)at);
  while (run->slow_marks < all && now_s() < begun_s + LAST_S) streams_turn(&run->streams, 100);
  printf("{\"picked_wanted\": %ld, \"picked_had\": %ld, \"seconds\": %.4f}\n", all, run->slow_marks, now_s() - begun_s);
  fflush(stdout);
}

static void prepare(struct run *run, char **arguments) {
  int count, port = atoi(arguments[0]);
  char **paths = read_lines(arguments[1], &count);
  run->request = read_file(arguments[2], &run->length);
  if (!(run->mark = find_mark(run->request, run->length))) fail("%s has no mark", arguments[2]);
  run->wanted = (long)(atof(arguments[3]) * atof(arguments[4]));
  run->nth = atoi(arguments[5]);
  run->slow_bytes_per_s = atof(arguments[6]);
  if (run->wanted < 1 || run->nth < 2 || run->nth > count) fail("no broadcasts, or no streams to pick");
  run->picked = (count + run->nth - 1) / run->nth;
  run->is_slow = run->slow_bytes_per_s > 0;
  streams_init(&run->streams, port, paths, count);
  run->streams.context = run;
  run->streams.seen = seen;
  run->streams.live_text = LIVE_TEXT;
  run->streams.other = other;
  for (int at = 0; run->is_slow && at < count; at += run->nth) run->streams.receive_bytes[at] = RECEIVE_BYTES;
  run->had = memset(grow(NULL, (size_t)count, sizeof(long)), 0, (size_t)count * sizeof(long));
  run->sent_s = grow(NULL, (size_t)run->wanted + 1, sizeof(double));
  run->took_s = grow(NULL, (size_t)run->wanted * (size_t)(count - run->picked), sizeof(double));
}

/*
 * PORT PATHS REQUEST SECONDS PER_S NTH BYTES_PER_S: opens a stream for each path, of which every nth reads so many bytes a
 * second (0: as fast as all). A line of input, and these read as fast as they can until they have everything; prints
 * {"picked_wanted": N, "picked_had": N, "seconds": S}. Holds them until the end of input.
 */
int run_slow(char **arguments) {
  static struct run run;
  prepare(&run, arguments);
  streams_open(&run.streams, 256);
  for (int at = 0; run.is_slow && at < run.streams.count; at += run.nth)
    if (epoll_ctl(run.streams.epoll, EPOLL_CTL_DEL, run.streams.fds[at], NULL) < 0) fail("epoll: %s", strerror(errno));
  senders_init(&run.publisher, run.streams.epoll, run.streams.port, 1, (uint32_t)run.streams.count);
  streams_print_opened(&run.streams);
  go(&run, atof(arguments[3]), atof(arguments[4]));
  print_result(&run);
  if (streams_command(&run.streams)) catch_up(&run);
  while (streams_command(&run.streams)) continue;
  return 0;
}
