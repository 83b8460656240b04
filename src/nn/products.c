/* Products by a table of kernels, and which products are the fastest here. */
#include "nn/products.h"

#include "core/alloc.h"

struct hr_made_product {
  hr_product product;
  const hr_compute *compute;
};

static hr_status create(const hr_product *product, const hr_compute *compute,
                        hr_made_product **out, hr_error *err) {
  hr_status status = hr_alloc(out, 1, err);
  if (status == HR_OK) **out = (hr_made_product){*product, compute};
  return status;
}

static void destroy(hr_made_product **made) {
  hr_free(*made);
  *made = NULL;
}

static bool run(hr_made_product *made, size_t thread, const void *a, const void *b,
                float *c) {
  (void)thread;
  made->compute->gemm_f32(&made->product, a, b, c);
  return true;
}

const hr_products hr_products_compute = {
    .name = "compute", .create = create, .destroy = destroy, .run = run};

const hr_products *hr_products_fp32(void) {
  const hr_products *onednn = hr_products_onednn();
  return onednn ? onednn : &hr_products_compute;
}

const hr_products *hr_products_bf16(void) {
  return hr_products_onednn_bf16();
}
