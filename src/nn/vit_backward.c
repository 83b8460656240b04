/* One row back through a vision transformer: its gradient, added to a share's. */
#include <string.h>

#include "nn/vit_parts.h"

/* The two products behind a linear layer: dx = dy W, and dW += dy' x. */
static void back_linear(const hr_vit_pass *p, const hr_vit_linear *linear, size_t place,
                        const void *x, const void *dy, float *dx) {
  hr_vit_run(p, linear->weights, dy, x, p->gradient + place);
  hr_vit_run(p, linear->input, dy, hr_vit_weights(p->v, place), dx);
}

/* The second half of a block: dx [Q][D] by its output becomes that by its middle. */
static void back_hidden(const hr_vit_pass *p, size_t layer) {
  const hr_vit *v = p->v;
  hr_vit_room *room = p->room;
  const hr_vit_kept *kept = &room->kept[layer];
  const hr_vit_block *block = hr_vit_block_of(v, layer);
  const hr_vit_place place = hr_vit_place_of(v, layer);
  const float *parameters = v->base.parameters;
  const hr_tokens asked = {block->queries, v->shape.width};
  const hr_tokens hidden = {block->queries, v->shape.hidden};
  hr_factors dy = hr_vit_factors(v, room->dy_factors);
  hr_factors dhidden = hr_vit_factors(v, room->wide_factors);
  hr_mask mask = hr_vit_mask(p, 2 + 2 * layer, block->queries);
  hr_part(&asked, room->dx, &mask, dy, p->gradient + place.down_bias);
  back_linear(p, &block->down, place.down, kept->active, dy.values, room->wide);
  const hr_gelu_back gelu = {kept->up, parameters + place.up_bias, room->wide,
                             p->gradient + place.up_bias};
  hr_gelu_backward(&hidden, &gelu, dhidden);
  back_linear(p, &block->up, place.up, kept->normed2, dhidden.values, room->dy);
  const hr_layer_norm_back norm = {kept->middle, kept->moments2, room->dy, room->dx,
                                   p->gradient + place.norm2};
  hr_layer_norm_backward(&asked, parameters + place.norm2, &norm);
}

/* Back through the heads: da [Q][D], as factors, in room->dy_factors; dqkv [S][3 D] into
 * room->wide. */
static void back_attention(const hr_vit_pass *p, size_t layer) {
  const hr_vit *v = p->v;
  hr_vit_room *room = p->room;
  const hr_vit_kept *kept = &room->kept[layer];
  const hr_vit_block *block = hr_vit_block_of(v, layer);
  const hr_scores shape = {block->queries, v->tokens, v->stride, v->head_scale};
  size_t width = v->shape.width, head_width = width / v->shape.heads;
  hr_factors weights = hr_vit_factors(v, room->weights_factors);
  hr_factors dscores = hr_vit_factors(v, room->dscores_factors);
  for (size_t h = 0; h < v->shape.heads; h++) {
    size_t at = h * head_width;
    const void *q = hr_vit_at(v, kept->qkv, at);
    const void *k = hr_vit_at(v, kept->qkv, width + at);
    const void *value = hr_vit_at(v, kept->qkv, 2 * width + at);
    const void *da = hr_vit_at(v, room->dy_factors, at);
    const hr_softmax_back back = {room->scores, room->dscores,
                                  kept->softmax + h * block->queries * 2};
    hr_vit_run(p, block->scores, q, k, room->scores);
    hr_vit_run(p, block->dweights, da, value, room->dscores);
    hr_mask mask = hr_vit_attention_mask(p, layer, h);
    hr_softmax_backward(&shape, &back, &mask, weights, dscores);
    hr_vit_run(p, block->dqueries, dscores.values, k, room->wide + at);
    hr_vit_run(p, block->dkeys, dscores.values, q, room->wide + width + at);
    hr_vit_run(p, block->dvalues, weights.values, da, room->wide + 2 * width + at);
  }
}

/* Nothing comes back to the queries of tokens that did not ask. */
static void clear_unasked(const hr_vit *v, size_t queries, float *dqkv) {
  size_t width = v->shape.width;
  for (size_t s = queries; s < v->tokens; s++) {
    memset(dqkv + s * 3 * width, 0, width * sizeof *dqkv);
  }
}

/* The first half: dx [Q][D] by its middle becomes dx [S][D] by its input. */
static void back_attended(const hr_vit_pass *p, size_t layer) {
  const hr_vit *v = p->v;
  hr_vit_room *room = p->room;
  const hr_vit_kept *kept = &room->kept[layer];
  const hr_vit_block *block = hr_vit_block_of(v, layer);
  const hr_vit_place place = hr_vit_place_of(v, layer);
  const hr_tokens all = {v->tokens, v->shape.width}, three = {v->tokens, 3 * all.width};
  const hr_tokens asked = {block->queries, all.width};
  hr_factors dy = hr_vit_factors(v, room->dy_factors);
  hr_factors dqkv = hr_vit_factors(v, room->wide_factors);
  const hr_mask all_kept = {.bytes = NULL};
  hr_mask mask = hr_vit_mask(p, 1 + 2 * layer, block->queries);
  hr_part(&asked, room->dx, &mask, dy, p->gradient + place.project_bias);
  back_linear(p, &block->project, place.project, kept->attended, dy.values, room->wide);
  hr_put_factors(block->queries * all.width, room->wide, dy);
  back_attention(p, layer);
  clear_unasked(v, block->queries, room->wide);
  hr_part(&three, room->wide, &all_kept, dqkv, p->gradient + place.qkv_bias);
  back_linear(p, &block->qkv, place.qkv, kept->normed1, dqkv.values, room->dy);
  memset(room->dx + block->queries * all.width, 0,
         (v->tokens - block->queries) * all.width * sizeof *room->dx);
  const hr_layer_norm_back norm = {kept->x, kept->moments1, room->dy, room->dx,
                                   p->gradient + place.norm1};
  hr_layer_norm_backward(&all, v->base.parameters + place.norm1, &norm);
}

static void back_embedding(const hr_vit_pass *p) {
  const hr_vit *v = p->v;
  float *dx = p->room->dx, *gradient = p->gradient;
  size_t width = v->shape.width, patch = v->shape.patch;
  const hr_tokens all = {v->tokens, width}, patches = {v->tokens - 1, width};
  const hr_tokens one = {1, v->tokens * width};
  const hr_mask all_kept = {.bytes = NULL};
  hr_mask mask = hr_vit_mask(p, 0, v->tokens);
  memset(p->room->wide, 0, width * sizeof *dx);
  if (mask.bytes) hr_part(&all, dx, &mask, (hr_factors){dx, false}, p->room->wide);
  hr_part(&one, dx, &all_kept, (hr_factors){dx, false}, gradient + v->positions);
  const hr_tokens first = {1, width};
  hr_part(&first, dx, &all_kept, (hr_factors){dx, false}, gradient + v->class_token);
  dx += width;
  hr_part(&patches, dx, &all_kept, (hr_factors){dx, false}, gradient + v->patch_bias);
  const hr_product product = {.m = width,
                              .n = patch,
                              .k = v->tokens - 1,
                              .transpose_a = true,
                              .lda = width,
                              .ldb = patch,
                              .ldc = patch,
                              .factor = 1,
                              .keep = 1};
  v->backend.compute->gemm_f32(&product, dx, p->x, gradient);
}

/* Back through y = W x of a few outputs, W [count][width] at `place`: adds to its
 * gradient, and to dx. */
static void back_few(const hr_vit_pass *p, size_t place, const hr_tokens *shape,
                     const float *x, const float *dy, float *dx) {
  const float *weights = p->v->base.parameters + place;
  float *dweights = p->gradient + place;
  for (size_t i = 0; i < shape->count; i++) {
    for (size_t d = 0; d < shape->width; d++) {
      dweights[i * shape->width + d] += dy[i] * x[d];
      dx[d] += dy[i] * weights[i * shape->width + d];
    }
  }
}

/* Heads with a hidden layer; adds to room->dy [D]. */
static void back_heads(const hr_vit_pass *p, const float *dout) {
  const hr_vit *v = p->v;
  hr_vit_room *room = p->room;
  size_t hidden = v->shape.head_hidden, all = v->shape.outputs * hidden;
  const hr_tokens one = {1, all}, output = {1, hidden}, layer = {all, v->shape.width};
  memset(room->dhead, 0, all * sizeof *room->dhead);
  for (size_t t = 0; t < v->shape.outputs; t++) {
    size_t at = t * hidden;
    back_few(p, v->output + at, &output, room->head_active + at, &dout[t],
             room->dhead + at);
  }
  const hr_gelu_back gelu = {room->head, v->base.parameters + v->head_bias, room->dhead,
                             p->gradient + v->head_bias};
  hr_gelu_backward(&one, &gelu, (hr_factors){room->dhead, false});
  back_few(p, v->head, &layer, room->last, room->dhead, room->dy);
}

/* The output and the norm before it; room->dx [D] by what goes into that. */
static void back_output(const hr_vit_pass *p, const float *dout) {
  const hr_vit *v = p->v;
  hr_vit_room *room = p->room;
  const float *parameters = v->base.parameters;
  size_t width = v->shape.width;
  const hr_tokens one = {1, width};
  memset(room->dx, 0, width * sizeof *room->dx);
  memset(room->dy, 0, width * sizeof *room->dy);
  for (size_t t = 0; t < v->shape.outputs; t++) {
    p->gradient[v->output_bias + t] += dout[t];
  }
  if (v->shape.head_hidden > 0) {
    back_heads(p, dout);
  } else {
    const hr_tokens outputs = {v->shape.outputs, width};
    back_few(p, v->output, &outputs, room->last, dout, room->dy);
  }
  const hr_layer_norm_back norm = {room->end, room->end_moments, room->dy, room->dx,
                                   p->gradient + v->end_norm};
  hr_layer_norm_backward(&one, parameters + v->end_norm, &norm);
}

void hr_vit_backward(const hr_vit_pass *p, const float *dout) {
  back_output(p, dout);
  for (size_t l = p->v->shape.layers; l-- > 0;) {
    back_hidden(p, l);
    back_attended(p, l);
  }
  back_embedding(p);
}
