/* chats: chat messages between random users, each with a mark of the kind 'm' and its number. */
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEED 2026 /* the same messages each time */

/* A file with a line for each user: id, token, and the path of a stream, separated by spaces. */
void chats_read(struct chats *chats, const char *path, int port) {
  char **lines = read_lines(path, &chats->count);
  size_t count = (size_t)chats->count;
  if (count < 2) fail("%s has no two users", path);
  chats->port = port;
  chats->seed = SEED;
  chats->ids = grow(NULL, count, sizeof *lines);
  chats->tokens = grow(NULL, count, sizeof *lines);
  chats->paths = grow(NULL, count, sizeof *lines);
  for (size_t at = 0; at < count; at++) {
    chats->ids[at] = strtok(lines[at], " ");
    chats->tokens[at] = strtok(NULL, " ");
    chats->paths[at] = strtok(NULL, " ");
    if (!chats->paths[at]) fail("%s: line %zu has not three words", path, at + 1);
  }
  free(lines);
}

/* The raw request of one, and by their indices who sends and who gets it. */
size_t chats_request(struct chats *chats, char *request, size_t size, long number, int *sender, int *receiver) {
  int from = rand_r(&chats->seed) % chats->count;
  int to = (from + 1 + rand_r(&chats->seed) % (chats->count - 1)) % chats->count;
  char mark[MARK + 1] = {0}, body[128];
  set_mark(mark, 'm', number);
  int body_length = snprintf(body, sizeof body, "{\"receiver_id\": %s, \"message\": \"See you at noon? %s\"}",
                             chats->ids[to], mark);
  int length = snprintf(request, size,
                        "POST /api/v1/communication/chats/ HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAuthorization: Token %s\r\n"
                        "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
                        chats->port, chats->tokens[from], body_length, body);
  if (body_length >= (int)sizeof body || length >= (int)size) fail("a user's id or token is too long");
  *sender = from;
  *receiver = to;
  return (size_t)length;
}
