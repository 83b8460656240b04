/* Philox4x32-10: one block, and many at once for the vector unit of the machine. */
#ifndef HR_CORE_PHILOX_LANES_H
#define HR_CORE_PHILOX_LANES_H

#include <stdint.h>

/* Multipliers and Weyl constants of Philox4x32 (Salmon et al. 2011, table 2). */
#define HR_PHILOX_M0 0xD2511F53u
#define HR_PHILOX_M1 0xCD9E8D57u
#define HR_PHILOX_W0 0x9E3779B9u
#define HR_PHILOX_W1 0xBB67AE85u
enum { HR_PHILOX_ROUNDS = 10 };

/* The Philox4x32-10 bijection: out = P(counter; key). Inline, as callers that want one
 * block at a time want many of them. */
static inline void hr_philox4x32(const uint32_t counter[4], const uint32_t key[2],
                                 uint32_t out[4]) {
  uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
  uint32_t k0 = key[0], k1 = key[1];
  for (int round = 0; round < HR_PHILOX_ROUNDS; round++) {
    uint64_t p0 = (uint64_t)HR_PHILOX_M0 * c0, p1 = (uint64_t)HR_PHILOX_M1 * c2;
    c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
    c1 = (uint32_t)p1;
    c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
    c3 = (uint32_t)p0;
    k0 += HR_PHILOX_W0;
    k1 += HR_PHILOX_W1;
  }
  out[0] = c0, out[1] = c1, out[2] = c2, out[3] = c3;
}

/* Blocks at once: 512 deviates, 4 KiB of words. */
enum { HR_PHILOX_LANES = 128 };

/* Word j of block i in the lower half of word[j][i], the upper half is 0. Lanes are as
 * wide as a product of two words, and so need no shuffling between the rounds. */
typedef struct hr_philox_lanes {
  uint64_t word[4][HR_PHILOX_LANES];
} hr_philox_lanes;

/* Block i is what hr_philox4x32 makes of `counter` with i added to its first word (which
 * goes round at 2^32). With AVX-512 or AVX2 where the machine has them. */
void hr_philox_lanes_run(const uint32_t counter[4], const uint32_t key[2],
                         hr_philox_lanes *out);

/* The same in plain C, on any processor: the reference. */
void hr_philox_lanes_run_plain(const uint32_t counter[4], const uint32_t key[2],
                               hr_philox_lanes *out);

#endif
