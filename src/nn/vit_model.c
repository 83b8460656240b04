/* A trained vision transformer on disk and at work: saved, loaded, and predicting from
 * noisy flux. */
#include "nn/vit_model.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>

#include "core/alloc.h"
#include "core/text.h"
#include "core/vector.h"
#include "nn/array_file.h"

static const char kind[] = "hrvit/1\n";

hr_status hr_vit_model_init(hr_vit_model *model, const hr_vit_shape *shape,
                            size_t batch_rows, const hr_vit_backend *backend,
                            hr_error *err) {
  hr_status status = HR_OK;
  *model = (hr_vit_model){.backend = *backend, .batch_rows = batch_rows};
  HR_TRY(hr_vit_create(shape, backend, &model->net, err));
  HR_TRY(hr_alloc(&model->mean, shape->pixels, err));
  HR_TRY(hr_alloc(&model->factor, shape->pixels, err));
  HR_TRY(hr_alloc(&model->x, batch_rows * shape->pixels, err));
cleanup:
  if (status != HR_OK) hr_vit_model_fini(model);
  return status;
}

void hr_vit_model_fini(hr_vit_model *model) {
  if (model->net) model->net->type->destroy(&model->net);
  hr_free(model->mean);
  hr_free(model->factor);
  hr_free(model->x);
  *model = (hr_vit_model){.net = NULL};
}

hr_status hr_vit_model_take_output(const hr_vit_model *from, size_t output,
                                   size_t batch_rows, hr_vit_model *out, hr_error *err) {
  hr_vit_shape shape = *hr_vit_shape_of(from->net);
  shape.outputs = 1;
  hr_status status = hr_vit_model_init(out, &shape, batch_rows, &from->backend, err);
  if (status != HR_OK) return status;
  memcpy(out->mean, from->mean, shape.pixels * sizeof *out->mean);
  memcpy(out->factor, from->factor, shape.pixels * sizeof *out->factor);
  out->target_mean = from->target_mean;
  out->target_deviation = from->target_deviation;
  hr_vit_take_output(from->net, output, out->net);
  return HR_OK;
}

HR_VECTOR_CLONES
static void scale(size_t pixels, const float *mean, const float *factor,
                  const float *noisy, float *x) {
  for (size_t p = 0; p < pixels; p++) x[p] = (noisy[p] - mean[p]) * factor[p];
}

void hr_vit_model_scale(const hr_vit_model *model, const float *noisy, float *x) {
  scale(model->net->pixels, model->mean, model->factor, noisy, x);
}

hr_status hr_vit_model_predict(hr_vit_model *model, const float *noisy,
                               const uint32_t *row, size_t count, float *out,
                               hr_error *err) {
  hr_status status = HR_OK;
  size_t pixels = model->net->pixels;
  for (size_t first = 0; first < count; first += model->batch_rows) {
    size_t left = count - first;
    size_t rows = left < model->batch_rows ? left : model->batch_rows;
    for (size_t i = 0; i < rows; i++) {
      size_t at = row ? row[first + i] : first + i;
      hr_vit_model_scale(model, noisy + at * pixels, model->x + i * pixels);
    }
    HR_TRY(model->net->type->predict(model->net, model->x, rows, out + first, err));
    for (size_t i = first; i < first + rows; i++) {
      out[i] = (float)(model->target_mean + model->target_deviation * (double)out[i]);
    }
  }
cleanup:
  return status;
}

/* The words of the file. */
enum {
  PIXELS,
  PATCH,
  WIDTH,
  LAYERS,
  HEADS,
  HIDDEN,
  FLAGS,
  TARGET_MEAN,
  TARGET_DEVIATION,
  WORDS,
  PARTS = 3
};

/* Of the word FLAGS. */
enum { BF16 = 1 };

static void list_parts(const hr_vit_model *model, hr_float_part parts[PARTS]) {
  parts[0] = (hr_float_part){model->mean, model->net->pixels};
  parts[1] = (hr_float_part){model->factor, model->net->pixels};
  parts[2] = (hr_float_part){model->net->parameters, model->net->parameter_count};
}

hr_status hr_vit_model_save(const hr_vit_model *model, const char *path, hr_error *err) {
  const hr_vit_shape *shape = hr_vit_shape_of(model->net);
  uint64_t words[WORDS] = {shape->pixels, shape->patch, shape->width,
                           shape->layers, shape->heads, shape->hidden};
  hr_float_part parts[PARTS];
  words[FLAGS] = model->backend.products->is_bf16 ? BF16 : 0;
  words[TARGET_MEAN] = hr_word_of(model->target_mean);
  words[TARGET_DEVIATION] = hr_word_of(model->target_deviation);
  list_parts(model, parts);
  const hr_array_file file = {kind, words, WORDS, parts, PARTS};
  return hr_array_file_write(path, &file, err);
}

/* The shape in the words; refuses what no network has, before memory is taken for it.
 * Dropout is training's and not there. */
static hr_status read_shape(const char *path, const uint64_t *words, hr_vit_shape *shape,
                            hr_error *err) {
  hr_error reason;
  *shape = (hr_vit_shape){.pixels = words[PIXELS],
                          .patch = words[PATCH],
                          .width = words[WIDTH],
                          .layers = words[LAYERS],
                          .heads = words[HEADS],
                          .hidden = words[HIDDEN],
                          .outputs = 1};
  if (words[FLAGS] <= BF16 && hr_vit_check(shape, &reason) == HR_OK) return HR_OK;
  return hr_fail(err, HR_ERR_FORMAT, "%s describes no vision transformer that can be",
                 path);
}

/* What a file says of itself must not make us ask for more memory than is in proportion:
 * many tokens have few weights, and many scores. */
static hr_status check_size(const char *path, const hr_vit_shape *shape, hr_error *err) {
  static const double always = 256.0 * 1048576, times = 256;
  struct stat info;
  if (stat(path, &info) != 0) {
    return hr_fail_errno(err, HR_ERR_MISSING, errno, "cannot open %s", path);
  }
  double size = (double)info.st_size;
  double values = (double)hr_vit_parameter_count(shape) + 2 * (double)shape->pixels;
  if (values > size / sizeof(float)) {
    return hr_fail(err, HR_ERR_FORMAT,
                   "%s has %lld bytes, too few for the vision transformer that it "
                   "describes",
                   path, (long long)info.st_size);
  }
  double bytes = hr_vit_bytes(shape, 1);
  if (bytes <= always + times * size) return HR_OK;
  return hr_fail(err, HR_ERR_FORMAT,
                 "%s describes a vision transformer that takes %s MiB to predict with, "
                 "out of proportion to its %lld bytes",
                 path, HR_DECIMALS(bytes / 1048576, 0), (long long)info.st_size);
}

static hr_status check_pixels(const char *path, const hr_vit_shape *shape, size_t pixels,
                              hr_error *err) {
  if (pixels == 0 || shape->pixels == pixels) return HR_OK;
  return hr_fail(err, HR_ERR_FORMAT,
                 "%s is a vision transformer of %zu pixels, not of %zu: it belongs to "
                 "another study",
                 path, shape->pixels, pixels);
}

static hr_status check_values(const char *path, const hr_vit_model *model,
                              const hr_float_part parts[PARTS], hr_error *err) {
  bool good = isfinite(model->target_mean) && isfinite(model->target_deviation);
  for (size_t p = 0; p < PARTS; p++) {
    for (size_t i = 0; i < parts[p].count; i++) {
      good = good && isfinite(parts[p].values[i]);
    }
  }
  if (good) return HR_OK;
  return hr_fail(err, HR_ERR_FORMAT, "%s has a number that is not finite: train it again",
                 path);
}

static hr_vit_backend choose_backend(uint64_t flags) {
  const hr_products *products = hr_products_fp32();
  if ((flags & BF16) && hr_products_bf16()) products = hr_products_bf16();
  return (hr_vit_backend){products, hr_compute_default()};
}

hr_status hr_vit_model_load(const char *path, size_t pixels, size_t batch_rows,
                            const hr_vit_backend *backend, hr_vit_model *out,
                            hr_error *err) {
  hr_status status = HR_OK;
  uint64_t words[WORDS];
  hr_float_part parts[PARTS];
  hr_vit_shape shape;
  hr_array_file file = {kind, words, WORDS, NULL, 0};
  hr_vit_model model = {.net = NULL};
  HR_TRY(hr_array_file_read_words(path, &file, err));
  HR_TRY(read_shape(path, words, &shape, err));
  HR_TRY(check_pixels(path, &shape, pixels, err));
  HR_TRY(check_size(path, &shape, err));
  hr_vit_backend chosen = backend ? *backend : choose_backend(words[FLAGS]);
  HR_TRY(hr_vit_model_init(&model, &shape, batch_rows, &chosen, err));
  list_parts(&model, parts);
  file.parts = parts;
  file.part_count = PARTS;
  HR_TRY(hr_array_file_read(path, &file, err));
  model.target_mean = hr_double_of(words[TARGET_MEAN]);
  model.target_deviation = hr_double_of(words[TARGET_DEVIATION]);
  HR_TRY(check_values(path, &model, parts, err));
  *out = model;
  model = (hr_vit_model){.net = NULL};
cleanup:
  hr_vit_model_fini(&model);
  return status;
}
