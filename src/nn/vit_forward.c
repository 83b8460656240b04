/* One row through a vision transformer, on one thread. */
#include <string.h>

#include "core/random.h"
#include "nn/vit_parts.h"

void hr_vit_run(const hr_vit_pass *p, hr_made_product *product, const void *a,
                const void *b, float *c) {
  if (!p->v->backend.products->run(product, p->thread, a, b, c)) p->v->failed = true;
}

/* Blocks of sixteen random bytes. */
static size_t blocks_for(size_t count) {
  return (count + 15) / 16;
}

static hr_mask make_mask(const hr_vit_pass *p, uint8_t least, size_t first,
                         size_t count) {
  if (!p->training || least == 0) return (hr_mask){.bytes = NULL};
  hr_uniform_bytes(p->seed, HR_STREAM_DROPOUT, p->row, (uint32_t)first, blocks_for(count),
                   p->room->bytes);
  return (hr_mask){p->room->bytes, least, 256 / (float)(256 - least)};
}

hr_mask hr_vit_mask(const hr_vit_pass *p, size_t place, size_t tokens) {
  const hr_vit *v = p->v;
  size_t width = v->shape.width;
  return make_mask(p, v->least, place * blocks_for(v->tokens * width), tokens * width);
}

hr_mask hr_vit_attention_mask(const hr_vit_pass *p, size_t layer, size_t head) {
  const hr_vit *v = p->v;
  size_t places = 1 + 2 * v->shape.layers;
  size_t first = places * blocks_for(v->tokens * v->shape.width) +
                 (layer * v->shape.heads + head) * blocks_for(v->tokens * v->stride);
  return make_mask(p, v->attention_least, first,
                   hr_vit_block_of(v, layer)->queries * v->stride);
}

hr_product hr_vit_patches(const hr_vit *v) {
  const hr_vit_shape *s = &v->shape;
  return (hr_product){.m = v->tokens - 1,
                      .n = s->width,
                      .k = s->patch,
                      .transpose_b = true,
                      .lda = s->patch,
                      .ldb = s->patch,
                      .ldc = s->width,
                      .factor = 1};
}

/* The tokens as they go into the first block. */
static void embed(const hr_vit_pass *p, float *x) {
  const hr_vit *v = p->v;
  const float *parameters = v->base.parameters;
  size_t width = v->shape.width;
  const hr_tokens patches = {v->tokens - 1, width};
  const hr_product product = hr_vit_patches(v);
  memcpy(x, parameters + v->class_token, width * sizeof *x);
  v->backend.compute->gemm_f32(&product, p->x, parameters, x + width);
  hr_add_bias(&patches, x + width, parameters + v->patch_bias,
              (hr_factors){x + width, false});
  const hr_tokens one = {1, v->tokens * width}; /* each with a position of its own */
  hr_add_bias(&one, x, parameters + v->positions, (hr_factors){x, false});
  hr_mask mask = hr_vit_mask(p, 0, v->tokens);
  if (mask.bytes) {
    memset(p->room->wide, 0, width * sizeof *x); /* no bias */
    const hr_tokens all = {v->tokens, width};
    hr_part(&all, x, &mask, (hr_factors){x, false}, p->room->wide);
  }
}

static hr_scores scores_of(const hr_vit *v, size_t queries) {
  return (hr_scores){queries, v->tokens, v->stride, v->head_scale};
}

/* Every head by itself: [queries][keys] of one head is the most there is at a time. */
static void attend(const hr_vit_pass *p, size_t layer) {
  const hr_vit *v = p->v;
  hr_vit_room *room = p->room;
  const hr_vit_kept *kept = &room->kept[layer];
  const hr_vit_block *block = hr_vit_block_of(v, layer);
  const hr_scores shape = scores_of(v, block->queries);
  size_t width = v->shape.width, head_width = width / v->shape.heads;
  hr_factors weights = hr_vit_factors(v, room->weights_factors);
  float *attended = v->rounded ? room->wide : kept->attended;
  for (size_t h = 0; h < v->shape.heads; h++) {
    size_t at = h * head_width;
    const void *q = hr_vit_at(v, kept->qkv, at);
    const void *k = hr_vit_at(v, kept->qkv, width + at);
    const void *value = hr_vit_at(v, kept->qkv, 2 * width + at);
    hr_vit_run(p, block->scores, q, k, room->scores);
    hr_mask mask = hr_vit_attention_mask(p, layer, h);
    hr_softmax_forward(&shape, room->scores, &mask,
                       kept->softmax + h * block->queries * 2, weights);
    hr_vit_run(p, block->values, weights.values, value, attended + at);
  }
  if (v->rounded) {
    hr_put_factors(block->queries * width, attended, hr_vit_factors(v, kept->attended));
  }
}

/* Through one block; out [Q][D]. */
static void forward_block(const hr_vit_pass *p, size_t layer, float *out) {
  const hr_vit *v = p->v;
  const hr_vit_kept *kept = &p->room->kept[layer];
  const hr_vit_block *block = hr_vit_block_of(v, layer);
  const hr_vit_place place = hr_vit_place_of(v, layer);
  const float *parameters = v->base.parameters;
  const hr_tokens all = {v->tokens, v->shape.width}, three = {v->tokens, 3 * all.width};
  const hr_tokens asked = {block->queries, all.width};
  const hr_tokens hidden = {block->queries, v->shape.hidden};
  float *wide = p->room->wide, *qkv = v->rounded ? wide : kept->qkv;
  hr_layer_norm_forward(&all, parameters + place.norm1, kept->x, kept->moments1,
                        hr_vit_factors(v, kept->normed1));
  hr_vit_run(p, block->qkv.forward, kept->normed1, hr_vit_weights(v, place.qkv), qkv);
  hr_add_bias(&three, qkv, parameters + place.qkv_bias, hr_vit_factors(v, kept->qkv));
  attend(p, layer);
  hr_vit_run(p, block->project.forward, kept->attended, hr_vit_weights(v, place.project),
             wide);
  hr_mask mask = hr_vit_mask(p, 1 + 2 * layer, block->queries);
  hr_join(&asked, kept->x, wide, parameters + place.project_bias, &mask, kept->middle);
  hr_layer_norm_forward(&asked, parameters + place.norm2, kept->middle, kept->moments2,
                        hr_vit_factors(v, kept->normed2));
  hr_vit_run(p, block->up.forward, kept->normed2, hr_vit_weights(v, place.up), kept->up);
  hr_gelu_forward(&hidden, kept->up, parameters + place.up_bias,
                  hr_vit_factors(v, kept->active));
  hr_vit_run(p, block->down.forward, kept->active, hr_vit_weights(v, place.down), wide);
  mask = hr_vit_mask(p, 2 + 2 * layer, block->queries);
  hr_join(&asked, kept->middle, wide, parameters + place.down_bias, &mask, out);
}

/* y [count] = bias + W x: W [count][width]; without a bias, NULL, it is 0. */
static void multiply_few(size_t count, size_t width, const float *weights,
                         const float *bias, const float *x, float *y) {
  for (size_t i = 0; i < count; i++) {
    const float *row = weights + i * width;
    double sum = bias ? (double)bias[i] : 0;
    for (size_t d = 0; d < width; d++) sum += (double)x[d] * (double)row[d];
    y[i] = (float)sum;
  }
}

/* Outputs with a hidden layer of their own. */
static void forward_heads(const hr_vit_pass *p, float *out) {
  const hr_vit *v = p->v;
  hr_vit_room *room = p->room;
  const float *parameters = v->base.parameters;
  size_t hidden = v->shape.head_hidden, all = v->shape.outputs * hidden;
  const hr_tokens one = {1, all};
  multiply_few(all, v->shape.width, parameters + v->head, NULL, room->last, room->head);
  hr_gelu_forward(&one, room->head, parameters + v->head_bias,
                  (hr_factors){room->head_active, false});
  for (size_t t = 0; t < v->shape.outputs; t++) {
    multiply_few(1, hidden, parameters + v->output + t * hidden,
                 parameters + v->output_bias + t, room->head_active + t * hidden,
                 &out[t]);
  }
}

void hr_vit_forward_trunk(const hr_vit_pass *p) {
  const hr_vit *v = p->v;
  hr_vit_room *room = p->room;
  size_t width = v->shape.width, layers = v->shape.layers;
  const hr_tokens one = {1, width};
  embed(p, room->kept[0].x);
  for (size_t l = 0; l < layers; l++) {
    forward_block(p, l, l + 1 < layers ? room->kept[l + 1].x : room->end);
  }
  hr_layer_norm_forward(&one, v->base.parameters + v->end_norm, room->end,
                        room->end_moments, (hr_factors){room->last, false});
}

void hr_vit_forward(const hr_vit_pass *p, float *out) {
  const hr_vit *v = p->v;
  const float *parameters = v->base.parameters;
  hr_vit_forward_trunk(p);
  if (v->shape.head_hidden > 0) {
    forward_heads(p, out);
  } else {
    multiply_few(v->shape.outputs, v->shape.width, parameters + v->output,
                 parameters + v->output_bias, p->room->last, out);
  }
}
