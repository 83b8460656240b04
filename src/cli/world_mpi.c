/* MPI for core/world.h, of which this is the only file that knows any. Calls do not
 * block: they are begun, and asked for between naps, so that ranks that wait leave their
 * processors to those that compute (an MPI_Recv of Open MPI spins). */
#include "cli/world_mpi.h"

#include <stddef.h>
#include <stdio.h>

#if HR_MPI

#include <mpi.h>
#include <string.h>
#include <time.h>

#include "core/alloc.h"

enum { LETTER_TAG = 27 };

/* A letter that may still be under way. */
typedef struct posted {
  struct posted *next;
  MPI_Request request;
  char bytes[HR_WORLD_LETTER_BYTES];
} posted;

typedef struct mpi_state {
  MPI_Comm comm;
  posted *posted;
  int size;
} mpi_state;

/* What an MPI call ended with, as ours. */
static hr_status check(int code, const char *call, hr_error *err) {
  char text[MPI_MAX_ERROR_STRING] = "";
  int length = 0;
  if (code == MPI_SUCCESS) return HR_OK;
  MPI_Error_string(code, text, &length);
  return hr_fail(err, HR_ERR_IO, "%s failed: %s", call, text);
}

/* Waits for a request; longer naps where it takes longer. */
static hr_status wait_for(MPI_Request *request, const char *call, hr_error *err) {
  const long longest = 20000000; /* ns */
  hr_status status = HR_OK;
  struct timespec nap = {.tv_nsec = 100000};
  int is_done = 0;
  HR_TRY(check(MPI_Test(request, &is_done, MPI_STATUS_IGNORE), call, err));
  while (!is_done) {
    nanosleep(&nap, NULL);
    if (nap.tv_nsec < longest) nap.tv_nsec *= 2;
    HR_TRY(check(MPI_Test(request, &is_done, MPI_STATUS_IGNORE), call, err));
  }
cleanup:
  return status;
}

static hr_status mpi_begin(void **state, hr_world_place *out, hr_error *err) {
  hr_status status = HR_OK;
  mpi_state *own = NULL;
  int rank = 0, level = 0, length = 0;
  char host[MPI_MAX_PROCESSOR_NAME] = "";
  HR_TRY(hr_alloc(&own, 1, err));
  own->comm = MPI_COMM_WORLD;
  HR_TRY(check(MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &level),
               "MPI_Init_thread", err));
  MPI_Comm_set_errhandler(own->comm, MPI_ERRORS_RETURN);
  HR_TRY(check(MPI_Comm_rank(own->comm, &rank), "MPI_Comm_rank", err));
  HR_TRY(check(MPI_Comm_size(own->comm, &own->size), "MPI_Comm_size", err));
  HR_TRY(check(MPI_Get_processor_name(host, &length), "MPI_Get_processor_name", err));
  out->rank = (size_t)rank;
  out->size = (size_t)own->size;
  snprintf(out->host, sizeof out->host, "%.*s", HR_WORLD_HOST_BYTES - 1, host);
  *state = own;
  own = NULL;
cleanup:
  hr_free(own);
  return status;
}

/* Gives back the letters that have been taken; all: waits for the others. */
static void reap(mpi_state *own, bool all) {
  for (posted **at = &own->posted; *at;) {
    posted *letter = *at;
    int is_done = 0;
    int code = MPI_Test(&letter->request, &is_done, MPI_STATUS_IGNORE);
    if (all && code == MPI_SUCCESS && !is_done) {
      is_done = wait_for(&letter->request, "MPI_Isend", NULL) == HR_OK;
    }
    if (is_done || code != MPI_SUCCESS) {
      *at = letter->next;
      hr_free(letter);
    } else {
      at = &letter->next;
    }
  }
}

static void mpi_end(void **state) {
  mpi_state *own = *state;
  reap(own, true);
  MPI_Finalize();
  hr_free(own);
  *state = NULL;
}

static hr_status mpi_barrier(void *state, hr_error *err) {
  hr_status status = HR_OK;
  const mpi_state *own = state;
  MPI_Request request = MPI_REQUEST_NULL;
  HR_TRY(check(MPI_Ibarrier(own->comm, &request), "MPI_Ibarrier", err));
  HR_TRY(wait_for(&request, "MPI_Ibarrier", err));
cleanup:
  return status;
}

static hr_status mpi_broadcast(void *state, void *bytes, size_t count, hr_error *err) {
  hr_status status = HR_OK;
  const mpi_state *own = state;
  MPI_Request request = MPI_REQUEST_NULL;
  HR_TRY(check(MPI_Ibcast(bytes, (int)count, MPI_BYTE, 0, own->comm, &request),
               "MPI_Ibcast", err));
  HR_TRY(wait_for(&request, "MPI_Ibcast", err));
cleanup:
  return status;
}

static hr_status mpi_gather(void *state, const void *record, size_t bytes, void *all,
                            hr_error *err) {
  hr_status status = HR_OK;
  const mpi_state *own = state;
  MPI_Request request = MPI_REQUEST_NULL;
  int count = (int)bytes;
  HR_TRY(check(
      MPI_Igather(record, count, MPI_BYTE, all, count, MPI_BYTE, 0, own->comm, &request),
      "MPI_Igather", err));
  HR_TRY(wait_for(&request, "MPI_Igather", err));
cleanup:
  return status;
}

static hr_status mpi_post(void *state, size_t to, const void *bytes, size_t count,
                          hr_error *err) {
  hr_status status = HR_OK;
  mpi_state *own = state;
  posted *letter = NULL;
  reap(own, false);
  HR_TRY(hr_alloc(&letter, 1, err));
  memcpy(letter->bytes, bytes, count);
  HR_TRY(check(MPI_Isend(letter->bytes, (int)count, MPI_BYTE, (int)to, LETTER_TAG,
                         own->comm, &letter->request),
               "MPI_Isend", err));
  letter->next = own->posted;
  own->posted = letter;
  letter = NULL;
cleanup:
  hr_free(letter);
  return status;
}

static hr_status mpi_poll(void *state, void *bytes, size_t *count, size_t *from,
                          bool *found, hr_error *err) {
  hr_status status = HR_OK;
  mpi_state *own = state;
  MPI_Status envelope;
  int is_there = 0, length = 0;
  reap(own, false);
  HR_TRY(check(MPI_Iprobe(MPI_ANY_SOURCE, LETTER_TAG, own->comm, &is_there, &envelope),
               "MPI_Iprobe", err));
  if (!is_there) goto cleanup;
  HR_TRY(check(MPI_Recv(bytes, HR_WORLD_LETTER_BYTES, MPI_BYTE, envelope.MPI_SOURCE,
                        LETTER_TAG, own->comm, &envelope),
               "MPI_Recv", err));
  HR_TRY(check(MPI_Get_count(&envelope, MPI_BYTE, &length), "MPI_Get_count", err));
  *count = (size_t)length;
  *from = (size_t)envelope.MPI_SOURCE;
  *found = true;
cleanup:
  return status;
}

static void mpi_abort(void *state, int code) {
  const mpi_state *own = state;
  MPI_Abort(own->comm, code);
}

const hr_world_engine *hr_world_mpi(void) {
  static const hr_world_engine engine = {.name = HR_MPI_NAME,
                                         .begin = mpi_begin,
                                         .end = mpi_end,
                                         .barrier = mpi_barrier,
                                         .broadcast = mpi_broadcast,
                                         .gather = mpi_gather,
                                         .post = mpi_post,
                                         .poll = mpi_poll,
                                         .abort = mpi_abort};
  return &engine;
}

#else

const hr_world_engine *hr_world_mpi(void) {
  return NULL;
}

#endif

void hr_world_leave(hr_world **world, hr_status status, const hr_error *err) {
  if (hr_world_is_broken(*world)) {
    if (status != HR_OK && err->message[0])
      fprintf(stderr, "headroom: %s\n", err->message);
    fflush(NULL);
    hr_world_abort(*world, hr_status_exit_code(status));
  }
  hr_world_destroy(world);
}
