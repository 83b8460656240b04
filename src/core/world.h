/* The processes that a launcher (mpirun, srun) started together as ranks of one program:
 * a small face over MPI. Rank 0 decides, and the others ask it.
 *
 * The library knows no MPI: who wants one hands in its table (src/cli/world_mpi.c). What
 * goes between ranks are bytes, counts and flags; nothing is added up on the way, since
 * the order in which an MPI adds depends on the library and the number of ranks, and its
 * MAX and SUM lose NaN differently. Waiting sleeps: nobody spins beside a rank that
 * computes. */
#ifndef HR_CORE_WORLD_H
#define HR_CORE_WORLD_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"

enum {
  HR_WORLD_HOST_BYTES = 64,
  HR_WORLD_NAME_BYTES = 128,    /* "rank 2 of 4 (node7)" */
  HR_WORLD_LETTER_BYTES = 2048, /* the longest letter */
};

/* What a launcher's environment says, without any MPI. */
typedef struct hr_world_launch {
  bool is_launched; /* as one of several, or of a number that is not known */
  size_t rank;
  size_t size; /* 0: not known */
} hr_world_launch;

/* One rank's place, as its engine finds it. */
typedef struct hr_world_place {
  size_t rank, size;
  char host[HR_WORLD_HOST_BYTES];
} hr_world_place;

/* One MPI. Calls come from one thread. `state` is what begin made. */
typedef struct hr_world_engine {
  const char *name; /* "Open MPI 4.1.4" */
  hr_status (*begin)(void **state, hr_world_place *out, hr_error *err);
  void (*end)(void **state); /* waits for all ranks */
  hr_status (*barrier)(void *state, hr_error *err);
  hr_status (*broadcast)(void *state, void *bytes, size_t count, hr_error *err);
  hr_status (*gather)(void *state, const void *record, size_t bytes, void *all,
                      hr_error *err);
  hr_status (*post)(void *state, size_t to, const void *bytes, size_t count,
                    hr_error *err);
  hr_status (*poll)(void *state, void *bytes, size_t *count, size_t *from, bool *found,
                    hr_error *err);
  void (*abort)(void *state, int code); /* ends all ranks; does not return */
} hr_world_engine;

typedef struct hr_world hr_world;

/* Reads OMPI_COMM_WORLD_*, PMI_* and PMIX_RANK (then SLURM_STEP_NUM_TASKS says how many).
 * One that was started alone, by a launcher or not, is not launched. */
hr_world_launch hr_world_find_launch(void);

/* The world that this process is part of: of one rank where no launcher started several,
 * and then no MPI is begun. engine NULL: there is none in this build. HR_ERR_USAGE where
 * several were started and there is no engine, or it finds another number of ranks than
 * the launcher names, as an MPI does that is not the launcher's; HR_ERR_MEMORY; what the
 * engine fails with. Given back with hr_world_destroy, which waits for all ranks where it
 * is not broken. */
hr_status hr_world_create(const hr_world_engine *engine, hr_world **out,
                          hr_error *err) HR_MUST_CHECK;
void hr_world_destroy(hr_world **world);

/* NULL stands for a world of one. */
size_t hr_world_rank(const hr_world *world);
size_t hr_world_size(const hr_world *world);
bool hr_world_is_alone(const hr_world *world);

/* How many of the ranks are on this one's machine, itself too. */
size_t hr_world_neighbours(const hr_world *world);

/* "rank 2 of 4 (node7)", "rank 0 of 1". */
void hr_world_name(const hr_world *world, size_t rank, char out[HR_WORLD_NAME_BYTES]);

/* Waits until all ranks are here. */
hr_status hr_world_barrier(hr_world *world, hr_error *err) HR_MUST_CHECK;

/* What rank 0 has in `bytes` [count] is there on every rank then. */
hr_status hr_world_broadcast(hr_world *world, void *bytes, size_t count,
                             hr_error *err) HR_MUST_CHECK;

/* Every rank's record of so many bytes; `all` [ranks][bytes] is filled on rank 0, and may
 * be NULL on others. */
hr_status hr_world_gather(hr_world *world, const void *record, size_t bytes, void *all,
                          hr_error *err) HR_MUST_CHECK;

/* Sends a letter of at most HR_WORLD_LETTER_BYTES to another rank, and does not wait for
 * it to be taken. Those of one rank to another arrive in order. */
hr_status hr_world_post(hr_world *world, size_t to, const void *bytes, size_t count,
                        hr_error *err) HR_MUST_CHECK;

/* Takes a letter that has come, into bytes [HR_WORLD_LETTER_BYTES]; *found is false where
 * there is none. */
hr_status hr_world_poll(hr_world *world, void *bytes, size_t *count, size_t *from,
                        bool *found, hr_error *err) HR_MUST_CHECK;

/* A rank that finds it cannot go on together with the others, as one has died or a call
 * failed, says so here: then hr_world_destroy does not wait, and the program is to end
 * with hr_world_abort. */
void hr_world_break(hr_world *world);
bool hr_world_is_broken(const hr_world *world);

/* Ends all ranks now with an exit code, this one last: where one has died, and waiting
 * for it would take for ever. Does not return, but in a world of one. */
void hr_world_abort(hr_world *world, int code);

#endif
