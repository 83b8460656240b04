/* The convolution as one would write it on paper; the fast one is tested against it. */
#include "core/alloc.h"
#include "nn/convolver.h"

struct hr_convolution {
  hr_conv_shape shape;
  float *weights; /* [K][C][D] */
  float *bias;    /* [D] */
};

static void reference_destroy(hr_convolution **convolution) {
  if (!*convolution) return;
  hr_free((*convolution)->weights);
  hr_free((*convolution)->bias);
  hr_free(*convolution);
  *convolution = NULL;
}

static hr_status reference_create(const hr_conv_shape *shape, hr_convolution **out,
                                  hr_error *err) {
  hr_status status = HR_OK;
  hr_convolution *c = NULL;
  HR_TRY(hr_alloc(&c, 1, err));
  c->shape = *shape;
  HR_TRY(hr_alloc(&c->weights, shape->kernel * shape->inputs * shape->outputs, err));
  HR_TRY(hr_alloc(&c->bias, shape->outputs, err));
  *out = c;
  c = NULL;
cleanup:
  reference_destroy(&c);
  return status;
}

static size_t weight_count(const hr_conv_shape *s) {
  return s->kernel * s->inputs * s->outputs;
}

static bool reference_load(hr_convolution *c, const float *weights, const float *bias) {
  for (size_t i = 0; i < weight_count(&c->shape); i++) c->weights[i] = weights[i];
  for (size_t d = 0; d < c->shape.outputs; d++) c->bias[d] = bias[d];
  return true;
}

/* The pixel of the input that element k of the kernel meets at pixel p of the output;
 * false where that is outside the row. */
static bool input_pixel(const hr_conv_shape *s, size_t p, size_t k, size_t *q) {
  size_t left = (s->kernel - 1) / 2;
  *q = p + k - left;
  return p + k >= left && *q < s->width;
}

static bool reference_forward(hr_convolution *c, size_t thread, const void *input,
                              void *output) {
  const hr_conv_shape *s = &c->shape;
  const float *x = input;
  float *y = output;
  (void)thread;
  for (size_t p = 0, q = 0; p < s->width; p++) {
    for (size_t d = 0; d < s->outputs; d++) {
      double sum = (double)c->bias[d];
      for (size_t k = 0; k < s->kernel; k++) {
        if (!input_pixel(s, p, k, &q)) continue;
        for (size_t i = 0; i < s->inputs; i++) {
          sum += (double)x[q * s->inputs + i] *
                 (double)c->weights[(k * s->inputs + i) * s->outputs + d];
        }
      }
      y[p * s->outputs + d] = (float)sum;
    }
  }
  return true;
}

static bool reference_backward_input(hr_convolution *c, size_t thread,
                                     const void *gradient, float *dx) {
  const hr_conv_shape *s = &c->shape;
  const float *dy = gradient;
  (void)thread;
  for (size_t i = 0; i < s->width * s->inputs; i++) dx[i] = 0;
  for (size_t p = 0, q = 0; p < s->width; p++) {
    for (size_t k = 0; k < s->kernel; k++) {
      if (!input_pixel(s, p, k, &q)) continue;
      for (size_t i = 0; i < s->inputs; i++) {
        for (size_t d = 0; d < s->outputs; d++) {
          dx[q * s->inputs + i] +=
              dy[p * s->outputs + d] * c->weights[(k * s->inputs + i) * s->outputs + d];
        }
      }
    }
  }
  return true;
}

static bool reference_backward_weights(hr_convolution *c, size_t thread,
                                       const void *input, const void *dout,
                                       float *gradient) {
  const hr_conv_shape *s = &c->shape;
  const float *x = input, *dy = dout;
  float *bias = gradient + weight_count(s);
  (void)thread;
  for (size_t p = 0, q = 0; p < s->width; p++) {
    for (size_t d = 0; d < s->outputs; d++) {
      float dyd = dy[p * s->outputs + d];
      if (!s->is_normalised) bias[d] += dyd;
      for (size_t k = 0; k < s->kernel; k++) {
        if (!input_pixel(s, p, k, &q)) continue;
        for (size_t i = 0; i < s->inputs; i++) {
          gradient[(k * s->inputs + i) * s->outputs + d] += x[q * s->inputs + i] * dyd;
        }
      }
    }
  }
  return true;
}

static size_t reference_gradient_count(const hr_convolution *c) {
  return weight_count(&c->shape) + c->shape.outputs;
}

static bool reference_unload(hr_convolution *c, const float *gradient, float *weights,
                             float *bias) {
  size_t count = weight_count(&c->shape);
  for (size_t i = 0; i < count; i++) weights[i] = gradient[i];
  for (size_t d = 0; d < c->shape.outputs; d++) bias[d] = gradient[count + d];
  return true;
}

const hr_convolver hr_convolver_reference = {
    .name = "reference",
    .create = reference_create,
    .destroy = reference_destroy,
    .load = reference_load,
    .forward = reference_forward,
    .backward_input = reference_backward_input,
    .backward_weights = reference_backward_weights,
    .gradient_count = reference_gradient_count,
    .unload = reference_unload,
};
