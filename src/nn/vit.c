/* Making a vision transformer: its shape, the places of its parameters, its products and
 * the room of a thread; its first random values; and a step, as a trainer asks for it.
 * vit_forward.c and vit_backward.c compute. */
#include "nn/vit.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/parallel.h"
#include "core/random.h"
#include "core/text.h"
#include "nn/vit_parts.h"

enum {
  MOST_PIXELS = 1 << 20,
  MOST_SIZE = 1 << 16, /* of anything else */
  PIECE = 1 << 16,     /* parameters that are one piece of work */
};

/* The largest divisor of `whole` that is not above `part`. */
static size_t divisor_below(size_t whole, size_t part) {
  size_t divisor = part < whole ? part : whole;
  while (whole % divisor != 0) divisor--;
  return divisor;
}

static hr_status check_sizes(const hr_vit_shape *s, hr_error *err) {
  const struct {
    const char *name;
    size_t value, most;
  } sizes[] = {{"pixels", s->pixels, MOST_PIXELS}, {"patch", s->patch, MOST_PIXELS},
               {"width", s->width, MOST_SIZE},     {"layers", s->layers, MOST_SIZE},
               {"heads", s->heads, MOST_SIZE},     {"hidden", s->hidden, MOST_SIZE},
               {"outputs", s->outputs, MOST_SIZE}};
  const size_t hidden = s->head_hidden;
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    if (sizes[i].value >= 1 && sizes[i].value <= sizes[i].most) continue;
    return hr_fail(err, HR_ERR_CONFIG,
                   "%s of a vision transformer are 1 to %zu, not %zu; take one between",
                   sizes[i].name, sizes[i].most, sizes[i].value);
  }
  if (hidden <= MOST_SIZE) return HR_OK;
  return hr_fail(
      err, HR_ERR_CONFIG,
      "a hidden layer of a vision transformer's head has at most %d values, not "
      "%zu; take fewer",
      MOST_SIZE, hidden);
}

static bool is_share(double dropout) {
  return dropout >= 0 && dropout < 1;
}

/* Random bytes that a row takes in a step have a counter of 32 bits. */
static double dropout_bytes(const hr_vit_shape *s) {
  double tokens = (double)(s->pixels / s->patch) + 1;
  double stride = tokens + HR_SCORE_LANES;
  return tokens * ((1 + 2 * (double)s->layers) * (double)s->width +
                   (double)s->layers * (double)s->heads * stride);
}

hr_status hr_vit_check(const hr_vit_shape *s, hr_error *err) {
  hr_status status = check_sizes(s, err);
  if (status != HR_OK) return status;
  if (s->pixels % s->patch != 0) {
    return hr_fail(err, HR_ERR_CONFIG,
                   "patches of %zu pixels do not divide %zu pixels; take a patch of %zu",
                   s->patch, s->pixels, divisor_below(s->pixels, s->patch));
  }
  if (s->width % s->heads != 0) {
    size_t fitting = divisor_below(s->width, s->heads);
    return hr_fail(err, HR_ERR_CONFIG,
                   "%zu heads do not divide a width of %zu; take %zu head%s", s->heads,
                   s->width, fitting, hr_plural(fitting));
  }
  if (!is_share(s->dropout) || !is_share(s->attention_dropout)) {
    return hr_fail(err, HR_ERR_CONFIG,
                   "a dropout is at least 0 and below 1, not %g; take 0.1",
                   is_share(s->dropout) ? s->attention_dropout : s->dropout);
  }
  if (dropout_bytes(s) < 0x1p34) return HR_OK;
  return hr_fail(err, HR_ERR_CONFIG,
                 "%zu tokens in %zu layers of %zu heads are more than a vision "
                 "transformer can have; take a larger patch",
                 s->pixels / s->patch + 1, s->layers, s->heads);
}

static size_t block_count(const hr_vit_shape *s) {
  size_t d = s->width, m = s->hidden;
  return 2 * d + 3 * d * d + 3 * d + d * d + d + 2 * d + m * d + m + d * m + d;
}

/* What an output is made of. */
static size_t head_width(const hr_vit_shape *s) {
  return s->head_hidden > 0 ? s->head_hidden : s->width;
}

/* Of all heads. */
static size_t head_count(const hr_vit_shape *s) {
  return s->outputs * (s->head_hidden * (s->width + 1) + head_width(s) + 1);
}

size_t hr_vit_parameter_count(const hr_vit_shape *s) {
  size_t tokens = s->pixels / s->patch + 1, d = s->width;
  return d * s->patch + d + d + tokens * d + s->layers * block_count(s) + 2 * d +
         head_count(s);
}

/* Operations of a block's products with so many tokens that ask. */
static double block_operations(const hr_vit_shape *s, double asked) {
  double tokens = (double)(s->pixels / s->patch) + 1, d = (double)s->width;
  return 2 * (tokens * 3 * d * d + 2 * asked * tokens * d + asked * d * d +
              2 * asked * d * (double)s->hidden);
}

double hr_vit_operations(const hr_vit_shape *s) {
  double tokens = (double)(s->pixels / s->patch) + 1, d = (double)s->width;
  return 2 * (double)s->pixels * d +
         (double)(s->layers - 1) * block_operations(s, tokens) + block_operations(s, 1) +
         2 * (double)head_count(s);
}

/* Memory that is cut into arrays, or, without any, only counted. */
typedef struct cutter {
  float *memory;
  size_t used;
} cutter;

/* So many values of that many bytes, from a cache line on. */
static void *cut(cutter *c, size_t count, size_t bytes) {
  enum { LINE = 16 };
  size_t floats = (count * bytes + sizeof(float) - 1) / sizeof(float);
  void *at = c->memory ? c->memory + c->used : NULL;
  c->used += (floats + LINE - 1) / LINE * LINE;
  return at;
}

static void cut_kept(const hr_vit *v, cutter *c, size_t queries, hr_vit_kept *k) {
  size_t width = v->shape.width, hidden = v->shape.hidden, factor = v->factor_bytes;
  *k = (hr_vit_kept){.x = cut(c, v->tokens * width, sizeof(float)),
                     .moments1 = cut(c, 2 * v->tokens, sizeof(float)),
                     .normed1 = cut(c, v->tokens * width, factor),
                     .qkv = cut(c, 3 * v->tokens * width, factor),
                     .softmax = cut(c, 2 * v->shape.heads * queries, sizeof(float)),
                     .attended = cut(c, queries * width, factor),
                     .middle = cut(c, queries * width, sizeof(float)),
                     .moments2 = cut(c, 2 * queries, sizeof(float)),
                     .normed2 = cut(c, queries * width, factor),
                     .up = cut(c, queries * hidden, sizeof(float)),
                     .active = cut(c, queries * hidden, factor)};
}

static size_t larger(size_t a, size_t b) {
  return a > b ? a : b;
}

/* `kept` alone has to be there, [layers]. */
static void cut_room(const hr_vit *v, cutter *c, hr_vit_room *room) {
  size_t width = v->shape.width, wide = larger(3 * width, v->shape.hidden) * v->tokens;
  size_t tokens = v->tokens * width, scores = v->tokens * v->stride;
  size_t heads = v->shape.outputs * v->shape.head_hidden;
  bool is_bf16 = v->backend.products->is_bf16;
  for (size_t l = 0; l < v->shape.layers; l++) {
    cut_kept(v, c, l + 1 < v->shape.layers ? v->tokens : 1, &room->kept[l]);
  }
  room->end = cut(c, width, sizeof(float));
  room->end_moments = cut(c, 2, sizeof(float));
  room->last = cut(c, width, sizeof(float));
  room->head = cut(c, heads, sizeof(float));
  room->head_active = cut(c, heads, sizeof(float));
  room->dhead = cut(c, heads, sizeof(float));
  room->dout = cut(c, v->shape.outputs, sizeof(float));
  room->wide = cut(c, wide, sizeof(float));
  room->dx = cut(c, tokens, sizeof(float));
  room->dy = cut(c, tokens, sizeof(float));
  room->scores = cut(c, scores, sizeof(float));
  room->dscores = cut(c, scores, sizeof(float));
  room->bytes = cut(c, larger(tokens, scores) + 16, 1);
  room->wide_factors = is_bf16 ? cut(c, wide, sizeof(uint16_t)) : room->wide;
  room->dy_factors = is_bf16 ? cut(c, tokens, sizeof(uint16_t)) : room->dy;
  room->weights_factors = is_bf16 ? cut(c, scores, sizeof(uint16_t)) : room->scores;
  room->dscores_factors = is_bf16 ? cut(c, scores, sizeof(uint16_t)) : room->dscores;
}

/* Shares of a batch. */
static size_t share_count(size_t rows) {
  return rows < HR_VIT_MOST_SHARES ? rows : HR_VIT_MOST_SHARES;
}

static size_t thread_count(void) {
  size_t threads = hr_thread_count();
  return threads < HR_VIT_MOST_SHARES ? threads : HR_VIT_MOST_SHARES;
}

/* Where the parameters are, and all sizes. */
static void lay_out(hr_vit *v) {
  const hr_vit_shape *s = &v->shape;
  size_t d = s->width, at = d * s->patch;
  v->tokens = s->pixels / s->patch + 1;
  v->stride = (v->tokens + HR_SCORE_LANES - 1) / HR_SCORE_LANES * HR_SCORE_LANES;
  v->head_scale = 1 / sqrtf((float)(d / s->heads));
  v->factor_bytes = v->backend.products->is_bf16 ? sizeof(uint16_t) : sizeof(float);
  v->patch_bias = at;
  v->class_token = at += d;
  v->positions = at += d;
  at += v->tokens * d;
  v->first_block = at;
  v->end_norm = at += s->layers * block_count(s);
  v->head = at += 2 * d;
  v->head_bias = at += s->outputs * s->head_hidden * d;
  v->output = at += s->outputs * s->head_hidden;
  v->head_width = head_width(s);
  v->output_bias = at + s->outputs * v->head_width;
  v->least = (uint8_t)fmin(255, round(256 * s->dropout));
  v->attention_least = (uint8_t)fmin(255, round(256 * s->attention_dropout));
}

hr_vit_place hr_vit_place_of(const hr_vit *v, size_t layer) {
  size_t d = v->shape.width, m = v->shape.hidden;
  hr_vit_place p;
  p.norm1 = v->first_block + layer * block_count(&v->shape);
  p.qkv = p.norm1 + 2 * d;
  p.qkv_bias = p.qkv + 3 * d * d;
  p.project = p.qkv_bias + 3 * d;
  p.project_bias = p.project + d * d;
  p.norm2 = p.project_bias + d;
  p.up = p.norm2 + 2 * d;
  p.up_bias = p.up + m * d;
  p.down = p.up_bias + m;
  p.down_bias = p.down + d * m;
  return p;
}

double hr_vit_bytes(const hr_vit_shape *shape, size_t rows) {
  static const hr_products in_fp32 = {.is_bf16 = false};
  hr_vit v = {.shape = *shape, .backend = {.products = &in_fp32}};
  hr_vit_kept kept;
  cutter c = {.memory = NULL};
  double parameters = (double)hr_vit_parameter_count(shape);
  lay_out(&v);
  v.shape.layers = 1;
  hr_vit_room room = {.kept = &kept};
  cut_room(&v, &c, &room);
  double a_room = (double)c.used;
  c.used = 0;
  cut_kept(&v, &c, v.tokens, &kept);
  a_room += (double)c.used * (double)(shape->layers - 1);
  return sizeof(float) *
         (a_room * (double)thread_count() + parameters * (double)(1 + share_count(rows)));
}

static void destroy_linear(const hr_products *type, hr_vit_linear *linear) {
  type->destroy(&linear->forward);
  type->destroy(&linear->input);
  type->destroy(&linear->weights);
}

static void destroy_block(const hr_products *type, hr_vit_block *block) {
  destroy_linear(type, &block->qkv);
  destroy_linear(type, &block->project);
  destroy_linear(type, &block->up);
  destroy_linear(type, &block->down);
  type->destroy(&block->scores);
  type->destroy(&block->values);
  type->destroy(&block->dweights);
  type->destroy(&block->dvalues);
  type->destroy(&block->dqueries);
  type->destroy(&block->dkeys);
}

static hr_vit *vit_of(hr_net *net) {
  return (hr_vit *)(void *)net;
}

static void destroy(hr_net **net) {
  hr_vit *v = *net ? vit_of(*net) : NULL;
  *net = NULL;
  if (!v) return;
  destroy_block(v->backend.products, &v->full);
  destroy_block(v->backend.products, &v->last);
  for (size_t i = 0; v->rooms && i < v->thread_count; i++) {
    hr_free(v->rooms[i].kept);
    hr_free(v->rooms[i].memory);
  }
  hr_free(v->rooms);
  hr_free(v->shares);
  hr_free(v->rounded);
  hr_free(v->base.parameters);
  hr_free(v->base.gradient);
  hr_free(v->base.statistics);
  hr_free(v);
}

static hr_status make_product(const hr_vit *v, hr_product product, hr_made_product **out,
                              hr_error *err) {
  product.factor = 1;
  return v->backend.products->create(&product, v->backend.compute, out, err);
}

/* Of [count] tokens of `inputs` values into `outputs`. */
typedef struct linear_shape {
  size_t count, inputs, outputs;
} linear_shape;

static hr_status make_linear(const hr_vit *v, linear_shape s, hr_vit_linear *out,
                             hr_error *err) {
  hr_status status = HR_OK;
  const hr_product forward = {.m = s.count,
                              .n = s.outputs,
                              .k = s.inputs,
                              .transpose_b = true,
                              .lda = s.inputs,
                              .ldb = s.inputs,
                              .ldc = s.outputs};
  const hr_product input = {.m = s.count,
                            .n = s.inputs,
                            .k = s.outputs,
                            .lda = s.outputs,
                            .ldb = s.inputs,
                            .ldc = s.inputs};
  const hr_product weights = {.m = s.outputs,
                              .n = s.inputs,
                              .k = s.count,
                              .transpose_a = true,
                              .lda = s.outputs,
                              .ldb = s.inputs,
                              .ldc = s.inputs,
                              .keep = 1};
  HR_TRY(make_product(v, forward, &out->forward, err));
  HR_TRY(make_product(v, input, &out->input, err));
  HR_TRY(make_product(v, weights, &out->weights, err));
cleanup:
  return status;
}

/* The products of a head with so many queries, in the midst of the arrays of all. */
static hr_status make_attention(const hr_vit *v, hr_vit_block *out, hr_error *err) {
  hr_status status = HR_OK;
  size_t q = out->queries, keys = v->tokens, d = v->shape.width, three = 3 * d;
  size_t head = d / v->shape.heads, stride = v->stride;
  hr_product scores = {.m = q, .n = keys, .k = head, .transpose_b = true};
  hr_product sums = {.m = q, .n = head, .k = keys, .lda = stride, .ldb = three};
  hr_product back = {.m = keys, .n = head, .k = q, .transpose_a = true, .lda = stride};
  scores.ldb = three, scores.ldc = stride;
  scores.lda = three;
  HR_TRY(make_product(v, scores, &out->scores, err)); /* q k' */
  scores.lda = d;
  HR_TRY(make_product(v, scores, &out->dweights, err)); /* da v' */
  sums.ldc = d;
  HR_TRY(make_product(v, sums, &out->values, err)); /* p v */
  sums.ldc = three;
  HR_TRY(make_product(v, sums, &out->dqueries, err)); /* ds k */
  back.ldc = three;
  back.ldb = d;
  HR_TRY(make_product(v, back, &out->dvalues, err)); /* p' da */
  back.ldb = three;
  HR_TRY(make_product(v, back, &out->dkeys, err)); /* ds' q */
cleanup:
  return status;
}

static hr_status make_block(const hr_vit *v, size_t queries, hr_vit_block *out,
                            hr_error *err) {
  hr_status status = HR_OK;
  size_t d = v->shape.width, m = v->shape.hidden;
  out->queries = queries;
  HR_TRY(make_linear(v, (linear_shape){v->tokens, d, 3 * d}, &out->qkv, err));
  HR_TRY(make_linear(v, (linear_shape){queries, d, d}, &out->project, err));
  HR_TRY(make_linear(v, (linear_shape){queries, d, m}, &out->up, err));
  HR_TRY(make_linear(v, (linear_shape){queries, m, d}, &out->down, err));
  HR_TRY(make_attention(v, out, err));
cleanup:
  return status;
}

static hr_status make_room(const hr_vit *v, hr_vit_room *room, hr_error *err) {
  hr_status status = HR_OK;
  cutter c = {.memory = NULL};
  HR_TRY(hr_alloc(&room->kept, v->shape.layers, err));
  cut_room(v, &c, room);
  HR_TRY(hr_alloc(&room->memory, c.used, err));
  c = (cutter){room->memory, 0};
  cut_room(v, &c, room);
cleanup:
  return status;
}

static hr_status make(hr_vit *v, hr_error *err) {
  hr_status status = HR_OK;
  size_t count = hr_vit_parameter_count(&v->shape);
  lay_out(v);
  v->base.pixels = v->shape.pixels;
  v->base.outputs = v->shape.outputs;
  v->base.hidden = v->shape.width;
  v->base.parameter_count = count;
  HR_TRY(hr_alloc(&v->base.parameters, count, err));
  HR_TRY(hr_alloc(&v->base.gradient, count, err));
  HR_TRY(hr_alloc(&v->base.statistics, 0, err));
  if (v->backend.products->is_bf16) HR_TRY(hr_alloc(&v->rounded, count, err));
  v->thread_count = thread_count();
  HR_TRY(hr_alloc(&v->rooms, v->thread_count, err));
  for (size_t i = 0; i < v->thread_count; i++) {
    HR_TRY(make_room(v, &v->rooms[i], err));
  }
  if (v->shape.layers > 1) HR_TRY(make_block(v, v->tokens, &v->full, err));
  HR_TRY(make_block(v, 1, &v->last, err));
cleanup:
  return status;
}

/* Uniform values, each keyed by its own place, as those of the CNN. */
static void start_uniform(hr_vit *v, uint64_t seed, size_t first, size_t end,
                          double bound) {
  for (size_t i = first; i < end; i++) {
    double u = hr_uniform(seed, HR_STREAM_WEIGHTS, i, 0);
    v->base.parameters[i] = (float)(bound * (2 * u - 1));
  }
}

/* Normal values, keyed by the place of the first. */
static void start_normal(hr_vit *v, uint64_t seed, size_t first, size_t count,
                         float deviation) {
  float *values = v->base.parameters + first;
  hr_normal(seed, HR_STREAM_WEIGHTS, first, 0, count, values);
  for (size_t i = 0; i < count; i++) values[i] *= deviation;
}

static void start_norm(hr_vit *v, size_t first) {
  for (size_t d = 0; d < v->shape.width; d++) v->base.parameters[first + d] = 1;
}

static void start(hr_net *net, uint64_t seed) {
  static const float deviation = 0.02F;
  hr_vit *v = vit_of(net);
  size_t d = v->shape.width, m = v->shape.hidden;
  memset(net->parameters, 0, net->parameter_count * sizeof *net->parameters);
  start_uniform(v, seed, 0, v->class_token, 1 / sqrt((double)v->shape.patch));
  start_normal(v, seed, v->class_token, d, 1);
  start_normal(v, seed, v->positions, v->tokens * d, 1);
  for (size_t l = 0; l < v->shape.layers; l++) {
    const hr_vit_place place = hr_vit_place_of(v, l);
    start_norm(v, place.norm1);
    start_normal(v, seed, place.qkv, 3 * d * d, deviation);
    start_normal(v, seed, place.project, d * d, deviation);
    start_norm(v, place.norm2);
    start_normal(v, seed, place.up, m * d, deviation);
    start_normal(v, seed, place.down, d * m, deviation);
  }
  start_norm(v, v->end_norm);
  start_normal(v, seed, v->head, v->shape.outputs * v->shape.head_hidden * d, deviation);
  start_normal(v, seed, v->output, v->shape.outputs * v->head_width, deviation);
}

/* Rows of a step or a prediction, for the bodies of the parallel loops. */
typedef struct work {
  hr_vit *v;
  const hr_net_batch *batch;
  float *out;
  size_t shares;
  size_t known; /* targets of the batch */
} work;

static float *share_gradient(const hr_vit *v, size_t share) {
  return share == 0 ? v->base.gradient
                    : v->shares + (share - 1) * v->base.parameter_count;
}

static size_t piece_count(const hr_vit *v) {
  return (v->base.parameter_count + PIECE - 1) / PIECE;
}

static size_t piece_size(const hr_vit *v, size_t i) {
  size_t left = v->base.parameter_count - i * PIECE;
  return left < PIECE ? left : PIECE;
}

static void round_piece(void *context, size_t i, size_t thread) {
  const work *w = context;
  (void)thread;
  hr_put_factors(piece_size(w->v, i), w->v->base.parameters + i * PIECE,
                 (hr_factors){w->v->rounded + i * PIECE, true});
}

/* Before rows go through. */
static void prepare(work *w) {
  w->v->failed = false;
  if (w->v->rounded) hr_parallel_for(piece_count(w->v), round_piece, w);
}

static hr_status conclude(const work *w, hr_error *err) {
  if (!w->v->failed) return HR_OK;
  return hr_fail(err, HR_ERR_INTERNAL, "%s failed in a product",
                 w->v->backend.products->name);
}

/* Steps have 2^40 keys, rows of a step 2^24. */
static uint64_t key_of(const hr_net_batch *batch, size_t row) {
  return batch->step << 24 | row;
}

static void learn_share(void *context, size_t i, size_t thread) {
  const work *w = context;
  const hr_net_batch *batch = w->batch;
  hr_vit *v = w->v;
  size_t outputs = v->shape.outputs, end = batch->rows * (i + 1) / w->shares;
  float scale = 2 / (float)w->known;
  hr_vit_pass pass = {.v = v,
                      .room = &v->rooms[thread],
                      .thread = thread,
                      .training = true,
                      .seed = batch->seed,
                      .gradient = share_gradient(v, i)};
  memset(pass.gradient, 0, v->base.parameter_count * sizeof(float));
  for (size_t row = batch->rows * i / w->shares; row < end; row++) {
    float *out = w->out + row * outputs, *dout = pass.room->dout;
    pass.x = batch->x + row * v->shape.pixels;
    pass.row = key_of(batch, row);
    hr_vit_forward(&pass, out);
    for (size_t t = 0; t < outputs; t++) {
      float target = batch->target[row * outputs + t];
      dout[t] = isnan(target) ? 0 : (out[t] - target) * scale;
    }
    hr_vit_backward(&pass, dout);
  }
}

static void add_shares(void *context, size_t i, size_t thread) {
  const work *w = context;
  float *sum = w->v->base.gradient + i * PIECE;
  size_t count = piece_size(w->v, i);
  (void)thread;
  for (size_t s = 1; s < w->shares; s++) {
    const float *share = share_gradient(w->v, s) + i * PIECE;
    for (size_t k = 0; k < count; k++) sum[k] += share[k];
  }
}

/* Room for the gradients of so many shares. */
static hr_status make_shares(hr_vit *v, size_t count, hr_error *err) {
  if (count <= v->share_count) return HR_OK;
  hr_free(v->shares);
  v->shares = NULL;
  v->share_count = 0;
  hr_status status = hr_alloc(&v->shares, (count - 1) * v->base.parameter_count, err);
  if (status == HR_OK) v->share_count = count;
  return status;
}

static hr_status learn(hr_net *net, const hr_net_batch *batch, float *out,
                       hr_error *err) {
  hr_status status = HR_OK;
  hr_vit *v = vit_of(net);
  work w = {.v = v,
            .batch = batch,
            .out = out,
            .shares = share_count(batch->rows),
            .known = hr_net_known(batch->target, batch->rows * v->shape.outputs)};
  HR_TRY(make_shares(v, w.shares, err));
  prepare(&w);
  hr_parallel_for_on(v->thread_count, w.shares, learn_share, &w);
  hr_parallel_for(piece_count(v), add_shares, &w);
  HR_TRY(conclude(&w, err));
cleanup:
  return status;
}

static hr_vit_pass pass_of(const work *w, size_t i, size_t thread) {
  return (hr_vit_pass){.v = w->v,
                       .room = &w->v->rooms[thread],
                       .thread = thread,
                       .x = w->batch->x + i * w->v->shape.pixels};
}

static void predict_row(void *context, size_t i, size_t thread) {
  const work *w = context;
  const hr_vit_pass pass = pass_of(w, i, thread);
  hr_vit_forward(&pass, w->out + i * w->v->shape.outputs);
}

static void hide_row(void *context, size_t i, size_t thread) {
  const work *w = context;
  const hr_vit_pass pass = pass_of(w, i, thread);
  size_t width = w->v->shape.width;
  hr_vit_forward_trunk(&pass);
  memcpy(w->out + i * width, pass.room->last, width * sizeof *w->out);
}

static hr_status give(work *w, void (*row)(void *, size_t, size_t), hr_error *err) {
  prepare(w);
  hr_parallel_for_on(w->v->thread_count, w->batch->rows, row, w);
  return conclude(w, err);
}

static hr_status predict(hr_net *net, const float *x, size_t rows, float *out,
                         hr_error *err) {
  const hr_net_batch batch = {.x = x, .rows = rows};
  work w = {.v = vit_of(net), .batch = &batch, .out = out};
  return give(&w, predict_row, err);
}

static hr_status hide(hr_net *net, const float *x, size_t rows, float *out,
                      hr_error *err) {
  const hr_net_batch batch = {.x = x, .rows = rows};
  work w = {.v = vit_of(net), .batch = &batch, .out = out};
  return give(&w, hide_row, err);
}

static const hr_net_type vit_type = {.kind = "vit",
                                     .start = start,
                                     .learn = learn,
                                     .predict = predict,
                                     .hide = hide,
                                     .destroy = destroy};

hr_status hr_vit_create(const hr_vit_shape *shape, const hr_vit_backend *backend,
                        hr_net **out, hr_error *err) {
  hr_status status = HR_OK;
  hr_vit *v = NULL;
  hr_net *net = NULL;
  HR_TRY(hr_vit_check(shape, err));
  HR_TRY(hr_alloc(&v, 1, err));
  net = &v->base;
  v->base.type = &vit_type;
  v->shape = *shape;
  v->backend = *backend;
  HR_TRY(make(v, err));
  *out = net;
  net = NULL;
cleanup:
  destroy(&net);
  return status;
}

/* Copies row `number` of those of `count` values from `first` on; what is behind it. */
static float *take_row(const hr_net *from, size_t first, size_t number, size_t count,
                       float *to) {
  memcpy(to, from->parameters + first + number * count, count * sizeof *to);
  return to + count;
}

void hr_vit_take_output(const hr_net *from, size_t output, hr_net *to) {
  const hr_vit *v = (const hr_vit *)(const void *)from;
  size_t hidden = v->shape.head_hidden;
  float *next = take_row(from, 0, 0, v->head, to->parameters);
  next = take_row(from, v->head, output, hidden * v->shape.width, next);
  next = take_row(from, v->head_bias, output, hidden, next);
  next = take_row(from, v->output, output, v->head_width, next);
  take_row(from, v->output_bias, output, 1, next);
}

const hr_vit_shape *hr_vit_shape_of(const hr_net *net) {
  return &((const hr_vit *)(const void *)net)->shape;
}
