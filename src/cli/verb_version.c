/* `headroom version`. */
#include <stdio.h>

#include "cli/verb.h"
#include "cli/world_mpi.h"
#include "headroom/library.h"

static hr_status run(const void *values, const char *operand, hr_error *err) {
  (void)values, (void)operand, (void)err;
  const hr_world_engine *mpi = hr_world_mpi();
  printf("headroom %s\n%s%s\n", hr_version(), mpi ? "with " : "without ",
         mpi ? mpi->name : "MPI");
  return HR_OK;
}

const hr_verb hr_verb_version = {
    .grammar = {.verb = "version"},
    .summary = "print the version of the program",
    .takes_ranks = true,
    .run = run,
};
