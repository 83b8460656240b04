/* Compiling a loop several times, for the vector units of several processors; the one
 * that fits is picked when the program starts. Results do not differ: fused multiply-add
 * is off everywhere (-ffp-contract=off) and no reassociation is allowed. */
#ifndef HR_CORE_VECTOR_H
#define HR_CORE_VECTOR_H

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
/* What is written for AVX-512 by hand, for processors that have it. */
#define HR_AVX512 __attribute__((target("avx512f")))
#endif

/* Not under sanitizers: the choice runs before their start-up code. */
#if defined(HR_AVX512) && !defined(HR_SANITIZED)
#define HR_VECTOR_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
/* The same with all of AVX-512 that servers have, for loops over bytes and halves. */
#define HR_SHORT_CLONES \
  __attribute__((target_clones("arch=x86-64-v4", "avx2", "default")))
/* Where what is compiled once a width is picked by hand: for the processors that do not
 * have AVX-512. */
#define HR_NARROW_CLONES __attribute__((target_clones("avx2", "default")))
#else
#define HR_VECTOR_CLONES
#define HR_SHORT_CLONES
#define HR_NARROW_CLONES
#endif

/* What such a function calls has to become part of it, or is compiled once for all. */
#ifdef __GNUC__
#define HR_PART_OF_CLONES static inline __attribute__((always_inline))
#else
#define HR_PART_OF_CLONES static inline
#endif

#endif
