/* `headroom version`. */
#include <stdio.h>

#include "cli/verb.h"
#include "headroom/library.h"

static hr_status run(const void *values, const char *operand, hr_error *err) {
  (void)values, (void)operand, (void)err;
  printf("headroom %s\n", hr_version());
  return HR_OK;
}

const hr_verb hr_verb_version = {
    .grammar = {.verb = "version"},
    .summary = "print the version of the program",
    .run = run,
};
