/* Matrix products of a network, behind one interface: plain or BLAS's
 * (compute/compute.h), oneDNN's in fp32, and oneDNN's with bf16 factors.
 *
 *   C = op(A) op(B), or that added to C
 *
 * as in hr_product, whose `factor` has to be 1 and `keep` 0 or 1. C is fp32; A and B,
 * what is multiplied, are fp32, or bf16 (nn/bf16.h) where `is_bf16`; sums are fp32. A
 * product is made once and run often, on the calling thread alone, from a body of
 * hr_parallel_for; `thread` picks its scratch space. Its result depends on neither. */
#ifndef HR_NN_PRODUCTS_H
#define HR_NN_PRODUCTS_H

#include "compute/compute.h"

typedef struct hr_made_product hr_made_product; /* each one's own struct */

/* run: false where the library below refuses, which it does not do once `create` went
 * well. */
typedef struct hr_products {
  const char *name;
  bool is_bf16;
  /* compute: borrowed, for those that stand on it. HR_ERR_NUMERIC where there is no such
   * product, HR_ERR_MEMORY. */
  hr_status (*create)(const hr_product *product, const hr_compute *compute,
                      hr_made_product **out, hr_error *err);
  void (*destroy)(hr_made_product **made);
  bool (*run)(hr_made_product *made, size_t thread, const void *a, const void *b,
              float *c);
} hr_products;

/* Those of the hr_compute that they are made with. */
extern const hr_products hr_products_compute;

/* oneDNN's; NULL in a build without it. The second also where the processor has no bf16
 * products. */
const hr_products *hr_products_onednn(void);
const hr_products *hr_products_onednn_bf16(void);

/* The fastest in fp32; the fastest that multiplies bf16, or NULL. */
const hr_products *hr_products_fp32(void);
const hr_products *hr_products_bf16(void);

#endif
