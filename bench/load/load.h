/*
 * load: what all files of the load tool share. main.c says what each command does.
 *
 * The tool is one thread and one epoll. It speaks JSON, one object a line, on standard output: each command says when
 * its streams are open, and its result; {"error": "..."} and exit code 1 is the end of whatever went wrong. Its end of
 * standard input ends it, so that it never outlives who started it. It calls loopback and nothing else.
 */
#ifndef LOAD_H
#define LOAD_H

#include <stddef.h>
#include <stdint.h>

#define INPUT UINT32_MAX  /* epoll's data for standard input; a stream has its index there */
#define MARK 13           /* bytes of a mark: '#', its kind, ten digits, '#' */
#define TAIL 32           /* what is kept of a stream's last bytes; longer than a mark and than a text to wait for */
#define LIVE_TEXT "event: presence_snapshot" /* what this server sends last before a stream is live */
#define OPEN_STALL_S 30.0 /* no stream opens for so long: the opening has failed */

/* net.c */
double now_s(void);
_Noreturn void fail(const char *format, ...);
void *grow(void *memory, size_t count, size_t size);
int dial(int port, int number, int receive_bytes);
void send_all(int fd, const char *data, size_t length);
void watch(int epoll, int fd, uint32_t number);
char *read_file(const char *path, size_t *length);
char **read_lines(const char *path, int *count);
void set_mark(char *mark, char kind, long number);
char *find_mark(char *data, size_t length);
int answered_well(const char *answer);

/* spread.c: sorts the values */
void print_spread(const char *name, double *seconds, long count);
void print_histogram(const char *name, const double *seconds, long count);

/*
 * streams.c: open streams, and what comes out of them.
 *
 * seen() is called for each mark, other() for each descriptor that was given to watch() with a number of its own, from
 * `count` on. Both get `context`.
 */
struct tail {
  char bytes[TAIL];
  unsigned char length;
};

struct streams {
  int count, epoll, opened, live, port;
  char **paths;
  const char *live_text; /* a stream is live once it has sent this text, shorter than TAIL; NULL: with its head */
  int *fds;
  unsigned char *states;
  int *receive_bytes; /* of each socket; 0: the kernel's own */
  struct tail *tails;
  double *begun_s, *head_s; /* when its request was sent, and how long the head took */
  long long bytes;
  long heartbeats;
  void *context;
  void (*seen)(void *context, int stream, char kind, long number, double at_s);
  void (*other)(void *context, uint32_t number);
};

void streams_init(struct streams *streams, int port, char **paths, int count);
void streams_open(struct streams *streams, int at_once);
void streams_print_opened(struct streams *streams);
int streams_turn(struct streams *streams, int timeout_ms);
ptrdiff_t streams_read(struct streams *streams, int stream, size_t most);
char *streams_command(struct streams *streams);

/*
 * senders.c: kept connections that send requests, one at a time each, and read the answers.
 */
struct sender {
  int fd, busy;
  size_t got;
  char answer[1 << 14];
};

struct senders {
  int count, next;
  uint32_t first; /* the first one's number in the epoll */
  long answered, refused;
  char refusal[400]; /* the beginning of the first answer that was no 2xx */
  struct sender *all;
};

void senders_init(struct senders *senders, int epoll, int port, int count, uint32_t first);
int senders_send(struct senders *senders, const char *request, size_t length);
int senders_read(struct senders *senders, uint32_t number);

/* chats.c: the requests of chat messages between random users */
struct chats {
  int count, port;
  char **ids, **tokens, **paths;
  unsigned seed;
};

void chats_read(struct chats *chats, const char *path, int port);
size_t chats_request(struct chats *chats, char *request, size_t size, long number, int *sender, int *receiver);

/* commands */
int run_floor(char **arguments);
int run_fanout(char **arguments);
int run_hold(char **arguments);
int run_dm(char **arguments);
int run_post(char **arguments);
int run_slow(char **arguments);

#endif
