/*
 * dm: chat messages between users with open streams, from the POST to the receiver's stream; if asked, beside broadcasts
 * to everybody. post: the same requests without a stream, for servers that only answer.
 */
#define _GNU_SOURCE
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LAST_S 20.0 /* what is still on its way when nothing more is sent */
#define MOST 4000000

struct message {
  int sender, receiver;
  float took_s; /* 0 as long as it is on its way */
  double sent_s;
};

struct run {
  struct chats chats;
  struct streams streams;
  struct senders senders, publisher;
  struct message *messages;
  long wanted, sent, room, delivered, twice;
  double rate, begun_s, end_s, last_s, told_s, behind_s; /* behind: how long after it was due one was sent, at worst */
  char *broadcast, *mark;
  size_t length;
  double every_s, *broadcast_sent_s, *broadcast_took_s;
  long broadcasts, most_broadcasts, *had, *reached;
};

static void seen(void *context, int stream, char kind, long number, double at_s) {
  struct run *run = context;
  if (kind == 'b') {
    if (number != run->had[stream] + 1)
      fail("stream %d had broadcast %ld after %ld", stream, number, run->had[stream]);
    run->had[stream] = number;
    if (++run->reached[number] == run->streams.count) run->broadcast_took_s[number] = at_s - run->broadcast_sent_s[number];
    return;
  }
  if (number >= run->sent) fail("stream %d had message %ld, which was not sent", stream, number);
  struct message *message = &run->messages[number];
  if (message->receiver != stream && message->sender != stream)
    fail("stream %d had message %ld, which is between two others", stream, number);
  if (message->receiver != stream) return; /* the sender's own copy */
  if (message->took_s > 0) {
    run->twice++;
    return;
  }
  message->took_s = (float)(at_s - message->sent_s);
  run->delivered++;
  run->last_s = at_s;
}

static int send_one(struct run *run) {
  char request[1024];
  if (run->sent == MOST) fail("%d messages are more than this counts", MOST);
  if (run->sent == run->room) {
    run->room = run->room ? run->room * 2 : 1 << 14;
    run->messages = grow(run->messages, (size_t)run->room, sizeof *run->messages);
  }
  struct message *message = &run->messages[run->sent];
  unsigned seed = run->chats.seed;
  size_t length =
      chats_request(&run->chats, request, sizeof request, run->sent, &message->sender, &message->receiver);
  message->took_s = 0;
  message->sent_s = now_s();
  if (senders_send(&run->senders, request, length)) {
    double late_s = run->rate ? message->sent_s - run->begun_s - (double)run->sent / run->rate : 0;
    if (late_s > run->behind_s) run->behind_s = late_s;
    run->sent++;
    return 1;
  }
  run->chats.seed = seed;
  return 0;
}

static void other(void *context, uint32_t number) {
  struct run *run = context;
  if (run->publisher.count && number >= run->publisher.first) senders_read(&run->publisher, number);
  else if (senders_read(&run->senders, number)) run->last_s = now_s();
}

/* Send all that is due: by the rate, or whatever the free senders take. What was due before the end is sent after it. */
static void send_due(struct run *run, double at_s) {
  if (run->rate == 0) {
    while (at_s < run->end_s && send_one(run)) continue;
  } else {
    while (run->sent < run->wanted && (double)run->sent <= (at_s - run->begun_s) * run->rate && send_one(run)) continue;
  }
  if (!run->broadcast || run->publisher.all[0].busy) return;
  if (at_s - run->begun_s < (double)run->broadcasts * run->every_s || run->broadcasts == run->most_broadcasts) return;
  set_mark(run->mark, 'b', ++run->broadcasts);
  run->broadcast_sent_s[run->broadcasts] = now_s();
  senders_send(&run->publisher, run->broadcast, run->length);
}

static int is_over(struct run *run) {
  struct senders *publisher = &run->publisher;
  return run->sent >= run->wanted && run->broadcasts == run->most_broadcasts &&
         run->senders.answered + run->senders.refused == run->sent &&
         (!run->streams.count || run->delivered >= run->senders.answered) &&
         (!run->broadcast || (publisher->answered + publisher->refused == run->broadcasts &&
                              run->reached[run->broadcasts] == run->streams.count));
}

static void go(struct run *run, double seconds) {
  run->begun_s = run->last_s = run->told_s = now_s();
  run->end_s = run->begun_s + seconds;
  run->wanted = (long)(seconds * run->rate + 0.5);
  for (double at_s; (at_s = now_s()) < run->end_s || (!is_over(run) && at_s < run->end_s + LAST_S);) {
    send_due(run, at_s);
    streams_turn(&run->streams, 1);
    if (at_s < run->told_s + 1) continue;
    printf("{\"done\": %ld}\n", (long)(at_s - run->begun_s));
    fflush(stdout);
    run->told_s = at_s;
  }
}

static void print_result(struct run *run) {
  struct senders *senders = &run->senders, *publisher = &run->publisher;
  double *took_s = grow(NULL, (size_t)run->delivered, sizeof *took_s);
  long count = 0;
  for (long at = 0; at < run->sent; at++)
    if (run->messages[at].took_s > 0) took_s[count++] = run->messages[at].took_s;
  if (senders->refused) fail("%ld messages were refused: %s", senders->refused, senders->refusal);
  if (publisher->refused) fail("%ld broadcasts were refused: %s", publisher->refused, publisher->refusal);
  printf("{\"sent\": %ld, \"answered\": %ld, \"delivered\": %ld, \"lost\": %ld, \"twice\": %ld, \"seconds\": %.4f, "
         "\"behind_ms\": %.4f, ",
         run->sent, senders->answered, run->delivered, run->streams.count ? run->sent - run->delivered : 0, run->twice,
         run->last_s - run->begun_s, run->behind_s * 1e3);
  print_spread("latency", took_s, count);
  printf(", ");
  print_histogram("histogram", took_s, count);
  if (run->broadcast) {
    long complete = 0;
    for (long at = 1; at <= run->broadcasts; at++)
      if (run->reached[at] == run->streams.count) run->broadcast_took_s[complete++] = run->broadcast_took_s[at];
    printf(", \"broadcasts_lost\": %ld, ", run->broadcasts - complete);
    print_spread("broadcasts", run->broadcast_took_s, complete);
  }
  printf("}\n");
  fflush(stdout);
}

static void plan_broadcasts(struct run *run, char **arguments, double seconds) {
  size_t all = (size_t)run->streams.count * sizeof(long);
  run->broadcast = read_file(arguments[0], &run->length);
  if (!(run->mark = find_mark(run->broadcast, run->length))) fail("%s has no mark", arguments[0]);
  run->every_s = atof(arguments[1]);
  if (run->every_s <= 0) fail("%s is no time between broadcasts", arguments[1]);
  run->most_broadcasts = (long)(seconds / run->every_s);
  if (run->most_broadcasts < 1) fail("there is no time for a broadcast");
  size_t most = (size_t)run->most_broadcasts + 1;
  run->had = memset(grow(NULL, all, 1), 0, all);
  run->reached = memset(grow(NULL, most, sizeof(long)), 0, most * sizeof(long));
  run->broadcast_sent_s = grow(NULL, most, sizeof(double));
  run->broadcast_took_s = grow(NULL, most, sizeof(double));
  uint32_t first = run->senders.first + (uint32_t)run->senders.count;
  senders_init(&run->publisher, run->streams.epoll, run->chats.port, 1, first);
}

/* PORT USERS RATE SECONDS SENDERS [REQUEST EVERY_S]: RATE messages a second (0: as fast as they are answered). */
int run_dm(char **arguments) {
  static struct run run;
  double seconds = atof(arguments[3]);
  chats_read(&run.chats, arguments[1], atoi(arguments[0]));
  streams_init(&run.streams, run.chats.port, run.chats.paths, run.chats.count);
  run.rate = atof(arguments[2]);
  run.streams.context = &run;
  run.streams.seen = seen;
  run.streams.live_text = LIVE_TEXT;
  run.streams.other = other;
  streams_open(&run.streams, 256);
  senders_init(&run.senders, run.streams.epoll, run.chats.port, atoi(arguments[4]), (uint32_t)run.chats.count);
  if (arguments[5]) plan_broadcasts(&run, arguments + 5, seconds);
  streams_print_opened(&run.streams);
  go(&run, seconds);
  print_result(&run);
  return 0;
}

/* PORT USERS SECONDS SENDERS: the same requests, as fast as they are answered, and no streams. */
int run_post(char **arguments) {
  static struct run run;
  chats_read(&run.chats, arguments[1], atoi(arguments[0]));
  streams_init(&run.streams, run.chats.port, NULL, 0);
  run.streams.context = &run;
  run.streams.other = other;
  senders_init(&run.senders, run.streams.epoll, run.chats.port, atoi(arguments[3]), 0);
  go(&run, atof(arguments[2]));
  print_result(&run);
  return 0;
}
