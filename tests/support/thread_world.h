/* A world whose ranks are threads of the test. */
#ifndef HR_TESTS_THREAD_WORLD_H
#define HR_TESTS_THREAD_WORLD_H

#include <pthread.h>
#include <stdlib.h>

#include "core/world.h"
#include "support/check.h"

enum { THREAD_RANKS = 3, THREAD_LETTERS = 64, THREAD_AREA = 1 << 16 };

typedef struct thread_letter {
  size_t from, count;
  char bytes[HR_WORLD_LETTER_BYTES];
} thread_letter;

static struct {
  pthread_barrier_t together;
  pthread_mutex_t mutex;
  char area[THREAD_AREA];
  thread_letter letters[THREAD_RANKS][THREAD_LETTERS]; /* by addressee */
  size_t count[THREAD_RANKS], taken[THREAD_RANKS];
} thread_bus;

static _Thread_local size_t thread_rank;

static inline hr_status thread_begin(void **state, hr_world_place *out, hr_error *e) {
  (void)e;
  *state = &thread_bus;
  *out = (hr_world_place){.rank = thread_rank, .size = THREAD_RANKS};
  snprintf(out->host, sizeof out->host, "node%zu", thread_rank);
  return HR_OK;
}

static inline void thread_end(void **state) {
  *state = NULL;
}

static inline hr_status thread_barrier(void *state, hr_error *e) {
  (void)state, (void)e;
  pthread_barrier_wait(&thread_bus.together);
  return HR_OK;
}

static inline hr_status thread_broadcast(void *state, void *bytes, size_t count,
                                         hr_error *e) {
  if (thread_rank == 0) memcpy(thread_bus.area, bytes, count);
  thread_barrier(state, e);
  memcpy(bytes, thread_bus.area, count);
  return thread_barrier(state, e);
}

static inline hr_status thread_gather(void *state, const void *record, size_t bytes,
                                      void *all, hr_error *e) {
  memcpy(thread_bus.area + thread_rank * bytes, record, bytes);
  thread_barrier(state, e);
  if (thread_rank == 0) memcpy(all, thread_bus.area, THREAD_RANKS * bytes);
  return thread_barrier(state, e);
}

static inline hr_status thread_post(void *state, size_t to, const void *bytes,
                                    size_t count, hr_error *e) {
  (void)state, (void)e;
  pthread_mutex_lock(&thread_bus.mutex);
  thread_letter *letter = &thread_bus.letters[to][thread_bus.count[to]++];
  letter->from = thread_rank;
  letter->count = count;
  memcpy(letter->bytes, bytes, count);
  pthread_mutex_unlock(&thread_bus.mutex);
  return HR_OK;
}

static inline hr_status thread_poll(void *state, void *bytes, size_t *count, size_t *from,
                                    bool *found, hr_error *e) {
  (void)state, (void)e;
  pthread_mutex_lock(&thread_bus.mutex);
  size_t *taken = &thread_bus.taken[thread_rank];
  *found = *taken < thread_bus.count[thread_rank];
  if (*found) {
    const thread_letter *letter = &thread_bus.letters[thread_rank][(*taken)++];
    memcpy(bytes, letter->bytes, letter->count);
    *count = letter->count;
    *from = letter->from;
  }
  pthread_mutex_unlock(&thread_bus.mutex);
  return HR_OK;
}

static inline void thread_abort(void *state, int code) {
  (void)state, (void)code;
}

static const hr_world_engine thread_engine = {.name = "threads",
                                              .begin = thread_begin,
                                              .end = thread_end,
                                              .barrier = thread_barrier,
                                              .broadcast = thread_broadcast,
                                              .gather = thread_gather,
                                              .post = thread_post,
                                              .poll = thread_poll,
                                              .abort = thread_abort};

/* What each rank does; no assertions of cmocka inside. */
typedef void thread_body(size_t rank, hr_world *world);

typedef struct thread_start {
  size_t rank;
  thread_body *body;
} thread_start;

static inline void *thread_main(void *argument) {
  const thread_start *start = argument;
  hr_world *world = NULL;
  thread_rank = start->rank;
  if (hr_world_create(&thread_engine, &world, NULL) == HR_OK) {
    start->body(start->rank, world);
  }
  hr_world_destroy(&world);
  return NULL;
}

/* Runs `body` on all ranks, and waits for them. */
static inline void thread_world_run(thread_body *body) {
  pthread_t threads[THREAD_RANKS];
  thread_start starts[THREAD_RANKS];
  memset(thread_bus.count, 0, sizeof thread_bus.count);
  memset(thread_bus.taken, 0, sizeof thread_bus.taken);
  pthread_mutex_init(&thread_bus.mutex, NULL);
  assert_int_equal(pthread_barrier_init(&thread_bus.together, NULL, THREAD_RANKS), 0);
  setenv("PMI_RANK", "0", 1);
  setenv("PMI_SIZE", "3", 1);
  for (size_t r = 0; r < THREAD_RANKS; r++) {
    starts[r] = (thread_start){r, body};
    assert_int_equal(pthread_create(&threads[r], NULL, thread_main, &starts[r]), 0);
  }
  for (size_t r = 0; r < THREAD_RANKS; r++) pthread_join(threads[r], NULL);
  unsetenv("PMI_RANK");
  unsetenv("PMI_SIZE");
  pthread_barrier_destroy(&thread_bus.together);
}

#endif
