/* Matrix products on oneDNN, in fp32 or with bf16 factors: its matmul, one on a thread at
 * a time, as dnnl.c runs its convolutions. On a core of an AMD Zen 5 it multiplies fp32
 * at 250 GF/s and bf16 at 500 in the sizes of a vision transformer, where OpenBLAS 0.3.21
 * has 127 with the kernels that it picks there. Versions 2 and 3 of oneDNN's C interface
 * differ in how things are described, which the first part hides. */
#include "core/alloc.h"
#include "core/parallel.h"
#include "nn/products.h"

#if !HR_ONEDNN

const hr_products *hr_products_onednn(void) {
  return NULL;
}

const hr_products *hr_products_onednn_bf16(void) {
  return NULL;
}

#else

#include <oneapi/dnnl/dnnl.h>

#if DNNL_VERSION_MAJOR >= 3
typedef dnnl_memory_desc_t format; /* how an array lies in memory; NULL: none */
typedef const_dnnl_memory_desc_t format_view;
#else
typedef struct {
  dnnl_memory_desc_t desc;
} format;
typedef const dnnl_memory_desc_t *format_view;
#endif

/* A matrix [rows][columns] with these distances between neighbours. */
typedef struct layout {
  size_t rows, columns, down, right;
} layout;

static dnnl_status_t format_init(format *f, const layout *l, dnnl_data_type_t type) {
  const dnnl_dims_t shape = {(dnnl_dim_t)l->rows, (dnnl_dim_t)l->columns};
  const dnnl_dims_t strides = {(dnnl_dim_t)l->down, (dnnl_dim_t)l->right};
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_memory_desc_create_with_strides(f, 2, shape, type, strides);
#else
  return dnnl_memory_desc_init_by_strides(&f->desc, 2, shape, type, strides);
#endif
}

static format_view view_of(const format *f) {
#if DNNL_VERSION_MAJOR >= 3
  return *f;
#else
  return &f->desc;
#endif
}

static void format_fini(format *f) {
#if DNNL_VERSION_MAJOR >= 3
  if (*f) dnnl_memory_desc_destroy(*f);
#else
  (void)f;
#endif
}

static dnnl_status_t describe(format_view a, format_view b, format_view c,
                              dnnl_primitive_attr_t attributes, dnnl_engine_t engine,
                              dnnl_primitive_desc_t *out) {
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_matmul_primitive_desc_create(out, engine, a, b, NULL, c, attributes);
#else
  dnnl_matmul_desc_t operation;
  dnnl_status_t code = dnnl_matmul_desc_init(&operation, a, b, NULL, c);
  if (code != dnnl_success) return code;
  return dnnl_primitive_desc_create(out, &operation, attributes, engine, NULL);
#endif
}

/* From here on both versions are alike. */

/* One thread's: memory objects a, b and c are pointed at the caller's arrays. */
typedef struct thread_place {
  dnnl_stream_t stream;
  dnnl_memory_t a, b, c, scratch;
} thread_place;

struct hr_made_product {
  dnnl_engine_t engine;
  dnnl_primitive_t primitive;
  size_t thread_count;
  thread_place *threads;
};

/* Leaves with the code of a call that did not succeed. */
#define DNNL_TRY(call)                      \
  do {                                      \
    code = (call);                          \
    if (code != dnnl_success) goto cleanup; \
  } while (0)

static void destroy(hr_made_product **address) {
  hr_made_product *made = *address;
  *address = NULL;
  if (!made) return;
  for (size_t i = 0; made->threads && i < made->thread_count; i++) {
    thread_place *t = &made->threads[i];
    dnnl_memory_t memories[] = {t->a, t->b, t->c, t->scratch};
    for (size_t k = 0; k < 4; k++) {
      if (memories[k]) dnnl_memory_destroy(memories[k]);
    }
    if (t->stream) dnnl_stream_destroy(t->stream);
  }
  if (made->primitive) dnnl_primitive_destroy(made->primitive);
  if (made->engine) dnnl_engine_destroy(made->engine);
  hr_free(made->threads);
  hr_free(made);
}

/* Each thread brings its own scratch space; a sum is added to what is there. */
static dnnl_status_t make_attributes(bool adds, dnnl_primitive_attr_t *out) {
  dnnl_status_t code = dnnl_success;
  dnnl_post_ops_t after = NULL;
  DNNL_TRY(dnnl_primitive_attr_create(out));
  DNNL_TRY(dnnl_primitive_attr_set_scratchpad_mode(*out, dnnl_scratchpad_mode_user));
  if (!adds) goto cleanup;
  DNNL_TRY(dnnl_post_ops_create(&after));
#if DNNL_VERSION_MAJOR >= 3
  DNNL_TRY(dnnl_post_ops_append_sum(after, 1, 0, dnnl_data_type_undef));
#else
  DNNL_TRY(dnnl_post_ops_append_sum(after, 1));
#endif
  DNNL_TRY(dnnl_primitive_attr_set_post_ops(*out, after));
cleanup:
  if (after) dnnl_post_ops_destroy(after);
  return code;
}

/* What a product is made of, while it is being made. */
typedef struct recipe {
  format a, b, c;
  dnnl_primitive_attr_t attributes;
  dnnl_primitive_desc_t description;
} recipe;

static void recipe_fini(recipe *r) {
  format_fini(&r->a);
  format_fini(&r->b);
  format_fini(&r->c);
  if (r->attributes) dnnl_primitive_attr_destroy(r->attributes);
  if (r->description) dnnl_primitive_desc_destroy(r->description);
}

static dnnl_status_t recipe_init(recipe *r, const hr_product *p, dnnl_data_type_t type,
                                 dnnl_engine_t engine) {
  dnnl_status_t code = dnnl_success;
  const layout a = {p->m, p->k, p->transpose_a ? 1 : p->lda, p->transpose_a ? p->lda : 1};
  const layout b = {p->k, p->n, p->transpose_b ? 1 : p->ldb, p->transpose_b ? p->ldb : 1};
  const layout c = {p->m, p->n, p->ldc, 1};
  DNNL_TRY(format_init(&r->a, &a, type));
  DNNL_TRY(format_init(&r->b, &b, type));
  DNNL_TRY(format_init(&r->c, &c, dnnl_f32));
  DNNL_TRY(make_attributes(p->keep > 0, &r->attributes));
  DNNL_TRY(describe(view_of(&r->a), view_of(&r->b), view_of(&r->c), r->attributes, engine,
                    &r->description));
cleanup:
  return code;
}

static dnnl_status_t make_thread(const hr_made_product *made, const recipe *r,
                                 thread_place *t) {
  dnnl_status_t code = dnnl_success;
  dnnl_engine_t engine = made->engine;
  format_view scratch =
      dnnl_primitive_desc_query_md(r->description, dnnl_query_scratchpad_md, 0);
  DNNL_TRY(dnnl_stream_create(&t->stream, engine, dnnl_stream_default_flags));
  DNNL_TRY(dnnl_memory_create(&t->a, view_of(&r->a), engine, DNNL_MEMORY_NONE));
  DNNL_TRY(dnnl_memory_create(&t->b, view_of(&r->b), engine, DNNL_MEMORY_NONE));
  DNNL_TRY(dnnl_memory_create(&t->c, view_of(&r->c), engine, DNNL_MEMORY_NONE));
  DNNL_TRY(dnnl_memory_create(&t->scratch, scratch, engine, DNNL_MEMORY_ALLOCATE));
cleanup:
  return code;
}

/* What `make` needs and leaves, as hr_single_thread takes one pointer: oneDNN divides
 * work up when a product is made, for as many threads as it then sees. */
typedef struct order {
  const hr_product *product;
  dnnl_data_type_t type;
  hr_made_product *made;
  dnnl_status_t code;
} order;

static void make(void *context) {
  order *o = context;
  hr_made_product *made = o->made;
  dnnl_status_t code = dnnl_success;
  recipe r = {.attributes = NULL};
  DNNL_TRY(dnnl_engine_create(&made->engine, dnnl_cpu, 0));
  DNNL_TRY(recipe_init(&r, o->product, o->type, made->engine));
  DNNL_TRY(dnnl_primitive_create(&made->primitive, r.description));
  for (size_t i = 0; i < made->thread_count; i++) {
    DNNL_TRY(make_thread(made, &r, &made->threads[i]));
  }
cleanup:
  recipe_fini(&r);
  o->code = code;
}

static hr_status create(const hr_product *product, dnnl_data_type_t type,
                        hr_made_product **out, hr_error *err) {
  hr_status status = HR_OK;
  hr_made_product *made = NULL;
  HR_TRY(hr_alloc(&made, 1, err));
  made->thread_count = hr_thread_count();
  HR_TRY(hr_alloc(&made->threads, made->thread_count, err));
  order o = {product, type, made, dnnl_success};
  hr_single_thread(make, &o);
  if (o.code != dnnl_success) {
    hr_status code = o.code == dnnl_out_of_memory ? HR_ERR_MEMORY : HR_ERR_NUMERIC;
    status = hr_fail(err, code, "oneDNN has no product of %zu x %zu by %zu x %zu (%d)",
                     product->m, product->k, product->k, product->n, (int)o.code);
    goto cleanup;
  }
  *out = made;
  made = NULL;
cleanup:
  destroy(&made);
  return status;
}

static hr_status create_fp32(const hr_product *product, const hr_compute *compute,
                             hr_made_product **out, hr_error *err) {
  (void)compute;
  return create(product, dnnl_f32, out, err);
}

static hr_status create_bf16(const hr_product *product, const hr_compute *compute,
                             hr_made_product **out, hr_error *err) {
  (void)compute;
  return create(product, dnnl_bf16, out, err);
}

/* oneDNN reads what it is given without const. */
static void *unconst(const void *pointer) {
  union {
    const void *in;
    void *out;
  } both = {pointer};
  return both.out;
}

static bool run(hr_made_product *made, size_t thread, const void *a, const void *b,
                float *c) {
  thread_place *t = &made->threads[thread];
  const dnnl_exec_arg_t arguments[] = {{DNNL_ARG_SRC, t->a},
                                       {DNNL_ARG_WEIGHTS, t->b},
                                       {DNNL_ARG_DST, t->c},
                                       {DNNL_ARG_SCRATCHPAD, t->scratch}};
  return dnnl_memory_set_data_handle(t->a, unconst(a)) == dnnl_success &&
         dnnl_memory_set_data_handle(t->b, unconst(b)) == dnnl_success &&
         dnnl_memory_set_data_handle(t->c, c) == dnnl_success &&
         dnnl_primitive_execute(made->primitive, t->stream, 4, arguments) == dnnl_success;
}

static const hr_products onednn = {
    .name = "oneDNN", .create = create_fp32, .destroy = destroy, .run = run};

static const hr_products onednn_bf16 = {.name = "oneDNN with bf16",
                                        .is_bf16 = true,
                                        .create = create_bf16,
                                        .destroy = destroy,
                                        .run = run};

const hr_products *hr_products_onednn(void) {
  return &onednn;
}

const hr_products *hr_products_onednn_bf16(void) {
  unsigned needed = dnnl_cpu_isa_avx512_core_bf16;
  bool has_bf16 = ((unsigned)dnnl_get_effective_cpu_isa() & needed) == needed;
  return has_bf16 ? &onednn_bf16 : NULL;
}

#endif
