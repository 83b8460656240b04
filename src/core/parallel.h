/* Threads, on OpenMP: the one place that starts them.
 *
 * The rule that keeps results the same for any number of threads: work is cut into pieces
 * by its size alone, each piece writes only its own output, and sums over pieces are
 * taken in order. */
#ifndef HR_CORE_PARALLEL_H
#define HR_CORE_PARALLEL_H

#include <stddef.h>

/* How many threads hr_parallel_for uses at most. */
size_t hr_thread_count(void);

/* From here on the calling thread's loops, and those of the libraries below, use so many
 * (at least 1). */
void hr_thread_limit(size_t threads);

/* Calls body(context, i, thread) for i = 0 .. count-1, in any order, on all threads;
 * `thread` is in 0 .. hr_thread_count()-1 and picks a thread's own scratch space. BLAS
 * and LAPACK called from the body run on the calling thread alone. */
void hr_parallel_for(size_t count, void (*body)(void *context, size_t i, size_t thread),
                     void *context);

/* The same on `threads` threads at most (at least 1), where each needs much scratch
 * space. */
void hr_parallel_for_on(size_t threads, size_t count,
                        void (*body)(void *context, size_t i, size_t thread),
                        void *context);

/* Calls body(context) on the calling thread while OpenMP tells the libraries below that
 * there is but one: for those that divide work up when something is made. */
void hr_single_thread(void (*body)(void *context), void *context);

/* As hr_parallel_for_on, but the work is done by `threads` other threads while the
 * calling one calls watch(watch_context) about ten times a second until all is done: for
 * long pieces of work, whose progress the caller's observer wants to hear of from its own
 * thread. Loops of OpenMP inside the body run on one thread. */
void hr_parallel_for_watched(size_t threads, size_t count,
                             void (*body)(void *context, size_t i, size_t thread),
                             void *context, void (*watch)(void *watch_context),
                             void *watch_context);

/* From here on this thread's loops run on it alone: in a child process, where the other
 * threads of its parent are not there any more. */
void hr_parallel_be_alone(void);

#endif
