/* Who was started together is known from the environment, so that a program that nobody
 * launched begins no MPI: that costs time, memory and threads of its own. */
#include "core/world.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/text.h"

struct hr_world {
  const hr_world_engine *engine; /* NULL: alone */
  void *state;
  hr_world_place own;
  char (*hosts)[HR_WORLD_HOST_BYTES]; /* [size] */
  bool is_broken;
};

/* The value of a variable that holds a count; -1: there is none. */
static int64_t variable(const char *name) {
  const char *text = getenv(name);
  int64_t value = -1;
  return text && hr_parse_integer(text, &value) && value >= 0 ? value : -1;
}

hr_world_launch hr_world_find_launch(void) {
  static const char *const names[][2] = {
      {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"}, /* Open MPI's mpirun */
      {"PMI_RANK", "PMI_SIZE"},                         /* MPICH's, Intel's, srun */
      {"PMIX_RANK", "SLURM_STEP_NUM_TASKS"},            /* srun --mpi=pmix */
  };
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    int64_t rank = variable(names[i][0]), size = variable(names[i][1]);
    if (rank < 0) continue;
    if (size == 1) break;
    return (hr_world_launch){true, (size_t)rank, size > 0 ? (size_t)size : 0};
  }
  return (hr_world_launch){0};
}

static hr_status gather_hosts(hr_world *world, hr_error *err) {
  hr_status status = HR_OK;
  if (world->own.rank == 0) HR_TRY(hr_alloc(&world->hosts, world->own.size, err));
  HR_TRY(
      hr_world_gather(world, world->own.host, sizeof world->own.host, world->hosts, err));
cleanup:
  return status;
}

/* Begins the engine, and sees whether it is the launcher's. */
static hr_status begin(hr_world *world, const hr_world_launch *launch, hr_error *err) {
  hr_status status = HR_OK;
  const hr_world_engine *engine = world->engine;
  world->engine = NULL;
  if (!engine) {
    return hr_fail(err, HR_ERR_USAGE,
                   "a launcher started several ranks, and this headroom was built "
                   "without MPI; build it where libopenmpi-dev or another MPI is "
                   "installed, or start it once");
  }
  HR_TRY(engine->begin(&world->state, &world->own, err));
  world->engine = engine;
  if (launch->size > 0 && world->own.size != launch->size) {
    status = hr_fail(err, HR_ERR_USAGE,
                     "the launcher started %zu ranks and %s finds %zu; start it with the "
                     "mpirun of that MPI",
                     launch->size, engine->name, world->own.size);
    goto cleanup;
  }
  HR_TRY(gather_hosts(world, err));
cleanup:
  return status;
}

hr_status hr_world_create(const hr_world_engine *engine, hr_world **out, hr_error *err) {
  hr_status status = HR_OK;
  hr_world *world = NULL;
  const hr_world_launch launch = hr_world_find_launch();
  HR_TRY(hr_alloc(&world, 1, err));
  world->own.size = 1;
  world->engine = engine;
  if (launch.is_launched) HR_TRY(begin(world, &launch, err));
  if (world->own.size == 1) world->own.rank = 0;
  *out = world;
  world = NULL;
cleanup:
  hr_world_destroy(&world);
  return status;
}

void hr_world_destroy(hr_world **world) {
  hr_world *w = *world;
  if (!w) return;
  if (w->state && !w->is_broken) w->engine->end(&w->state);
  hr_free(w->hosts);
  hr_free(w);
  *world = NULL;
}

size_t hr_world_rank(const hr_world *world) {
  return world ? world->own.rank : 0;
}

size_t hr_world_size(const hr_world *world) {
  return world ? world->own.size : 1;
}

bool hr_world_is_alone(const hr_world *world) {
  return hr_world_size(world) == 1;
}

size_t hr_world_neighbours(const hr_world *world) {
  size_t count = 0;
  if (!world || !world->hosts) return 1;
  for (size_t i = 0; i < world->own.size; i++) {
    count += strcmp(world->hosts[i], world->hosts[world->own.rank]) == 0;
  }
  return count;
}

void hr_world_name(const hr_world *world, size_t rank, char out[HR_WORLD_NAME_BYTES]) {
  const char *host = world && world->hosts ? world->hosts[rank] : "";
  snprintf(out, HR_WORLD_NAME_BYTES, "rank %zu of %zu%s%s%s", rank, hr_world_size(world),
           host[0] ? " (" : "", host, host[0] ? ")" : "");
}

hr_status hr_world_barrier(hr_world *world, hr_error *err) {
  if (hr_world_is_alone(world)) return HR_OK;
  return world->engine->barrier(world->state, err);
}

hr_status hr_world_broadcast(hr_world *world, void *bytes, size_t count, hr_error *err) {
  if (hr_world_is_alone(world)) return HR_OK;
  return world->engine->broadcast(world->state, bytes, count, err);
}

hr_status hr_world_gather(hr_world *world, const void *record, size_t bytes, void *all,
                          hr_error *err) {
  if (hr_world_is_alone(world)) {
    memcpy(all, record, bytes);
    return HR_OK;
  }
  return world->engine->gather(world->state, record, bytes, all, err);
}

hr_status hr_world_post(hr_world *world, size_t to, const void *bytes, size_t count,
                        hr_error *err) {
  bool is_fine = to < hr_world_size(world) && to != hr_world_rank(world) &&
                 count <= HR_WORLD_LETTER_BYTES;
  if (!is_fine) {
    return hr_fail(err, HR_ERR_INTERNAL, "a letter of %zu bytes to rank %zu of %zu",
                   count, to, hr_world_size(world));
  }
  return world->engine->post(world->state, to, bytes, count, err);
}

hr_status hr_world_poll(hr_world *world, void *bytes, size_t *count, size_t *from,
                        bool *found, hr_error *err) {
  *found = false;
  if (hr_world_is_alone(world)) return HR_OK;
  return world->engine->poll(world->state, bytes, count, from, found, err);
}

void hr_world_break(hr_world *world) {
  if (!hr_world_is_alone(world)) world->is_broken = true;
}

bool hr_world_is_broken(const hr_world *world) {
  return world && world->is_broken;
}

void hr_world_abort(hr_world *world, int code) {
  if (!hr_world_is_alone(world)) world->engine->abort(world->state, code);
}
