/* The layers of a vision transformer between its products, each a loop for the vector
 * unit: compiled for several, with the same bytes from each (core/vector.h). Those,
 * any_*, have to be static, as the choice among them would leave the library. */
#include "nn/vit_layers.h"

#include <math.h>

#include "core/vector.h"
#include "nn/bf16.h"
#include "nn/smooth.h"

static const float norm_epsilon = 1e-12F; /* that of the published network */

enum { LANES = HR_SCORE_LANES };

/* Every part of a sum, then their sum, always in the same order. */
HR_PART_OF_CLONES float sum_of(const float parts[LANES]) {
  float sum = 0;
  for (size_t l = 0; l < LANES; l++) sum += parts[l];
  return sum;
}

HR_PART_OF_CLONES float sum_values(size_t count, const float *x) {
  float parts[LANES] = {0};
  size_t whole = count / LANES * LANES;
  for (size_t i = 0; i < whole; i += LANES) {
    for (size_t l = 0; l < LANES; l++) parts[l] += x[i + l];
  }
  for (size_t i = whole; i < count; i++) parts[i - whole] += x[i];
  return sum_of(parts);
}

HR_PART_OF_CLONES float sum_squares(size_t count, const float *x, float mean) {
  float parts[LANES] = {0};
  size_t whole = count / LANES * LANES;
  for (size_t i = 0; i < whole; i += LANES) {
    for (size_t l = 0; l < LANES; l++) {
      parts[l] += (x[i + l] - mean) * (x[i + l] - mean);
    }
  }
  for (size_t i = whole; i < count; i++)
    parts[i - whole] += (x[i] - mean) * (x[i] - mean);
  return sum_of(parts);
}

/* Value i of the factors from there on. */
HR_PART_OF_CLONES void put(void *out, size_t i, float value, bool is_bf16) {
  if (is_bf16) {
    ((uint16_t *)out)[i] = hr_bf16_of(value);
  } else {
    ((float *)out)[i] = value;
  }
}

HR_PART_OF_CLONES void norm_forward(const hr_tokens *tokens, const float *norm,
                                    const float *x, float *moments, void *y,
                                    bool is_bf16) {
  size_t width = tokens->width;
  const float *gamma = norm, *beta = norm + width;
  for (size_t t = 0; t < tokens->count; t++, x += width) {
    float mean = sum_values(width, x) / (float)width;
    float variance = sum_squares(width, x, mean) / (float)width;
    float inverse = 1 / sqrtf(variance + norm_epsilon);
    moments[2 * t] = mean;
    moments[2 * t + 1] = inverse;
#pragma omp simd
    for (size_t d = 0; d < width; d++) {
      put(y, t * width + d, (x[d] - mean) * inverse * gamma[d] + beta[d], is_bf16);
    }
  }
}

HR_SHORT_CLONES
static void any_layer_norm_forward(const hr_tokens *tokens, const float *norm,
                                   const float *x, float *moments, hr_factors y) {
  if (y.is_bf16) {
    norm_forward(tokens, norm, x, moments, y.values, true);
  } else {
    norm_forward(tokens, norm, x, moments, y.values, false);
  }
}

void hr_layer_norm_forward(const hr_tokens *tokens, const float *norm, const float *x,
                           float *moments, hr_factors y) {
  any_layer_norm_forward(tokens, norm, x, moments, y);
}

/* With xhat the normalised values and g = gamma dy, dx = inverse (g - mean of g - xhat
 * times the mean of g xhat). */
HR_SHORT_CLONES
static void any_layer_norm_backward(const hr_tokens *tokens, const float *norm,
                                    const hr_layer_norm_back *back) {
  size_t width = tokens->width, whole = width / LANES * LANES;
  float *dgamma = back->gradient, *dbeta = back->gradient + width;
  for (size_t t = 0; t < tokens->count; t++) {
    const float *x = back->x + t * width, *dy = back->dy + t * width;
    float *dx = back->dx + t * width;
    float mean = back->moments[2 * t], inverse = back->moments[2 * t + 1];
    float parts[LANES] = {0}, products[LANES] = {0};
    for (size_t i = 0; i < width; i += LANES) {
      size_t end = i < whole ? LANES : width - whole;
      for (size_t l = 0; l < end; l++) {
        float g = norm[i + l] * dy[i + l];
        parts[l] += g;
        products[l] += g * ((x[i + l] - mean) * inverse);
      }
    }
    float mean_g = sum_of(parts) / (float)width;
    float mean_product = sum_of(products) / (float)width;
#pragma omp simd
    for (size_t d = 0; d < width; d++) {
      float xhat = (x[d] - mean) * inverse;
      dgamma[d] += dy[d] * xhat;
      dbeta[d] += dy[d];
      dx[d] += inverse * (norm[d] * dy[d] - mean_g - xhat * mean_product);
    }
  }
}

void hr_layer_norm_backward(const hr_tokens *tokens, const float *norm,
                            const hr_layer_norm_back *back) {
  any_layer_norm_backward(tokens, norm, back);
}

HR_PART_OF_CLONES void add_bias(const hr_tokens *tokens, const float *y,
                                const float *bias, void *out, bool is_bf16) {
  for (size_t t = 0; t < tokens->count; t++) {
    size_t at = t * tokens->width;
#pragma omp simd
    for (size_t d = 0; d < tokens->width; d++) {
      put(out, at + d, y[at + d] + bias[d], is_bf16);
    }
  }
}

HR_SHORT_CLONES
static void any_add_bias(const hr_tokens *tokens, const float *y, const float *bias,
                         hr_factors out) {
  if (out.is_bf16) {
    add_bias(tokens, y, bias, out.values, true);
  } else {
    add_bias(tokens, y, bias, out.values, false);
  }
}

void hr_add_bias(const hr_tokens *tokens, const float *y, const float *bias,
                 hr_factors out) {
  any_add_bias(tokens, y, bias, out);
}

/* What dropout multiplies value i by. */
HR_PART_OF_CLONES float kept(const hr_mask *mask, size_t i) {
  return mask->bytes[i] < mask->least ? 0 : mask->scale;
}

HR_SHORT_CLONES
static void any_join(const hr_tokens *tokens, const float *x, const float *y,
                     const float *bias, const hr_mask *mask, float *out) {
  const hr_mask m = *mask;
  for (size_t t = 0; t < tokens->count; t++) {
    size_t at = t * tokens->width;
    if (m.bytes) {
#pragma omp simd
      for (size_t d = 0; d < tokens->width; d++) {
        out[at + d] = x[at + d] + (y[at + d] + bias[d]) * kept(&m, at + d);
      }
    } else {
#pragma omp simd
      for (size_t d = 0; d < tokens->width; d++) {
        out[at + d] = x[at + d] + (y[at + d] + bias[d]);
      }
    }
  }
}

void hr_join(const hr_tokens *tokens, const float *x, const float *y, const float *bias,
             const hr_mask *mask, float *out) {
  any_join(tokens, x, y, bias, mask, out);
}

HR_PART_OF_CLONES void part(const hr_tokens *tokens, const float *dout, hr_mask mask,
                            hr_factors dy, float *dbias) {
  for (size_t t = 0; t < tokens->count; t++) {
    size_t at = t * tokens->width;
    if (mask.bytes) {
#pragma omp simd
      for (size_t d = 0; d < tokens->width; d++) {
        float value = dout[at + d] * kept(&mask, at + d);
        dbias[d] += value;
        put(dy.values, at + d, value, dy.is_bf16);
      }
    } else {
#pragma omp simd
      for (size_t d = 0; d < tokens->width; d++) {
        dbias[d] += dout[at + d];
        put(dy.values, at + d, dout[at + d], dy.is_bf16);
      }
    }
  }
}

HR_SHORT_CLONES
static void any_part(const hr_tokens *tokens, const float *dout, const hr_mask *mask,
                     hr_factors dy, float *dbias) {
  if (dy.is_bf16) {
    part(tokens, dout, *mask, (hr_factors){dy.values, true}, dbias);
  } else {
    part(tokens, dout, *mask, (hr_factors){dy.values, false}, dbias);
  }
}

void hr_part(const hr_tokens *tokens, const float *dout, const hr_mask *mask,
             hr_factors dy, float *dbias) {
  any_part(tokens, dout, mask, dy, dbias);
}

HR_PART_OF_CLONES void gelu_forward(const hr_tokens *tokens, const float *y,
                                    const float *bias, void *out, bool is_bf16) {
  for (size_t t = 0; t < tokens->count; t++) {
    size_t at = t * tokens->width;
#pragma omp simd
    for (size_t d = 0; d < tokens->width; d++) {
      float z = y[at + d] + bias[d], density;
      put(out, at + d, z * hr_normal_below_f32(z, &density), is_bf16);
    }
  }
}

HR_SHORT_CLONES
static void any_gelu_forward(const hr_tokens *tokens, const float *y, const float *bias,
                             hr_factors out) {
  if (out.is_bf16) {
    gelu_forward(tokens, y, bias, out.values, true);
  } else {
    gelu_forward(tokens, y, bias, out.values, false);
  }
}

void hr_gelu_forward(const hr_tokens *tokens, const float *y, const float *bias,
                     hr_factors out) {
  any_gelu_forward(tokens, y, bias, out);
}

/* Computed in fp32 and then rounded: with both in one loop, vectors are half as wide. */
HR_PART_OF_CLONES void gelu_backward(const hr_tokens *tokens, const hr_gelu_back *back,
                                     void *dy, bool is_bf16) {
  const float *bias = back->bias;
  float *dbias = back->dbias;
  for (size_t t = 0; t < tokens->count; t++) {
    size_t at = t * tokens->width;
    const float *y = back->y + at;
    float *dout = back->dout + at;
#pragma omp simd
    for (size_t d = 0; d < tokens->width; d++) {
      float z = y[d] + bias[d], density, below = hr_normal_below_f32(z, &density);
      float value = (below + z * density) * dout[d];
      dbias[d] += value;
      dout[d] = value;
    }
    if (!is_bf16 && dy == back->dout) continue;
#pragma omp simd
    for (size_t d = 0; d < tokens->width; d++) put(dy, at + d, dout[d], is_bf16);
  }
}

HR_SHORT_CLONES
static void any_gelu_backward(const hr_tokens *tokens, const hr_gelu_back *back,
                              hr_factors dy) {
  if (dy.is_bf16) {
    gelu_backward(tokens, back, dy.values, true);
  } else {
    gelu_backward(tokens, back, dy.values, false);
  }
}

void hr_gelu_backward(const hr_tokens *tokens, const hr_gelu_back *back, hr_factors dy) {
  any_gelu_backward(tokens, back, dy);
}

HR_PART_OF_CLONES float largest(size_t count, const float *x) {
  float parts[LANES];
  for (size_t l = 0; l < LANES; l++) parts[l] = x[l];
  for (size_t i = LANES; i < count; i += LANES) {
#pragma omp simd
    for (size_t l = 0; l < LANES; l++) {
      float value = x[i + l], most = parts[l];
      parts[l] = value > most ? value : most;
    }
  }
  float most = parts[0];
  for (size_t l = 1; l < LANES; l++) most = parts[l] > most ? parts[l] : most;
  return most;
}

/* Scores that no key has: their exponential is 0 beside any sum. */
HR_PART_OF_CLONES void fill_up(const hr_scores *shape, float *row, float value) {
  for (size_t j = shape->keys; j < shape->stride; j++) row[j] = value;
}

/* Turns scores into exponentials; their sum. */
HR_PART_OF_CLONES float exponentiate(size_t count, float *row, float scale, float most) {
  float parts[LANES] = {0};
  for (size_t j = 0; j < count; j += LANES) {
#pragma omp simd
    for (size_t l = 0; l < LANES; l++) {
      float e = hr_exp_f32(scale * row[j + l] - most);
      row[j + l] = e;
      parts[l] += e;
    }
  }
  return sum_of(parts);
}

/* weights = row times factor, dropped out. */
HR_PART_OF_CLONES void weigh(size_t count, const float *row, float factor,
                             const hr_mask *mask, size_t at, hr_factors weights) {
  if (mask->bytes) {
    const uint8_t *bytes = mask->bytes + at;
    float scaled = factor * mask->scale;
#pragma omp simd
    for (size_t j = 0; j < count; j++) {
      float f = bytes[j] < mask->least ? 0 : scaled;
      put(weights.values, at + j, row[j] * f, weights.is_bf16);
    }
  } else {
#pragma omp simd
    for (size_t j = 0; j < count; j++) {
      put(weights.values, at + j, row[j] * factor, weights.is_bf16);
    }
  }
}

HR_PART_OF_CLONES void softmax_forward(hr_scores shape, float *scores, hr_mask mask,
                                       float *kept_values, hr_factors weights) {
  for (size_t q = 0; q < shape.queries; q++) {
    float *row = scores + q * shape.stride;
    fill_up(&shape, row, row[0]);
    float most = shape.scale * largest(shape.stride, row);
    fill_up(&shape, row, -1e30F);
    float inverse = 1 / exponentiate(shape.stride, row, shape.scale, most);
    kept_values[2 * q] = most;
    kept_values[2 * q + 1] = inverse;
    weigh(shape.stride, row, inverse, &mask, q * shape.stride, weights);
  }
}

HR_SHORT_CLONES
static void any_softmax_forward(const hr_scores *shape, float *scores,
                                const hr_mask *mask, float *kept_values,
                                hr_factors weights) {
  if (weights.is_bf16) {
    softmax_forward(*shape, scores, *mask, kept_values,
                    (hr_factors){weights.values, true});
  } else {
    softmax_forward(*shape, scores, *mask, kept_values,
                    (hr_factors){weights.values, false});
  }
}

void hr_softmax_forward(const hr_scores *shape, float *scores, const hr_mask *mask,
                        float *kept_values, hr_factors weights) {
  any_softmax_forward(shape, scores, mask, kept_values, weights);
}

/* row becomes the softmax, d the derivatives by it (times what dropout multiplied by,
 * where there is some); their sum of products. */
HR_PART_OF_CLONES float remake(const hr_scores *shape, const float *kept_values,
                               hr_mask mask, float *row, float *d) {
  float parts[LANES] = {0}, scale = shape->scale, most = kept_values[0];
  float inverse = kept_values[1];
  if (mask.bytes) {
#pragma omp simd
    for (size_t j = 0; j < shape->stride; j++) d[j] *= kept(&mask, j);
  }
  for (size_t j = 0; j < shape->stride; j += LANES) {
#pragma omp simd
    for (size_t l = 0; l < LANES; l++) {
      float p = hr_exp_f32(scale * row[j + l] - most) * inverse;
      row[j + l] = p;
      parts[l] += p * d[j + l];
    }
  }
  return sum_of(parts);
}

/* The Jacobian of a softmax p is diag(p) - p p'. */
HR_PART_OF_CLONES void softmax_backward(hr_scores shape, const hr_softmax_back *back,
                                        hr_mask mask, hr_factors weights,
                                        hr_factors dscores) {
  for (size_t q = 0; q < shape.queries; q++) {
    size_t at = q * shape.stride;
    float *row = back->scores + at, *d = back->dweights + at;
    fill_up(&shape, row, -1e30F);
    fill_up(&shape, d, 0);
    const hr_mask own = {mask.bytes ? mask.bytes + at : NULL, mask.least, mask.scale};
    float sum = remake(&shape, back->kept + 2 * q, own, row, d);
#pragma omp simd
    for (size_t j = 0; j < shape.stride; j++) {
      put(dscores.values, at + j, row[j] * (d[j] - sum) * shape.scale, dscores.is_bf16);
    }
    weigh(shape.stride, row, 1, &mask, at, weights);
  }
}

HR_SHORT_CLONES
static void any_softmax_backward(const hr_scores *shape, const hr_softmax_back *back,
                                 const hr_mask *mask, hr_factors weights,
                                 hr_factors dscores) {
  if (weights.is_bf16) {
    softmax_backward(*shape, back, *mask, (hr_factors){weights.values, true},
                     (hr_factors){dscores.values, true});
  } else {
    softmax_backward(*shape, back, *mask, (hr_factors){weights.values, false},
                     (hr_factors){dscores.values, false});
  }
}

void hr_softmax_backward(const hr_scores *shape, const hr_softmax_back *back,
                         const hr_mask *mask, hr_factors weights, hr_factors dscores) {
  any_softmax_backward(shape, back, mask, weights, dscores);
}

HR_SHORT_CLONES
static void any_put_factors(size_t count, const float *values, hr_factors out) {
  if (out.is_bf16) {
#pragma omp simd
    for (size_t i = 0; i < count; i++) put(out.values, i, values[i], true);
  } else {
#pragma omp simd
    for (size_t i = 0; i < count; i++) put(out.values, i, values[i], false);
  }
}

void hr_put_factors(size_t count, const float *values, hr_factors out) {
  any_put_factors(count, values, out);
}
