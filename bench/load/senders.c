/*
 * senders: kept connections that post, one request at a time each.
 *
 * An answer is over when as many bytes as its Content-Length says have come; one without is over with its head.
 */
#define _GNU_SOURCE
#include "load.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void senders_init(struct senders *senders, int epoll, int port, int count, uint32_t first) {
  memset(senders, 0, sizeof *senders);
  senders->count = count;
  senders->first = first;
  senders->all = grow(NULL, (size_t)count, sizeof *senders->all);
  for (int at = 0; at < count; at++) {
    struct sender *sender = &senders->all[at];
    sender->busy = 0;
    sender->got = 0;
    sender->fd = dial(port, at, 0);
    if (fcntl(sender->fd, F_SETFL, O_NONBLOCK) < 0) fail("fcntl: %s", strerror(errno));
    watch(epoll, sender->fd, first + (uint32_t)at);
  }
}

/* Send by the next that is free; 0 when none is. */
int senders_send(struct senders *senders, const char *request, size_t length) {
  for (int tries = 0; tries < senders->count; tries++) {
    struct sender *sender = &senders->all[senders->next++ % senders->count];
    if (senders->next == senders->count) senders->next = 0;
    if (sender->busy) continue;
    sender->busy = 1;
    send_all(sender->fd, request, length);
    return 1;
  }
  return 0;
}

static int is_over(struct sender *sender) {
  char *end = strstr(sender->answer, "\r\n\r\n");
  if (!end) return 0;
  char *name = strcasestr(sender->answer, "\r\nContent-Length:");
  size_t body = name && name < end ? (size_t)atol(name + 17) : 0;
  return sender->got >= (size_t)(end + 4 - sender->answer) + body;
}

/* Read of an answer what is there; 1 when the answer is over and its sender free again. */
int senders_read(struct senders *senders, uint32_t number) {
  struct sender *sender = &senders->all[number - senders->first];
  size_t left = sizeof sender->answer - 1 - sender->got;
  if (!left) fail("an answer is longer than %zu bytes", sizeof sender->answer);
  ssize_t got = read(sender->fd, sender->answer + sender->got, left);
  if (got < 0 && errno == EAGAIN) return 0;
  if (got <= 0) fail("a sender's connection was closed");
  sender->got += (size_t)got;
  sender->answer[sender->got] = 0;
  if (!is_over(sender)) return 0;
  if (answered_well(sender->answer)) senders->answered++;
  else if (!senders->refused++) snprintf(senders->refusal, sizeof senders->refusal, "%.399s", sender->answer);
  sender->got = 0;
  sender->busy = 0;
  return 1;
}
