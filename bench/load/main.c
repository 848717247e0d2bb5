/* main: the commands by their names. */
#include "load.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#define MOST_ARGUMENTS 8

static const struct command {
  const char *name, *usage;
  int fewest, most;
  int (*run)(char **arguments);
} COMMANDS[] = {
    {"floor", "EVENT", 1, 1, run_floor},
    {"fanout", "PORT PATHS REQUEST AT_ONCE", 4, 4, run_fanout},
    {"hold", "PORT PATHS AT_ONCE [TEXT]", 3, 4, run_hold},
    {"dm", "PORT USERS RATE SECONDS SENDERS [REQUEST EVERY_S]", 5, 7, run_dm},
    {"post", "PORT USERS SECONDS SENDERS", 4, 4, run_post},
    {"slow", "PORT PATHS REQUEST SECONDS PER_S NTH BYTES_PER_S", 7, 7, run_slow},
};

int main(int count, char **values) {
  char *arguments[MOST_ARGUMENTS + 1] = {NULL};
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  for (size_t at = 0; at < sizeof COMMANDS / sizeof *COMMANDS; at++) {
    const struct command *command = &COMMANDS[at];
    if (count < 2 || strcmp(values[1], command->name)) continue;
    if (count - 2 < command->fewest || count - 2 > command->most) continue;
    memcpy(arguments, values + 2, (size_t)(count - 2) * sizeof *values);
    return command->run(arguments);
  }
  for (size_t at = 0; at < sizeof COMMANDS / sizeof *COMMANDS; at++)
    fprintf(stderr, "load %s %s\n", COMMANDS[at].name, COMMANDS[at].usage);
  return 2;
}
