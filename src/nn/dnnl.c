/* The convolution on oneDNN, in fp32 or with bf16 products, and the only file that knows
 * oneDNN: versions 2 and 3 of its C interface differ in how descriptors are made, which
 * the first part hides.
 *
 * oneDNN is asked for one row at a time on one thread; the threads are ours (a row's
 * convolution stays in a core's cache, and no thread waits for another inside it). On two
 * cores with AVX-512 this reached 160 to 190 GF/s a core in each direction, above the 143
 * of OpenBLAS's sgemm there.
 *
 * With bf16 what is multiplied comes in bf16, and what is convolved leaves in bf16; only
 * x of a first convolution comes in fp32, as the data are, and is rounded on its way in.
 * Products are added in fp32. */
#include "core/alloc.h"
#include "core/parallel.h"
#include "nn/convolver.h"

#if !HR_ONEDNN

const hr_convolver *hr_convolver_onednn(void) {
  return NULL;
}

const hr_convolver *hr_convolver_onednn_bf16(void) {
  return NULL;
}

#else

#include <oneapi/dnnl/dnnl.h>
#include <oneapi/dnnl/dnnl_debug.h>

/* A format is how an array lies in memory. */
#if DNNL_VERSION_MAJOR >= 3
typedef const_dnnl_memory_desc_t format_view;
#else
typedef const dnnl_memory_desc_t *format_view;
#endif

typedef struct format {
  dnnl_memory_desc_t desc;
  bool made;
} format;

static format_view view_of(const format *f) {
#if DNNL_VERSION_MAJOR >= 3
  return f->desc;
#else
  return &f->desc;
#endif
}

static dnnl_status_t format_init(format *f, int rank, const dnnl_dims_t shape,
                                 dnnl_data_type_t type, dnnl_format_tag_t tag) {
#if DNNL_VERSION_MAJOR >= 3
  dnnl_status_t code = dnnl_memory_desc_create_with_tag(&f->desc, rank, shape, type, tag);
#else
  dnnl_status_t code = dnnl_memory_desc_init_by_tag(&f->desc, rank, shape, type, tag);
#endif
  f->made = code == dnnl_success;
  return code;
}

static void format_fini(format *f) {
#if DNNL_VERSION_MAJOR >= 3
  if (f->made) dnnl_memory_desc_destroy(f->desc);
#endif
  f->made = false;
}

/* What one convolution is made of, while it is being made. Weights: whichever format
 * oneDNN likes best. */
typedef struct recipe {
  format x, dx, y, bias;           /* the caller's; dx and bias fp32, y as multiplied */
  format factor_x, factor_weights; /* what is multiplied, fp32 or bf16 */
  format weights_gradient;         /* fp32 */
  dnnl_dims_t strides, dilates, left, right;
  bool has_bias_gradient;
  dnnl_engine_t engine;
  dnnl_primitive_attr_t attributes;
} recipe;

static dnnl_status_t describe_forward(const recipe *r, dnnl_primitive_desc_t *out) {
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_convolution_forward_primitive_desc_create(
      out, r->engine, dnnl_forward_training, dnnl_convolution_direct, r->factor_x.desc,
      r->factor_weights.desc, r->bias.desc, r->y.desc, r->strides, r->dilates, r->left,
      r->right, r->attributes);
#else
  dnnl_convolution_desc_t operation;
  dnnl_status_t code = dnnl_convolution_forward_desc_init(
      &operation, dnnl_forward_training, dnnl_convolution_direct, &r->factor_x.desc,
      &r->factor_weights.desc, &r->bias.desc, &r->y.desc, r->strides, r->left, r->right);
  if (code != dnnl_success) return code;
  return dnnl_primitive_desc_create(out, &operation, r->attributes, r->engine, NULL);
#endif
}

static dnnl_status_t describe_backward_input(const recipe *r, dnnl_primitive_desc_t hint,
                                             dnnl_primitive_desc_t *out) {
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_convolution_backward_data_primitive_desc_create(
      out, r->engine, dnnl_convolution_direct, r->dx.desc, r->factor_weights.desc,
      r->y.desc, r->strides, r->dilates, r->left, r->right, hint, r->attributes);
#else
  dnnl_convolution_desc_t operation;
  dnnl_status_t code = dnnl_convolution_backward_data_desc_init(
      &operation, dnnl_convolution_direct, &r->dx.desc, &r->factor_weights.desc,
      &r->y.desc, r->strides, r->left, r->right);
  if (code != dnnl_success) return code;
  return dnnl_primitive_desc_create(out, &operation, r->attributes, r->engine, hint);
#endif
}

static dnnl_status_t describe_backward_weights(const recipe *r,
                                               dnnl_primitive_desc_t hint,
                                               dnnl_primitive_desc_t *out) {
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_convolution_backward_weights_primitive_desc_create(
      out, r->engine, dnnl_convolution_direct, r->factor_x.desc, r->weights_gradient.desc,
      r->has_bias_gradient ? r->bias.desc : NULL, r->y.desc, r->strides, r->dilates,
      r->left, r->right, hint, r->attributes);
#else
  dnnl_convolution_desc_t operation;
  dnnl_status_t code = dnnl_convolution_backward_weights_desc_init(
      &operation, dnnl_convolution_direct, &r->factor_x.desc, &r->weights_gradient.desc,
      r->has_bias_gradient ? &r->bias.desc : NULL, &r->y.desc, r->strides, r->left,
      r->right);
  if (code != dnnl_success) return code;
  return dnnl_primitive_desc_create(out, &operation, r->attributes, r->engine, hint);
#endif
}

/* From here on both versions are alike. */

/* The arrays of one thread: memory objects x, dx and y are pointed at the caller's
 * arrays, factor_x holds x in bf16 where that is multiplied and x is fp32, else it is
 * NULL. */
typedef struct thread_place {
  dnnl_stream_t stream;
  dnnl_memory_t x, dx, y, factor_x, weights_gradient, bias_gradient, scratch;
  float *gradient; /* [gradient_count] of one row, before it is added */
  float *scratch_bytes;
} thread_place;

struct hr_convolution {
  hr_conv_shape shape;
  dnnl_data_type_t factors; /* the type of what is multiplied */
  dnnl_engine_t engine;
  dnnl_primitive_t forward, backward_input, backward_weights;
  dnnl_primitive_t round_x;                             /* NULL where x is multiplied */
  dnnl_primitive_t pack_forward, pack_backward, unpack; /* plain order to and from */
  dnnl_memory_t plain, bias, packed_forward, packed_backward, packed_gradient;
  size_t packed_count; /* floats of a packed gradient, without the bias */
  size_t scratch_count;
  thread_place *threads;
  size_t thread_count;
};

static void free_thread(thread_place *t) {
  dnnl_memory_t memories[] = {
      t->x, t->dx, t->y, t->factor_x, t->weights_gradient, t->bias_gradient, t->scratch};
  for (size_t i = 0; i < sizeof memories / sizeof memories[0]; i++) {
    if (memories[i]) dnnl_memory_destroy(memories[i]);
  }
  if (t->stream) dnnl_stream_destroy(t->stream);
  hr_free(t->gradient);
  hr_free(t->scratch_bytes);
}

static void onednn_destroy(hr_convolution **address) {
  hr_convolution *c = *address;
  *address = NULL;
  if (!c) return;
  for (size_t i = 0; c->threads && i < c->thread_count; i++) free_thread(&c->threads[i]);
  dnnl_primitive_t primitives[] = {c->forward, c->backward_input, c->backward_weights,
                                   c->round_x, c->pack_forward,   c->pack_backward,
                                   c->unpack};
  for (size_t i = 0; i < sizeof primitives / sizeof primitives[0]; i++) {
    if (primitives[i]) dnnl_primitive_destroy(primitives[i]);
  }
  dnnl_memory_t memories[] = {c->plain, c->bias, c->packed_forward, c->packed_backward,
                              c->packed_gradient};
  for (size_t i = 0; i < sizeof memories / sizeof memories[0]; i++) {
    if (memories[i]) dnnl_memory_destroy(memories[i]);
  }
  if (c->engine) dnnl_engine_destroy(c->engine);
  hr_free(c->threads);
  hr_free(c);
}

static void recipe_fini(recipe *r) {
  format *formats[] = {&r->x,
                       &r->dx,
                       &r->bias,
                       &r->factor_x,
                       &r->y,
                       &r->factor_weights,
                       &r->weights_gradient};
  for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) format_fini(formats[i]);
  if (r->attributes) dnnl_primitive_attr_destroy(r->attributes);
}

/* Leaves with the code of a call that did not succeed. */
#define DNNL_TRY(call)                      \
  do {                                      \
    code = (call);                          \
    if (code != dnnl_success) goto cleanup; \
  } while (0)

static dnnl_status_t recipe_init(recipe *r, const hr_conv_shape *s,
                                 dnnl_data_type_t factors, dnnl_engine_t engine) {
  dnnl_status_t code = dnnl_success;
  dnnl_dim_t width = (dnnl_dim_t)s->width, left = (dnnl_dim_t)(s->kernel - 1) / 2;
  const dnnl_dims_t x = {1, (dnnl_dim_t)s->inputs, width};
  const dnnl_dims_t y = {1, (dnnl_dim_t)s->outputs, width};
  const dnnl_dims_t bias = {(dnnl_dim_t)s->outputs};
  const dnnl_dims_t weights = {(dnnl_dim_t)s->outputs, (dnnl_dim_t)s->inputs,
                               (dnnl_dim_t)s->kernel};
  r->engine = engine;
  r->has_bias_gradient = !s->is_normalised;
  r->strides[0] = 1;
  r->left[0] = left;
  r->right[0] = (dnnl_dim_t)s->kernel - 1 - left;
  DNNL_TRY(format_init(&r->x, 3, x, s->is_first ? dnnl_f32 : factors, dnnl_nwc));
  DNNL_TRY(format_init(&r->dx, 3, x, dnnl_f32, dnnl_nwc));
  DNNL_TRY(format_init(&r->bias, 1, bias, dnnl_f32, dnnl_x));
  DNNL_TRY(format_init(&r->factor_x, 3, x, factors, dnnl_nwc));
  DNNL_TRY(format_init(&r->y, 3, y, factors, dnnl_nwc));
  DNNL_TRY(format_init(&r->factor_weights, 3, weights, factors, dnnl_format_tag_any));
  DNNL_TRY(format_init(&r->weights_gradient, 3, weights, dnnl_f32, dnnl_format_tag_any));
  DNNL_TRY(dnnl_primitive_attr_create(&r->attributes));
  /* Each thread brings its own scratch space. */
  DNNL_TRY(
      dnnl_primitive_attr_set_scratchpad_mode(r->attributes, dnnl_scratchpad_mode_user));
cleanup:
  return code;
}

static size_t floats_of(format_view f) {
  return (dnnl_memory_desc_get_size(f) + sizeof(float) - 1) / sizeof(float);
}

/* A primitive that puts an array from one format into another. */
static dnnl_status_t make_reorder(format_view from, format_view to, dnnl_engine_t engine,
                                  dnnl_primitive_t *out) {
  dnnl_status_t code = dnnl_success;
  dnnl_primitive_desc_t description = NULL;
  DNNL_TRY(
      dnnl_reorder_primitive_desc_create(&description, from, engine, to, engine, NULL));
  DNNL_TRY(dnnl_primitive_create(out, description));
cleanup:
  if (description) dnnl_primitive_desc_destroy(description);
  return code;
}

static void count_scratch(hr_convolution *c, dnnl_primitive_desc_t description) {
  format_view f = dnnl_primitive_desc_query_md(description, dnnl_query_scratchpad_md, 0);
  size_t count = f ? floats_of(f) : 0;
  if (count > c->scratch_count) c->scratch_count = count;
}

static dnnl_status_t make_thread(hr_convolution *c, const recipe *r, format_view packed,
                                 thread_place *t) {
  dnnl_status_t code = dnnl_out_of_memory;
  format scratch = {.made = false};
  const dnnl_dims_t bytes = {(dnnl_dim_t)c->scratch_count + 1};
  if (hr_alloc(&t->gradient, c->packed_count + c->shape.outputs, NULL) != HR_OK ||
      hr_alloc(&t->scratch_bytes, c->scratch_count + 1, NULL) != HR_OK) {
    return code;
  }
  DNNL_TRY(format_init(&scratch, 1, bytes, dnnl_f32, dnnl_x));
  DNNL_TRY(dnnl_stream_create(&t->stream, c->engine, dnnl_stream_default_flags));
  DNNL_TRY(dnnl_memory_create(&t->x, view_of(&r->x), c->engine, DNNL_MEMORY_NONE));
  DNNL_TRY(dnnl_memory_create(&t->dx, view_of(&r->dx), c->engine, DNNL_MEMORY_NONE));
  DNNL_TRY(dnnl_memory_create(&t->y, view_of(&r->y), c->engine, DNNL_MEMORY_NONE));
  if (c->round_x) {
    DNNL_TRY(dnnl_memory_create(&t->factor_x, view_of(&r->factor_x), c->engine,
                                DNNL_MEMORY_ALLOCATE));
  }
  DNNL_TRY(dnnl_memory_create(&t->weights_gradient, packed, c->engine, t->gradient));
  DNNL_TRY(dnnl_memory_create(&t->bias_gradient, view_of(&r->bias), c->engine,
                              t->gradient + c->packed_count));
  DNNL_TRY(
      dnnl_memory_create(&t->scratch, view_of(&scratch), c->engine, t->scratch_bytes));
cleanup:
  format_fini(&scratch);
  return code;
}

static dnnl_status_t make_threads(hr_convolution *c, const recipe *r,
                                  format_view packed) {
  dnnl_status_t code = dnnl_success;
  for (size_t i = 0; i < c->thread_count; i++) {
    DNNL_TRY(make_thread(c, r, packed, &c->threads[i]));
  }
cleanup:
  return code;
}

/* Forward, with the way of the weights into its format. */
static dnnl_status_t make_forward(hr_convolution *c, const recipe *r, format_view plain,
                                  dnnl_primitive_desc_t description) {
  dnnl_status_t code = dnnl_success;
  format_view packed =
      dnnl_primitive_desc_query_md(description, dnnl_query_weights_md, 0);
  count_scratch(c, description);
  DNNL_TRY(dnnl_primitive_create(&c->forward, description));
  DNNL_TRY(make_reorder(plain, packed, c->engine, &c->pack_forward));
  DNNL_TRY(dnnl_memory_create(&c->plain, plain, c->engine, DNNL_MEMORY_NONE));
  DNNL_TRY(
      dnnl_memory_create(&c->packed_forward, packed, c->engine, DNNL_MEMORY_ALLOCATE));
  DNNL_TRY(
      dnnl_memory_create(&c->bias, view_of(&r->bias), c->engine, DNNL_MEMORY_ALLOCATE));
cleanup:
  return code;
}

static dnnl_status_t make_backward_input(hr_convolution *c, const recipe *r,
                                         format_view plain, dnnl_primitive_desc_t hint) {
  dnnl_status_t code = dnnl_success;
  dnnl_primitive_desc_t description = NULL;
  if (c->shape.is_first) return dnnl_success;
  DNNL_TRY(describe_backward_input(r, hint, &description));
  format_view packed =
      dnnl_primitive_desc_query_md(description, dnnl_query_weights_md, 0);
  count_scratch(c, description);
  DNNL_TRY(dnnl_primitive_create(&c->backward_input, description));
  DNNL_TRY(make_reorder(plain, packed, c->engine, &c->pack_backward));
  DNNL_TRY(
      dnnl_memory_create(&c->packed_backward, packed, c->engine, DNNL_MEMORY_ALLOCATE));
cleanup:
  if (description) dnnl_primitive_desc_destroy(description);
  return code;
}

/* Last of the three: the threads' places need what all of them need. */
static dnnl_status_t make_backward_weights(hr_convolution *c, const recipe *r,
                                           format_view plain,
                                           dnnl_primitive_desc_t hint) {
  dnnl_status_t code = dnnl_success;
  dnnl_primitive_desc_t description = NULL;
  DNNL_TRY(describe_backward_weights(r, hint, &description));
  format_view packed =
      dnnl_primitive_desc_query_md(description, dnnl_query_diff_weights_md, 0);
  count_scratch(c, description);
  c->packed_count = floats_of(packed);
  DNNL_TRY(dnnl_primitive_create(&c->backward_weights, description));
  DNNL_TRY(make_reorder(packed, plain, c->engine, &c->unpack));
  DNNL_TRY(dnnl_memory_create(&c->packed_gradient, packed, c->engine, DNNL_MEMORY_NONE));
  DNNL_TRY(make_threads(c, r, packed));
cleanup:
  if (description) dnnl_primitive_desc_destroy(description);
  return code;
}

static dnnl_status_t make_rounding(hr_convolution *c, const recipe *r) {
  dnnl_status_t code = dnnl_success;
  if (c->factors == dnnl_f32 || !c->shape.is_first) return code;
  DNNL_TRY(make_reorder(view_of(&r->x), view_of(&r->factor_x), c->engine, &c->round_x));
cleanup:
  return code;
}

static dnnl_status_t make(hr_convolution *c) {
  dnnl_status_t code = dnnl_success;
  recipe r = {.engine = NULL};
  format plain = {.made = false};
  dnnl_primitive_desc_t forward = NULL;
  const hr_conv_shape *s = &c->shape;
  const dnnl_dims_t weights = {(dnnl_dim_t)s->outputs, (dnnl_dim_t)s->inputs,
                               (dnnl_dim_t)s->kernel};
  DNNL_TRY(dnnl_engine_create(&c->engine, dnnl_cpu, 0));
  DNNL_TRY(recipe_init(&r, s, c->factors, c->engine));
  DNNL_TRY(format_init(&plain, 3, weights, dnnl_f32, dnnl_wio));
  DNNL_TRY(make_rounding(c, &r));
  DNNL_TRY(describe_forward(&r, &forward));
  DNNL_TRY(make_forward(c, &r, view_of(&plain), forward));
  DNNL_TRY(make_backward_input(c, &r, view_of(&plain), forward));
  DNNL_TRY(make_backward_weights(c, &r, view_of(&plain), forward));
cleanup:
  if (forward) dnnl_primitive_desc_destroy(forward);
  format_fini(&plain);
  recipe_fini(&r);
  return code;
}

typedef struct making {
  hr_convolution *convolution;
  dnnl_status_t code;
} making;

static void make_alone(void *context) {
  making *m = context;
  m->code = make(m->convolution);
}

static hr_status create(const hr_conv_shape *shape, dnnl_data_type_t factors,
                        hr_convolution **out, hr_error *err) {
  hr_status status = HR_OK;
  making m = {.code = dnnl_success};
  HR_TRY(hr_alloc(&m.convolution, 1, err));
  m.convolution->shape = *shape;
  m.convolution->factors = factors;
  m.convolution->thread_count = hr_thread_count();
  HR_TRY(hr_alloc(&m.convolution->threads, m.convolution->thread_count, err));
  /* oneDNN plans for as many threads as OpenMP has while it makes a primitive, and leaves
   * out the shares of the others, without an error, where it then runs on one. */
  hr_single_thread(make_alone, &m);
  if (m.code != dnnl_success) {
    status = hr_fail(err, m.code == dnnl_out_of_memory ? HR_ERR_MEMORY : HR_ERR_NUMERIC,
                     "oneDNN makes no convolution of %zu to %zu channels with kernel %zu "
                     "over %zu pixels: %s",
                     shape->inputs, shape->outputs, shape->kernel, shape->width,
                     dnnl_status2str(m.code));
    goto cleanup;
  }
  *out = m.convolution;
  m.convolution = NULL;
cleanup:
  onednn_destroy(&m.convolution);
  return status;
}

static hr_status onednn_create(const hr_conv_shape *shape, hr_convolution **out,
                               hr_error *err) {
  return create(shape, dnnl_f32, out, err);
}

static hr_status bf16_create(const hr_conv_shape *shape, hr_convolution **out,
                             hr_error *err) {
  return create(shape, dnnl_bf16, out, err);
}

/* oneDNN takes pointers that are not const also for what it only reads. */
static void *unconst(const void *values) {
  union {
    const void *given;
    void *taken;
  } u = {.given = values};
  return u.taken;
}

static bool execute(dnnl_primitive_t primitive, dnnl_stream_t stream,
                    const dnnl_exec_arg_t *arguments, int count) {
  return dnnl_primitive_execute(primitive, stream, count, arguments) == dnnl_success &&
         dnnl_stream_wait(stream) == dnnl_success;
}

static bool reorder(dnnl_primitive_t primitive, dnnl_stream_t stream, dnnl_memory_t from,
                    dnnl_memory_t to) {
  dnnl_exec_arg_t arguments[] = {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}};
  return execute(primitive, stream, arguments, 2);
}

static bool onednn_load(hr_convolution *c, const float *weights, const float *bias) {
  void *own_bias = NULL;
  if (dnnl_memory_set_data_handle(c->plain, unconst(weights)) != dnnl_success ||
      dnnl_memory_get_data_handle(c->bias, &own_bias) != dnnl_success) {
    return false;
  }
  for (size_t d = 0; d < c->shape.outputs; d++) ((float *)own_bias)[d] = bias[d];
  dnnl_stream_t stream = c->threads[0].stream;
  return reorder(c->pack_forward, stream, c->plain, c->packed_forward) &&
         (c->shape.is_first ||
          reorder(c->pack_backward, stream, c->plain, c->packed_backward));
}

static bool point(dnnl_memory_t memory, const void *values) {
  return dnnl_memory_set_data_handle(memory, unconst(values)) == dnnl_success;
}

/* What is multiplied of x: itself, or its bf16 copy; NULL where that fails. */
static dnnl_memory_t factor_of(const hr_convolution *c, const thread_place *t,
                               const void *x) {
  if (!point(t->x, x)) return NULL;
  if (!c->round_x) return t->x;
  return reorder(c->round_x, t->stream, t->x, t->factor_x) ? t->factor_x : NULL;
}

static bool onednn_forward(hr_convolution *c, size_t thread, const void *x, void *y) {
  const thread_place *t = &c->threads[thread];
  dnnl_memory_t factor = factor_of(c, t, x);
  if (!factor || !point(t->y, y)) return false;
  dnnl_exec_arg_t arguments[] = {{DNNL_ARG_SRC, factor},
                                 {DNNL_ARG_WEIGHTS, c->packed_forward},
                                 {DNNL_ARG_BIAS, c->bias},
                                 {DNNL_ARG_DST, t->y},
                                 {DNNL_ARG_SCRATCHPAD, t->scratch}};
  return execute(c->forward, t->stream, arguments, 5);
}

static bool onednn_backward_input(hr_convolution *c, size_t thread, const void *dy,
                                  float *dx) {
  const thread_place *t = &c->threads[thread];
  if (!point(t->dx, dx) || !point(t->y, dy)) return false;
  dnnl_exec_arg_t arguments[] = {{DNNL_ARG_DIFF_SRC, t->dx},
                                 {DNNL_ARG_WEIGHTS, c->packed_backward},
                                 {DNNL_ARG_DIFF_DST, t->y},
                                 {DNNL_ARG_SCRATCHPAD, t->scratch}};
  return execute(c->backward_input, t->stream, arguments, 4);
}

static bool onednn_backward_weights(hr_convolution *c, size_t thread, const void *x,
                                    const void *dy, float *gradient) {
  const thread_place *t = &c->threads[thread];
  dnnl_memory_t factor = factor_of(c, t, x);
  if (!factor || !point(t->y, dy)) return false;
  dnnl_exec_arg_t arguments[] = {{DNNL_ARG_SRC, factor},
                                 {DNNL_ARG_DIFF_WEIGHTS, t->weights_gradient},
                                 {DNNL_ARG_DIFF_DST, t->y},
                                 {DNNL_ARG_SCRATCHPAD, t->scratch},
                                 {DNNL_ARG_DIFF_BIAS, t->bias_gradient}};
  bool has_bias = !c->shape.is_normalised;
  if (!execute(c->backward_weights, t->stream, arguments, has_bias ? 5 : 4)) return false;
  size_t count = c->packed_count + (has_bias ? c->shape.outputs : 0);
  for (size_t i = 0; i < count; i++) gradient[i] += t->gradient[i];
  return true;
}

static size_t onednn_gradient_count(const hr_convolution *c) {
  return c->packed_count + c->shape.outputs;
}

static bool onednn_unload(hr_convolution *c, const float *gradient, float *weights,
                          float *bias) {
  for (size_t d = 0; d < c->shape.outputs; d++) bias[d] = gradient[c->packed_count + d];
  return dnnl_memory_set_data_handle(c->packed_gradient, unconst(gradient)) ==
             dnnl_success &&
         dnnl_memory_set_data_handle(c->plain, weights) == dnnl_success &&
         reorder(c->unpack, c->threads[0].stream, c->packed_gradient, c->plain);
}

static const hr_convolver onednn = {
    .name = "oneDNN",
    .create = onednn_create,
    .destroy = onednn_destroy,
    .load = onednn_load,
    .forward = onednn_forward,
    .backward_input = onednn_backward_input,
    .backward_weights = onednn_backward_weights,
    .gradient_count = onednn_gradient_count,
    .unload = onednn_unload,
};

static const hr_convolver onednn_bf16 = {
    .name = "oneDNN with bf16",
    .is_bf16 = true,
    .create = bf16_create,
    .destroy = onednn_destroy,
    .load = onednn_load,
    .forward = onednn_forward,
    .backward_input = onednn_backward_input,
    .backward_weights = onednn_backward_weights,
    .gradient_count = onednn_gradient_count,
    .unload = onednn_unload,
};

const hr_convolver *hr_convolver_onednn(void) {
  return &onednn;
}

const hr_convolver *hr_convolver_onednn_bf16(void) {
  unsigned needed = dnnl_cpu_isa_avx512_core_bf16;
  bool has_bf16 = ((unsigned)dnnl_get_effective_cpu_isa() & needed) == needed;
  return has_bf16 ? &onednn_bf16 : NULL;
}

#endif
