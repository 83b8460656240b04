/* A trained network on disk and at work: saved, loaded, and predicting from noisy flux.
 */
#include "nn/net_model.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>

#include "core/alloc.h"
#include "core/text.h"
#include "core/vector.h"
#include "nn/array_file.h"

enum { PARTS = 4 };

const hr_net_kind *const *hr_net_kinds(size_t *count) {
  static const hr_net_kind *const kinds[] = {&hr_net_kind_cnn, &hr_net_kind_vit};
  *count = sizeof kinds / sizeof kinds[0];
  return kinds;
}

hr_status hr_net_model_init(hr_net_model *model, const hr_net_design *design,
                            size_t batch_rows, hr_error *err) {
  hr_status status = HR_OK;
  *model = (hr_net_model){.design = *design, .batch_rows = batch_rows};
  HR_TRY(design->kind->create(design, batch_rows, &model->net, err));
  HR_TRY(hr_alloc(&model->mean, model->net->pixels, err));
  HR_TRY(hr_alloc(&model->factor, model->net->pixels, err));
  HR_TRY(hr_alloc(&model->x, batch_rows * model->net->pixels, err));
cleanup:
  if (status != HR_OK) hr_net_model_fini(model);
  return status;
}

void hr_net_model_fini(hr_net_model *model) {
  if (model->net) model->net->type->destroy(&model->net);
  hr_free(model->mean);
  hr_free(model->factor);
  hr_free(model->x);
  *model = (hr_net_model){.net = NULL};
}

/* One of that design, with what is around the network of `from`. */
static hr_status copy_around(const hr_net_model *from, const hr_net_design *design,
                             size_t batch_rows, hr_net_model *out, hr_error *err) {
  size_t bytes = from->net->pixels * sizeof *out->mean;
  hr_status status = hr_net_model_init(out, design, batch_rows, err);
  if (status != HR_OK) return status;
  memcpy(out->mean, from->mean, bytes);
  memcpy(out->factor, from->factor, bytes);
  out->target_mean = from->target_mean;
  out->target_deviation = from->target_deviation;
  return HR_OK;
}

hr_status hr_net_model_copy(const hr_net_model *from, size_t batch_rows,
                            hr_net_model *out, hr_error *err) {
  const hr_net *net = from->net;
  hr_status status = copy_around(from, &from->design, batch_rows, out, err);
  if (status != HR_OK) return status;
  memcpy(out->net->parameters, net->parameters, net->parameter_count * sizeof(float));
  memcpy(out->net->statistics, net->statistics, net->statistic_count * sizeof(float));
  return HR_OK;
}

hr_status hr_net_model_take_output(const hr_net_model *from, size_t output,
                                   size_t batch_rows, hr_net_model *out, hr_error *err) {
  hr_net_design design = from->design;
  design.kind->set_outputs(&design, 1);
  hr_status status = copy_around(from, &design, batch_rows, out, err);
  if (status == HR_OK) design.kind->take_output(from->net, output, out->net);
  return status;
}

HR_VECTOR_CLONES
static void scale(size_t pixels, const float *mean, const float *factor,
                  const float *noisy, float *x) {
  for (size_t p = 0; p < pixels; p++) x[p] = (noisy[p] - mean[p]) * factor[p];
}

void hr_net_model_scale(const hr_net_model *model, const float *noisy, float *x) {
  scale(model->net->pixels, model->mean, model->factor, noisy, x);
}

/* Some rows, and what is asked of the network about them. */
typedef struct asked {
  const float *noisy;
  const uint32_t *row; /* or NULL */
  size_t count;
  hr_status (*give)(hr_net *net, const float *x, size_t rows, float *out, hr_error *err);
  size_t width; /* numbers that a row is given */
} asked;

static hr_status ask(hr_net_model *model, const asked *a, float *out, hr_error *err) {
  hr_status status = HR_OK;
  hr_net *net = model->net;
  for (size_t first = 0; first < a->count; first += model->batch_rows) {
    size_t left = a->count - first;
    size_t rows = left < model->batch_rows ? left : model->batch_rows;
    for (size_t i = 0; i < rows; i++) {
      size_t at = a->row ? a->row[first + i] : first + i;
      hr_net_model_scale(model, a->noisy + at * net->pixels, model->x + i * net->pixels);
    }
    HR_TRY(a->give(net, model->x, rows, out + first * a->width, err));
  }
cleanup:
  return status;
}

hr_status hr_net_model_outputs(hr_net_model *model, const float *noisy,
                               const uint32_t *row, size_t count, float *raw,
                               hr_error *err) {
  const hr_net *net = model->net;
  const asked a = {noisy, row, count, net->type->predict, net->outputs};
  return ask(model, &a, raw, err);
}

hr_status hr_net_model_hidden(hr_net_model *model, const float *noisy,
                              const uint32_t *row, size_t count, float *out,
                              hr_error *err) {
  const hr_net *net = model->net;
  const asked a = {noisy, row, count, net->type->hide, net->hidden};
  return ask(model, &a, out, err);
}

hr_status hr_net_model_predict(hr_net_model *model, const float *noisy,
                               const uint32_t *row, size_t count, float *out,
                               hr_error *err) {
  hr_status status = hr_net_model_outputs(model, noisy, row, count, out, err);
  for (size_t i = 0; status == HR_OK && i < count; i++) {
    out[i] = (float)(model->target_mean + model->target_deviation * (double)out[i]);
  }
  return status;
}

static void list_parts(const hr_net_model *model, hr_float_part parts[PARTS]) {
  const hr_net *net = model->net;
  parts[0] = (hr_float_part){model->mean, net->pixels};
  parts[1] = (hr_float_part){model->factor, net->pixels};
  parts[2] = (hr_float_part){net->parameters, net->parameter_count};
  parts[3] = (hr_float_part){net->statistics, net->statistic_count};
}

hr_status hr_net_file_write(const char *path, const hr_net_file *file,
                            const hr_net_model *model, hr_error *err) {
  hr_float_part parts[PARTS];
  model->design.kind->write(&model->design, file->words + file->first);
  list_parts(model, parts);
  const hr_array_file whole = {file->file_kind, file->words, file->word_count, parts,
                               PARTS};
  return hr_array_file_write(path, &whole, err);
}

hr_status hr_net_model_save(const hr_net_model *model, const char *path, hr_error *err) {
  const hr_net_kind *kind = model->design.kind;
  uint64_t words[HR_NET_MOST_WORDS] = {0};
  words[kind->target_word] = hr_word_of(model->target_mean);
  words[kind->target_word + 1] = hr_word_of(model->target_deviation);
  const hr_net_file file = {kind->file_kind, words, kind->word_count, 0, 1};
  return hr_net_file_write(path, &file, model, err);
}

/* What a file says of itself must not make us ask for more memory than is in proportion:
 * two wide layers in a row have few weights, and many tokens have few, but there is much
 * between them. */
static hr_status check_size(const char *path, const hr_net_design *design,
                            hr_error *err) {
  static const double always = 256.0 * 1048576, times = 256;
  enum { PREDICTED_ROWS = 16 }; /* at a time, at most, where a file is loaded */
  struct stat info;
  if (stat(path, &info) != 0) {
    return hr_fail_errno(err, HR_ERR_MISSING, errno, "cannot open %s", path);
  }
  const hr_net_kind *kind = design->kind;
  double size = (double)info.st_size;
  if (kind->least_values(design) > size / sizeof(float)) {
    return hr_fail(err, HR_ERR_FORMAT,
                   "%s has %lld bytes, too few for the %s that it describes", path,
                   (long long)info.st_size, kind->noun);
  }
  double bytes = kind->bytes(design, PREDICTED_ROWS, false);
  if (bytes <= always + times * size) return HR_OK;
  return hr_fail(err, HR_ERR_FORMAT,
                 "%s describes a %s that takes %s MiB to predict with, out of "
                 "proportion to its %lld bytes",
                 path, kind->noun, HR_DECIMALS(bytes / 1048576, 0),
                 (long long)info.st_size);
}

static hr_status check_pixels(const char *path, const hr_net_kind *kind, uint64_t found,
                              size_t wanted, hr_error *err) {
  if (wanted == 0 || found == wanted) return HR_OK;
  return hr_fail(err, HR_ERR_FORMAT,
                 "%s is a %s of %zu pixels, not of %zu: it belongs to another study",
                 path, kind->noun, (size_t)found, wanted);
}

static hr_status fail_values(const char *path, hr_error *err) {
  return hr_fail(err, HR_ERR_FORMAT, "%s has a number that is not finite: train it again",
                 path);
}

static hr_status check_values(const char *path, const hr_float_part parts[PARTS],
                              hr_error *err) {
  bool good = true;
  for (size_t p = 0; p < PARTS; p++) {
    for (size_t i = 0; i < parts[p].count; i++) {
      good = good && isfinite(parts[p].values[i]);
    }
  }
  return good ? HR_OK : fail_values(path, err);
}

/* What the words describe, before memory is taken for it. */
static hr_status read_design(const char *path, const hr_net_file *file, size_t pixels,
                             hr_net_design *design, hr_error *err) {
  hr_status status = HR_OK;
  const hr_net_kind *kind = design->kind;
  const uint64_t *words = file->words + file->first;
  if (!kind->read(words, design)) {
    return hr_fail(err, HR_ERR_FORMAT, "%s describes no %s that can be", path,
                   kind->noun);
  }
  kind->set_outputs(design, file->outputs);
  HR_TRY(check_pixels(path, kind, words[0], pixels, err));
  HR_TRY(check_size(path, design, err));
cleanup:
  return status;
}

hr_status hr_net_file_read(const char *path, const hr_net_file *file,
                           const hr_net_wanted *wanted, hr_net_model *out,
                           hr_error *err) {
  hr_status status = HR_OK;
  hr_float_part parts[PARTS];
  hr_net_design found = *wanted->design;
  hr_array_file whole = {file->file_kind, file->words, file->word_count, NULL, 0};
  hr_net_model model = {.net = NULL};
  HR_TRY(hr_array_file_read_words(path, &whole, err));
  HR_TRY(read_design(path, file, wanted->pixels, &found, err));
  HR_TRY(hr_net_model_init(&model, &found, wanted->batch_rows, err));
  list_parts(&model, parts);
  whole.parts = parts;
  whole.part_count = PARTS;
  HR_TRY(hr_array_file_read(path, &whole, err));
  HR_TRY(check_values(path, parts, err));
  *out = model;
  model = (hr_net_model){.net = NULL};
cleanup:
  hr_net_model_fini(&model);
  return status;
}

hr_status hr_net_model_load(const char *path, const hr_net_wanted *wanted,
                            hr_net_model *out, hr_error *err) {
  hr_status status = HR_OK;
  const hr_net_kind *kind = wanted->design->kind;
  uint64_t words[HR_NET_MOST_WORDS] = {0};
  const hr_net_file file = {kind->file_kind, words, kind->word_count, 0, 1};
  hr_net_model model = {.net = NULL};
  HR_TRY(hr_net_file_read(path, &file, wanted, &model, err));
  model.target_mean = hr_double_of(words[kind->target_word]);
  model.target_deviation = hr_double_of(words[kind->target_word + 1]);
  if (!isfinite(model.target_mean) || !isfinite(model.target_deviation)) {
    HR_TRY(fail_values(path, err));
  }
  *out = model;
  model = (hr_net_model){.net = NULL};
cleanup:
  hr_net_model_fini(&model);
  return status;
}
