/* Loops on OpenMP, with pieces handed out one at a time, so that threads that are late
 * or slow do not hold up the others. Which thread takes a piece never matters to its
 * result (core/parallel.h). */
#include "core/parallel.h"

#include <omp.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <time.h>

/* More than this is a slip in OMP_NUM_THREADS: each thread has scratch space. */
enum { MOST_THREADS = 1024 };

size_t hr_thread_count(void) {
  int threads = omp_get_max_threads();
  return threads < 1 ? 1 : threads > MOST_THREADS ? MOST_THREADS : (size_t)threads;
}

void hr_thread_limit(size_t threads) {
  size_t used = threads < 1 ? 1 : threads < MOST_THREADS ? threads : MOST_THREADS;
  omp_set_num_threads((int)used);
}

void hr_parallel_be_alone(void) {
  omp_set_num_threads(1);
}

void hr_parallel_for(size_t count, void (*body)(void *context, size_t i, size_t thread),
                     void *context) {
  hr_parallel_for_on(hr_thread_count(), count, body, context);
}

void hr_parallel_for_on(size_t threads, size_t count,
                        void (*body)(void *context, size_t i, size_t thread),
                        void *context) {
  size_t most = hr_thread_count();
  size_t used = threads < 1 ? 1 : threads < most ? threads : most;
  atomic_size_t next = 0;
  /* A team of at least two wherever there can be one, even for one piece: a library that
   * makes teams of its own (oneDNN) computes on the calling thread alone inside of one
   * and with all threads outside, and only the first gives results that do not depend on
   * the number of threads. OpenBLAS is alone everywhere (compute/blas). */
  int team = (int)(used < 2 && most > 1 ? 2 : used);
#pragma omp parallel num_threads(team)
  {
    size_t thread = (size_t)omp_get_thread_num();
    if (thread < used) {
      for (size_t i = next++; i < count; i = next++) body(context, i, thread);
    }
  }
}

void hr_single_thread(void (*body)(void *context), void *context) {
  int threads = omp_get_max_threads();
  omp_set_num_threads(1);
  body(context);
  omp_set_num_threads(threads);
}

/* Pieces of watched work. */
typedef struct watched_work {
  size_t count;
  atomic_size_t next, finished;
  void (*body)(void *context, size_t i, size_t thread);
  void *context;
} watched_work;

static void work_on(watched_work *work, size_t thread) {
  for (size_t i = work->next++; i < work->count; i = work->next++) {
    work->body(work->context, i, thread);
    work->finished++;
  }
}

static void watch_over(watched_work *work, void (*watch)(void *watch_context),
                       void *watch_context) {
  static const struct timespec tenth = {.tv_nsec = 100000000};
  for (;;) {
    bool is_over = work->finished >= work->count;
    watch(watch_context);
    if (is_over) return;
    nanosleep(&tenth, NULL);
  }
}

void hr_parallel_for_watched(size_t threads, size_t count,
                             void (*body)(void *context, size_t i, size_t thread),
                             void *context, void (*watch)(void *watch_context),
                             void *watch_context) {
  watched_work work = {.count = count, .body = body, .context = context};
#pragma omp parallel num_threads((int)threads + 1)
  {
    size_t thread = (size_t)omp_get_thread_num();
    bool alone = omp_get_num_threads() == 1; /* the runtime gave no other thread */
    if (thread > 0 || alone) work_on(&work, alone ? 0 : thread - 1);
    if (thread == 0) watch_over(&work, watch, watch_context);
  }
}
