/* Counter-based random numbers: a value is a function of its address, not of what came
 * before.
 *
 * Philox4x32-10 (Salmon, Moraes, Dror & Shaw 2011, "Parallel random numbers: as easy as
 * 1, 2, 3"). The key is the user's 64-bit seed; the counter is (index / 4 or / 2, row
 * low, row high, stream), so every purpose has numbers of its own and a row has the same
 * numbers for any number of threads, shards, block sizes or resumes. */
#ifndef HR_CORE_RANDOM_H
#define HR_CORE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* What random numbers are for; one independent stream each. Numbers are part of the file
 * formats (a seed must keep its meaning): only ever append. */
typedef enum hr_stream_id {
  HR_STREAM_NOISE_TRAIN = 0, /* pixel noise of training rows */
  HR_STREAM_NOISE_TEST = 1,  /* pixel noise of test rows */
  HR_STREAM_FOLDS = 2,
  HR_STREAM_BOOTSTRAP = 3,
  HR_STREAM_SIMULATE_TRAIN = 4, /* labels and observing conditions of simulated stars */
  HR_STREAM_SIMULATE_TEST = 5,
  HR_STREAM_SAMPLE = 6,       /* which training rows are looked at before the pass */
  HR_STREAM_TEMPLATES = 7,    /* which training rows are templates */
  HR_STREAM_HELD_OUT = 8,     /* which training rows the posterior mean is validated on */
  HR_STREAM_PLACEBO = 9,      /* which random group a row belongs to */
  HR_STREAM_WEIGHTS = 10,     /* the weights that a network starts from */
  HR_STREAM_SHUFFLE = 11,     /* the order in which a network sees its rows */
  HR_STREAM_NOISE_EPOCH = 12, /* pixel noise of a network's rows, anew every epoch */
  HR_STREAM_GRID_TEMPLATES = 13, /* labels of templates drawn from the model grid */
  HR_STREAM_DRAWS = 14,          /* draws from a posterior */
  HR_STREAM_RANKS = 15, /* where the truth stands among draws that are equal to it */
  HR_STREAM_GATE = 16,  /* which training rows gates learn from and are judged on, the
                           start of their components */
  HR_STREAM_GLOBAL_ROWS = 17, /* which training rows a model of all rows learns from */
  HR_STREAM_DRAWN_ROWS = 18,  /* which training rows a study takes at all */
  HR_STREAM_DROPOUT = 19,     /* which values of a network a step leaves out */
  HR_STREAM_VELOCITY =
      20, /* pixel noise that velocities of training rows are measured in */
} hr_stream_id;

/* The uniform deviate number `index` of row `row`, in the open interval (0, 1), 53 bits.
 */
double hr_uniform(uint64_t seed, hr_stream_id stream, uint64_t row, uint32_t index);

/* The uniform integer number `index` of row `row`, in 0 .. bound-1 (bound < 2^32),
 * without bias beyond 2^-32. */
uint32_t hr_uniform_below(uint64_t seed, hr_stream_id stream, uint64_t row,
                          uint32_t index, uint32_t bound);

/* Counts [bound] how often each integer is among numbers 0 .. count-1 of row `row`, those
 * of hr_uniform_below: in a tenth of the time of asking for one after the other. */
void hr_count_uniform_below(uint64_t seed, hr_stream_id stream, uint64_t row,
                            size_t count, uint32_t bound, uint32_t *times);

/* Uniform bytes of row `row`: those of blocks first .. of sixteen bytes each, out
 * [16 blocks]. In runs of HR_RANDOM_RUN blocks, the last one shorter, the first words of
 * all the run's blocks, least significant byte first, then all their second ones, and so
 * on: calls that begin elsewhere than at a multiple of a run give another order. */
enum { HR_RANDOM_RUN = 128 };
void hr_uniform_bytes(uint64_t seed, hr_stream_id stream, uint64_t row, uint32_t first,
                      size_t blocks, uint8_t *out);

/* Standard normal deviates number first .. first+count-1 of row `row`, by Box and
 * Muller's method: radius from 40 bits (tails to 7.5 sigma), angle from 24, computed in
 * fp64 without fused operations and rounded to fp32 once, so the bytes are the same on
 * every machine. out: [count], dimensionless. */
void hr_normal(uint64_t seed, hr_stream_id stream, uint64_t row, uint32_t first,
               size_t count, float *out);

#endif
