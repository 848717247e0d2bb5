/* spread: how measured times are told: percentiles, and a histogram whose steps double. */
#include "load.h"

#include <stdio.h>
#include <stdlib.h>

#define STEPS 13 /* from 0.25 ms to 1,024 ms, and what is above */

static int by_value(const void *one, const void *other) {
  double a = *(const double *)one, b = *(const double *)other;
  return (a > b) - (a < b);
}

static double share_ms(const double *sorted, long count, double share) {
  return sorted[(long)((double)(count - 1) * share)] * 1e3;
}

/* "name": null where there is nothing. */
void print_spread(const char *name, double *seconds, long count) {
  if (!count) {
    printf("\"%s\": null", name);
    return;
  }
  qsort(seconds, (size_t)count, sizeof *seconds, by_value);
  printf("\"%s\": {\"count\": %ld, \"p50_ms\": %.4f, \"p90_ms\": %.4f, \"p99_ms\": %.4f, \"max_ms\": %.4f}", name, count,
         share_ms(seconds, count, 0.5), share_ms(seconds, count, 0.9), share_ms(seconds, count, 0.99),
         share_ms(seconds, count, 1.0));
}

/* Pairs of the longest time in ms and how many took at most that and more than the pair before; the last has null. */
void print_histogram(const char *name, const double *seconds, long count) {
  long counts[STEPS + 1] = {0};
  for (long at = 0; at < count; at++) {
    int step = 0;
    for (double most_s = 0.25e-3; step < STEPS && seconds[at] > most_s; most_s *= 2) step++;
    counts[step]++;
  }
  printf("\"%s\": [", name);
  double most_ms = 0.25;
  for (int step = 0; step < STEPS; step++, most_ms *= 2) printf("[%g, %ld], ", most_ms, counts[step]);
  printf("[null, %ld]]", counts[STEPS]);
}
