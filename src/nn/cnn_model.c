/* A trained network on disk and at work: saved, loaded, and predicting from noisy flux.
 */
#include "nn/cnn_model.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>

#include "core/alloc.h"
#include "core/text.h"
#include "core/vector.h"
#include "nn/array_file.h"

static const char kind[] = "hrcnn/1\n";

hr_status hr_cnn_model_init(hr_cnn_model *model, const hr_network_shape *shape,
                            size_t batch_rows, const hr_network_backend *backend,
                            hr_error *err) {
  hr_status status = HR_OK;
  *model = (hr_cnn_model){.backend = *backend, .batch_rows = batch_rows};
  HR_TRY(hr_network_create(shape, batch_rows, backend, &model->network, err));
  HR_TRY(hr_alloc(&model->mean, shape->pixels, err));
  HR_TRY(hr_alloc(&model->factor, shape->pixels, err));
  HR_TRY(hr_alloc(&model->x, batch_rows * shape->pixels, err));
cleanup:
  if (status != HR_OK) hr_cnn_model_fini(model);
  return status;
}

void hr_cnn_model_fini(hr_cnn_model *model) {
  hr_network_destroy(&model->network);
  hr_free(model->mean);
  hr_free(model->factor);
  hr_free(model->x);
  *model = (hr_cnn_model){.network = NULL};
}

static size_t pixels_of(const hr_cnn_model *model) {
  return hr_network_shape_of(model->network)->pixels;
}

hr_status hr_cnn_model_take_output(const hr_cnn_model *from, size_t output,
                                   size_t batch_rows, hr_cnn_model *out, hr_error *err) {
  hr_network_shape shape = *hr_network_shape_of(from->network);
  shape.outputs = 1;
  hr_status status = hr_cnn_model_init(out, &shape, batch_rows, &from->backend, err);
  if (status != HR_OK) return status;
  memcpy(out->mean, from->mean, shape.pixels * sizeof *out->mean);
  memcpy(out->factor, from->factor, shape.pixels * sizeof *out->factor);
  out->target_mean = from->target_mean;
  out->target_deviation = from->target_deviation;
  hr_network_take_output(from->network, output, out->network);
  return HR_OK;
}

hr_status hr_cnn_model_copy(const hr_cnn_model *from, size_t batch_rows,
                            hr_cnn_model *out, hr_error *err) {
  return hr_cnn_model_take_output(from, 0, batch_rows, out, err);
}

HR_VECTOR_CLONES
static void scale(size_t pixels, const float *mean, const float *factor,
                  const float *noisy, float *x) {
  for (size_t p = 0; p < pixels; p++) x[p] = (noisy[p] - mean[p]) * factor[p];
}

void hr_cnn_model_scale(const hr_cnn_model *model, const float *noisy, float *x) {
  scale(pixels_of(model), model->mean, model->factor, noisy, x);
}

hr_status hr_cnn_model_predict(hr_cnn_model *model, const float *noisy,
                               const uint32_t *row, size_t count, float *out,
                               hr_error *err) {
  hr_status status = HR_OK;
  size_t pixels = pixels_of(model);
  for (size_t first = 0; first < count; first += model->batch_rows) {
    size_t left = count - first;
    size_t rows = left < model->batch_rows ? left : model->batch_rows;
    for (size_t i = 0; i < rows; i++) {
      size_t at = row ? row[first + i] : first + i;
      hr_cnn_model_scale(model, noisy + at * pixels, model->x + i * pixels);
    }
    HR_TRY(hr_network_forward(model->network, model->x, rows, false, out + first, err));
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
  BLOCKS,
  KERNEL,
  POOL,
  HIDDEN,
  FLAGS,
  TARGET_MEAN,
  TARGET_DEVIATION,
  CHANNELS,
  WORDS = CHANNELS + HR_MOST_BLOCKS,
  PARTS = 4
};

/* Of the word FLAGS. */
enum { BATCH_NORM = 1, BF16 = 2, ALL_FLAGS = BATCH_NORM | BF16 };

static void list_parts(const hr_cnn_model *model, hr_float_part parts[PARTS]) {
  const hr_network_shape *shape = hr_network_shape_of(model->network);
  parts[0] = (hr_float_part){model->mean, shape->pixels};
  parts[1] = (hr_float_part){model->factor, shape->pixels};
  parts[2] = (hr_float_part){hr_network_parameters(model->network),
                             hr_network_parameter_count(shape)};
  parts[3] = (hr_float_part){hr_network_statistics(model->network),
                             hr_network_statistic_count(shape)};
}

hr_status hr_cnn_model_save(const hr_cnn_model *model, const char *path, hr_error *err) {
  const hr_network_shape *shape = hr_network_shape_of(model->network);
  uint64_t words[WORDS] = {0};
  hr_float_part parts[PARTS];
  words[PIXELS] = shape->pixels;
  words[BLOCKS] = shape->blocks;
  words[KERNEL] = shape->kernel;
  words[POOL] = shape->pool;
  words[HIDDEN] = shape->hidden;
  bool is_bf16 = model->backend.convolver->is_bf16;
  words[FLAGS] = (shape->batch_norm ? BATCH_NORM : 0) | (is_bf16 ? BF16 : 0);
  words[TARGET_MEAN] = hr_word_of(model->target_mean);
  words[TARGET_DEVIATION] = hr_word_of(model->target_deviation);
  for (size_t b = 0; b < shape->blocks; b++) words[CHANNELS + b] = shape->channels[b];
  list_parts(model, parts);
  const hr_array_file file = {kind, words, WORDS, parts, PARTS};
  return hr_array_file_write(path, &file, err);
}

/* The shape in the words; refuses what no network has, before memory is taken for it. */
static hr_status read_shape(const char *path, const uint64_t *words,
                            hr_network_shape *shape, hr_error *err) {
  enum { MOST = 1 << 24 };
  hr_error reason;
  bool good = words[BLOCKS] <= HR_MOST_BLOCKS && words[FLAGS] <= ALL_FLAGS;
  *shape = (hr_network_shape){.pixels = words[PIXELS],
                              .blocks = words[BLOCKS],
                              .kernel = words[KERNEL],
                              .pool = words[POOL],
                              .hidden = words[HIDDEN],
                              .batch_norm = words[FLAGS] & BATCH_NORM};
  for (size_t i = 0; i < WORDS && good; i++) {
    bool is_number = i == TARGET_MEAN || i == TARGET_DEVIATION;
    bool is_used = i < CHANNELS + words[BLOCKS] && i != FLAGS && !is_number;
    good = !is_used || (words[i] >= 1 && words[i] <= MOST);
  }
  for (size_t b = 0; b < HR_MOST_BLOCKS && good; b++) {
    shape->channels[b] = words[CHANNELS + b];
  }
  if (good && hr_network_check(shape, &reason) == HR_OK) return HR_OK;
  return hr_fail(err, HR_ERR_FORMAT, "%s describes no network that can be", path);
}

/* Whether so many values can hold such a network. A part of them is counted first, in
 * doubles, as the whole of any shape would overflow. */
static bool can_hold(double values, const hr_network_shape *shape) {
  double inputs = 1, count = 2 * (double)shape->pixels + (double)shape->hidden;
  for (size_t b = 0; b < shape->blocks; b++) {
    count += (double)shape->kernel * inputs * (double)shape->channels[b];
    inputs = (double)shape->channels[b];
  }
  if (count + inputs * (double)shape->hidden > values) return false;
  return (double)hr_network_parameter_count(shape) <= values;
}

/* What a file says of itself must not make us ask for more memory than is in proportion:
 * two wide layers in a row have few weights, but much between them. */
static hr_status check_size(const char *path, const hr_network_shape *shape,
                            hr_error *err) {
  static const double always = 256.0 * 1048576, times = 256;
  enum { PREDICTED_ROWS = 16 }; /* at a time, at most, where a file is loaded */
  struct stat info;
  if (stat(path, &info) != 0) {
    return hr_fail_errno(err, HR_ERR_MISSING, errno, "cannot open %s", path);
  }
  double size = (double)info.st_size;
  if (!can_hold(size / sizeof(float), shape)) {
    return hr_fail(err, HR_ERR_FORMAT,
                   "%s has %lld bytes, too few for the network that it describes", path,
                   (long long)info.st_size);
  }
  double bytes = hr_network_bytes(shape, PREDICTED_ROWS);
  if (bytes <= always + times * size) return HR_OK;
  return hr_fail(err, HR_ERR_FORMAT,
                 "%s describes a network that takes %s MiB to predict with, out of "
                 "proportion to its %lld bytes",
                 path, HR_DECIMALS(bytes / 1048576, 0), (long long)info.st_size);
}

static hr_status check_values(const char *path, const hr_cnn_model *model,
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

static hr_network_backend choose_backend(uint64_t flags) {
  const hr_convolver *convolver = hr_convolver_onednn();
  if ((flags & BF16) && hr_convolver_bf16()) convolver = hr_convolver_bf16();
  return (hr_network_backend){convolver ? convolver : &hr_convolver_reference,
                              hr_compute_default()};
}

static hr_status check_pixels(const char *path, const hr_network_shape *shape,
                              size_t pixels, hr_error *err) {
  if (pixels == 0 || shape->pixels == pixels) return HR_OK;
  return hr_fail(err, HR_ERR_FORMAT,
                 "%s is a network of %zu pixels, not of %zu: it belongs to another study",
                 path, shape->pixels, pixels);
}

hr_status hr_cnn_model_load(const char *path, size_t pixels, size_t batch_rows,
                            const hr_network_backend *backend, hr_cnn_model *out,
                            hr_error *err) {
  hr_status status = HR_OK;
  uint64_t words[WORDS];
  hr_float_part parts[PARTS];
  hr_network_shape shape;
  hr_array_file file = {kind, words, WORDS, NULL, 0};
  hr_cnn_model model = {.network = NULL};
  HR_TRY(hr_array_file_read_words(path, &file, err));
  HR_TRY(read_shape(path, words, &shape, err));
  HR_TRY(check_pixels(path, &shape, pixels, err));
  HR_TRY(check_size(path, &shape, err));
  hr_network_backend chosen = backend ? *backend : choose_backend(words[FLAGS]);
  HR_TRY(hr_cnn_model_init(&model, &shape, batch_rows, &chosen, err));
  list_parts(&model, parts);
  file.parts = parts;
  file.part_count = PARTS;
  HR_TRY(hr_array_file_read(path, &file, err));
  model.target_mean = hr_double_of(words[TARGET_MEAN]);
  model.target_deviation = hr_double_of(words[TARGET_DEVIATION]);
  HR_TRY(check_values(path, &model, parts, err));
  *out = model;
  model = (hr_cnn_model){.network = NULL};
cleanup:
  hr_cnn_model_fini(&model);
  return status;
}
