/* Shards as one table. All labels are read here and stay in memory, a few doubles a row;
 * of the spectra only shapes and the wavelength grid are looked at. */
#include "data/dataset.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/observe.h"
#include "core/text.h"
#include "data/dataset_parts.h"

/* Two shards have the same grid where every pixel agrees within this fraction: far above
 * the rounding of fp32 (6e-8), far below a pixel (about 6e-5). */
static const double wave_tolerance = 1e-6;

void hr_dataset_destroy(hr_dataset **dataset) {
  hr_dataset *self = *dataset;
  if (!self) return;
  for (size_t i = 0; i < self->shard_count; i++) hr_shard_fini(&self->shards[i]);
  for (size_t i = 0; i < self->file_count; i++) {
    if (self->indices) hr_free(self->indices[i]);
    if (self->others) hr_frame_others_fini(&self->others[i]);
  }
  for (size_t k = 0; k < self->label_count; k++) hr_label_column_fini(&self->labels[k]);
  for (int p = 0; p < HR_PLACES; p++) hr_free((void *)self->places.path[p]);
  hr_rest_fini(&self->rest);
  hr_free(self->velocity);
  hr_strings_fini(&self->names);
  hr_free(self->labels);
  hr_free(self->indices);
  hr_free(self->file_start);
  hr_free(self->shards);
  hr_free(self->others);
  hr_free(self);
  *dataset = NULL;
}

/* --- shards --- */

static hr_status check_same_grid(const hr_shard *first, const hr_shard *shard,
                                 hr_error *err) {
  if (shard->pixels != first->pixels) {
    return hr_fail(
        err, HR_ERR_DATA,
        "%s has %zu pixel%s a spectrum, but %s has %zu; all files of a dataset "
        "must share one wavelength grid",
        shard->path, shard->pixels, shard->pixels == 1 ? "" : "s", first->path,
        first->pixels);
  }
  for (size_t p = 0; p < shard->pixels; p++) {
    double a = shard->wave[p], b = first->wave[p];
    if (fabs(a - b) <= wave_tolerance * fabs(b)) continue;
    return hr_fail(err, HR_ERR_DATA,
                   "%s has pixel %zu at %.10g angstrom, but %s at %.10g; all files of a "
                   "dataset must share one wavelength grid",
                   shard->path, p, a, first->path, b);
  }
  return HR_OK;
}

/* In order of files; the same file in order of rows. */
static int compare_files(const void *a, const void *b) {
  const hr_shard *x = *(const hr_shard *const *)a, *y = *(const hr_shard *const *)b;
  if (x->device != y->device) return x->device < y->device ? -1 : 1;
  if (x->inode != y->inode) return x->inode < y->inode ? -1 : 1;
  return (x > y) - (x < y);
}

static bool is_same_file(const hr_shard *a, const hr_shard *b) {
  return a->device == b->device && a->inode == b->inode;
}

/* A row that stands in two shards would be its own validation. */
static hr_status check_files_differ(const hr_dataset *self, hr_error *err) {
  hr_status status = HR_OK;
  const hr_shard **sorted = NULL;
  HR_TRY(hr_alloc(&sorted, self->shard_count, err));
  for (size_t i = 0; i < self->shard_count; i++) sorted[i] = &self->shards[i];
  qsort(sorted, self->shard_count, sizeof *sorted, compare_files);
  for (size_t i = 1; i < self->shard_count; i++) {
    if (!is_same_file(sorted[i - 1], sorted[i])) continue;
    status =
        hr_fail(err, HR_ERR_DATA, "%s names the same file as %s; name each file once",
                sorted[i]->path, sorted[i - 1]->path);
    goto cleanup;
  }
cleanup:
  hr_free(sorted);
  return status;
}

/* Once for all shards: they mostly lie in one place. */
static void tell_unlocked(const hr_dataset *self, const hr_observer *observer) {
  size_t count = 0;
  const char *first = NULL;
  for (size_t i = self->shard_count; i > 0; i--) {
    if (!self->shards[i - 1].is_unlocked) continue;
    first = self->shards[i - 1].path;
    count++;
  }
  if (count == 0) return;
  char others[64] = "";
  if (count > 1) snprintf(others, sizeof others, " (and %zu more)", count - 1);
  hr_observe_warning(observer,
                     "%s%s lies on a file system without locks and is read without one: "
                     "nothing keeps another program from writing it meanwhile",
                     first, others);
}

static hr_status read_shards(hr_dataset *self, const hr_strings *paths, hr_error *err) {
  hr_status status = HR_OK;
  HR_TRY(hr_alloc(&self->shards, paths->count, err));
  HR_TRY(hr_alloc(&self->indices, paths->count, err));
  HR_TRY(hr_alloc(&self->others, paths->count, err));
  HR_TRY(hr_alloc(&self->file_start, paths->count + 1, err));
  for (size_t i = 0; i < paths->count; i++) {
    hr_shard *shard = &self->shards[i];
    self->shard_count = self->file_count = i + 1;
    HR_TRY(hr_shard_read(paths->items[i], &self->places, shard, err));
    shard->file = i;
    HR_TRY(check_same_grid(&self->shards[0], shard, err));
    shard->first_row = self->rows;
    self->rows += shard->rows;
    self->file_start[i + 1] = self->rows;
  }
  HR_TRY(check_files_differ(self, err));
  if (self->rows == 0) {
    status = hr_fail(err, HR_ERR_EMPTY, "%s holds no spectra", paths->items[0]);
  }
cleanup:
  return status;
}

/* --- labels --- */

static hr_status make_columns(hr_dataset *self, const hr_frame *frame, hr_error *err) {
  hr_status status = HR_OK;
  HR_TRY(hr_alloc(&self->labels, frame->names.count, err));
  for (size_t k = 0; k < frame->names.count; k++) {
    self->label_count = k + 1;
    HR_TRY(hr_copy_text(frame->names.items[k], &self->labels[k].name, err));
    HR_TRY(hr_alloc(&self->labels[k].values, self->rows, err));
    HR_TRY(hr_alloc(&self->labels[k].precisions, self->file_count, err));
    if (frame->integers[k]) HR_TRY(hr_alloc(&self->labels[k].integers, self->rows, err));
  }
cleanup:
  return status;
}

/* The number of the column; the frame's count of columns where there is none. */
static size_t find_column(const hr_frame *frame, const char *name) {
  size_t k = 0;
  while (k < frame->names.count && strcmp(frame->names.items[k], name) != 0) k++;
  return k;
}

/* The same of whole numbers, as long as all shards have them. */
static void copy_integers(hr_label_column *label, const hr_shard *shard,
                          const int64_t *integers) {
  if (label->integers && integers) {
    memcpy(label->integers + shard->first_row, integers,
           shard->rows * sizeof *label->integers);
  } else {
    hr_free(label->integers);
    label->integers = NULL;
  }
}

/* Copies a shard's labels behind those of the shards before it; a column that it lacks is
 * given up, and remembered for the message. */
static void copy_labels(hr_dataset *self, size_t shard_index, const hr_frame *frame) {
  const hr_shard *shard = &self->shards[shard_index];
  for (size_t k = 0; k < self->label_count; k++) {
    hr_label_column *label = &self->labels[k];
    size_t column = find_column(frame, label->name);
    if (label->values && column < frame->names.count) {
      memcpy(label->values + shard->first_row, frame->columns[column],
             shard->rows * sizeof *label->values);
      label->precisions[shard_index] = frame->precisions[column];
      copy_integers(label, shard, frame->integers[column]);
    } else if (label->values) {
      hr_free(label->values);
      label->values = NULL;
      label->lacking = shard_index;
    }
  }
}

/* A shard without a frame has one without columns, where that is allowed. */
static hr_status read_frame(const hr_shard *shard, hr_labels labels,
                            const hr_observer *observer, hr_frame *out, hr_error *err) {
  hr_error reason = {.status = HR_OK};
  hr_status status = hr_frame_read_at(shard->path, shard->places.path[HR_PLACE_LABELS],
                                      observer, out, &reason);
  if (status == HR_ERR_MISSING && labels == HR_LABELS_OPTIONAL) {
    hr_frame_fini(out);
    out->rows = shard->rows;
    return HR_OK;
  }
  return status == HR_OK ? HR_OK : hr_fail(err, status, "%s", reason.message);
}

static hr_status read_labels(hr_dataset *self, size_t shard_index, hr_labels labels,
                             const hr_observer *observer, hr_error *err) {
  const hr_shard *shard = &self->shards[shard_index];
  hr_status status = HR_OK;
  hr_frame frame = {0};
  HR_TRY(read_frame(shard, labels, observer, &frame, err));
  if (frame.rows != shard->rows) {
    status = hr_fail(err, HR_ERR_DATA,
                     "%s: the labels have %zu row%s, but %s has %zu; row i of the labels "
                     "must describe spectrum i",
                     shard->path, frame.rows, hr_plural(frame.rows),
                     hr_shard_rows_of(shard), shard->rows);
    goto cleanup;
  }
  if (shard_index == 0) HR_TRY(make_columns(self, &frame, err));
  self->indices[shard_index] = frame.index;
  frame.index = NULL;
  copy_labels(self, shard_index, &frame);
  self->others[shard_index] = frame.others;
  frame.others = (hr_frame_others){0};
cleanup:
  hr_frame_fini(&frame);
  return status;
}

hr_status hr_dataset_create(const hr_strings *paths, const hr_observer *observer,
                            hr_dataset **out, hr_error *err) {
  return hr_dataset_open(paths, HR_LABELS_NEEDED, observer, out, err);
}

hr_status hr_dataset_open(const hr_strings *paths, hr_labels labels,
                          const hr_observer *observer, hr_dataset **out, hr_error *err) {
  return hr_dataset_open_at(paths, labels, NULL, observer, out, err);
}

static hr_status copy_places(const hr_places *places, hr_dataset *self, hr_error *err) {
  hr_status status = HR_OK;
  for (int p = 0; places && p < HR_PLACES; p++) {
    char *copy = NULL;
    if (!places->path[p]) continue;
    HR_TRY(hr_copy_text(places->path[p], &copy, err));
    self->places.path[p] = copy;
  }
cleanup:
  return status;
}

hr_status hr_dataset_open_at(const hr_strings *paths, hr_labels labels,
                             const hr_places *places, const hr_observer *observer,
                             hr_dataset **out, hr_error *err) {
  hr_status status = HR_OK;
  hr_dataset *self = NULL;
  if (paths->count == 0) return hr_fail(err, HR_ERR_USAGE, "no data file is named");
  HR_TRY(hr_alloc(&self, 1, err));
  HR_TRY(copy_places(places, self, err));
  HR_TRY(read_shards(self, paths, err));
  tell_unlocked(self, observer);
  for (size_t i = 0; labels != HR_LABELS_NONE && i < self->shard_count; i++) {
    HR_TRY(read_labels(self, i, labels, observer, err));
  }
  HR_TRY(hr_dataset_list_names(self, err));
  *out = self;
  self = NULL;
cleanup:
  hr_dataset_destroy(&self);
  return status;
}

hr_status hr_dataset_open_observed(const char *path, bool with_labels,
                                   const hr_observer *observer, hr_dataset **out,
                                   hr_error *err) {
  return hr_dataset_open_observed_at(path, with_labels, NULL, observer, out, err);
}

hr_status hr_dataset_open_observed_at(const char *path, bool with_labels,
                                      const hr_places *places,
                                      const hr_observer *observer, hr_dataset **out,
                                      hr_error *err) {
  hr_status status = HR_OK;
  hr_dataset *self = NULL;
  HR_TRY(hr_alloc(&self, 1, err));
  HR_TRY(hr_alloc(&self->shards, 1, err));
  HR_TRY(hr_alloc(&self->indices, 1, err));
  HR_TRY(hr_alloc(&self->others, 1, err));
  HR_TRY(hr_alloc(&self->file_start, 2, err));
  HR_TRY(copy_places(places, self, err));
  self->is_observed = true;
  self->shard_count = self->file_count = 1;
  HR_TRY(hr_shard_read_observed(path, &self->places, &self->shards[0], err));
  self->rows = self->file_start[1] = self->shards[0].rows;
  tell_unlocked(self, observer);
  if (with_labels) HR_TRY(read_labels(self, 0, HR_LABELS_NEEDED, observer, err));
  HR_TRY(hr_dataset_list_names(self, err));
  *out = self;
  self = NULL;
cleanup:
  hr_dataset_destroy(&self);
  return status;
}

/* --- leaving rows out --- */

/* Of a shard, those of its rows that are not left out. */
static hr_status keep_rows(hr_shard *shard, const bool *left_out, hr_error *err) {
  hr_status status = HR_OK;
  size_t *kept = NULL, count = 0;
  HR_TRY(hr_alloc(&kept, shard->rows, err));
  for (size_t row = 0; row < shard->rows; row++) {
    if (!left_out[row]) kept[count++] = hr_shard_file_row(shard, row);
  }
  hr_free(shard->kept);
  shard->kept = kept;
  shard->rows = count;
cleanup:
  return status;
}

/* A shard of which nothing is left is none any more. */
static hr_status cut_shards(hr_dataset *self, const bool *left_out, hr_error *err) {
  hr_status status = HR_OK;
  size_t count = 0, rows = 0;
  for (size_t s = 0; s < self->shard_count; s++) {
    hr_shard *shard = &self->shards[s];
    int64_t *index = self->indices[shard->file];
    const bool *out = left_out + shard->first_row;
    size_t before = shard->rows;
    HR_TRY(keep_rows(shard, out, err));
    for (size_t row = 0, kept = 0; index && row < before; row++) {
      if (!out[row]) index[kept++] = index[row];
    }
    shard->first_row = rows;
    rows += shard->rows;
  }
  for (size_t s = 0; s < self->shard_count; s++) {
    hr_shard own = self->shards[s];
    self->shards[s] = (hr_shard){0};
    if (own.rows > 0) {
      self->shards[count++] = own;
    } else {
      hr_shard_fini(&own);
    }
  }
  self->shard_count = count;
  self->rows = rows;
cleanup:
  return status;
}

static void close_up(hr_label_column *label, const bool *left_out, size_t rows) {
  for (size_t i = 0, kept = 0; i < rows; i++) {
    if (left_out[i]) continue;
    if (label->values) label->values[kept] = label->values[i];
    if (label->integers) label->integers[kept] = label->integers[i];
    kept++;
  }
}

hr_status hr_dataset_leave_out(hr_dataset *dataset, const bool *left_out, hr_error *err) {
  hr_status status = HR_OK;
  size_t rows = dataset->rows, kept = 0;
  for (size_t i = 0; i < rows; i++) kept += !left_out[i];
  if (kept == rows) return HR_OK;
  if (kept == 0) {
    return hr_fail(err, HR_ERR_EMPTY,
                   "none of the %zu rows of %s and the files with it can be used; leave "
                   "data.reject_outliers out to see why",
                   rows, dataset->shards[0].path);
  }
  HR_TRY(cut_shards(dataset, left_out, err));
  for (size_t k = 0; k < dataset->label_count; k++) {
    close_up(&dataset->labels[k], left_out, rows);
  }
  close_up(&(hr_label_column){.values = dataset->velocity}, left_out, rows);
cleanup:
  return status;
}

hr_status hr_dataset_bring_to_rest(hr_dataset *dataset, double **velocity,
                                   const double range[2], bool are_clean, hr_error *err) {
  hr_status status = HR_OK;
  hr_free(dataset->velocity);
  hr_rest_fini(&dataset->rest);
  dataset->velocity = *velocity;
  *velocity = NULL;
  HR_TRY(hr_rest_init(hr_dataset_wave(dataset), hr_dataset_pixels(dataset), range,
                      &dataset->rest, err));
  dataset->rest.are_clean = are_clean;
cleanup:
  return status;
}

const hr_rest *hr_dataset_rest(const hr_dataset *dataset, const double **velocity) {
  *velocity = dataset->velocity;
  return dataset->velocity ? &dataset->rest : NULL;
}

/* --- asking --- */

bool hr_dataset_has_error(const hr_dataset *dataset) {
  for (size_t i = 0; i < dataset->shard_count; i++) {
    if (!dataset->shards[i].has_error) return false;
  }
  return true;
}

void hr_dataset_drop_error(hr_dataset *dataset) {
  for (size_t i = 0; i < dataset->shard_count; i++) dataset->shards[i].has_error = false;
}

size_t hr_dataset_rows(const hr_dataset *dataset) {
  return dataset->rows;
}

size_t hr_dataset_pixels(const hr_dataset *dataset) {
  return dataset->shards[0].pixels;
}

const double *hr_dataset_wave(const hr_dataset *dataset) {
  return dataset->shards[0].wave;
}

bool hr_same_fwhm(const double *a, const double *b, size_t pixels) {
  if (!a || !b) return false;
  for (size_t p = 0; p < pixels; p++) {
    if (!(fabs(a[p] - b[p]) <= wave_tolerance * fabs(b[p]))) return false;
  }
  return true;
}

const double *hr_dataset_fwhm(const hr_dataset *dataset) {
  const hr_shard *first = &dataset->shards[0];
  for (size_t i = 1; i < dataset->shard_count; i++) {
    if (!hr_same_fwhm(dataset->shards[i].fwhm, first->fwhm, first->pixels)) return NULL;
  }
  return first->fwhm;
}

bool hr_dataset_has_flux(const hr_dataset *dataset) {
  for (size_t i = 0; i < dataset->shard_count; i++) {
    if (!dataset->shards[i].has_flux) return false;
  }
  return true;
}

bool hr_dataset_has_noisy(const hr_dataset *dataset) {
  for (size_t i = 0; i < dataset->shard_count; i++) {
    if (!dataset->shards[i].noisy_path) return false;
  }
  return true;
}

/* Whether two sentences say the same of two files. */
static bool is_same_note(const hr_shard *a, size_t i, const hr_shard *b, size_t j) {
  return strcmp(a->notes.items[i] + strlen(a->path),
                b->notes.items[j] + strlen(b->path)) == 0;
}

/* How many shards say what note `i` of shard number `s` says; 0 where one before does. */
static size_t count_note(const hr_dataset *dataset, size_t s, size_t i) {
  size_t count = 0;
  for (size_t other = 0; other < dataset->shard_count; other++) {
    const hr_shard *shard = &dataset->shards[other];
    for (size_t j = 0; j < shard->notes.count; j++) {
      if (!is_same_note(&dataset->shards[s], i, shard, j)) continue;
      if (other < s) return 0;
      count++;
    }
  }
  return count;
}

static hr_status append_note(const hr_dataset *dataset, size_t s, size_t i, bool chinese,
                             hr_strings *out, hr_error *err) {
  size_t count = count_note(dataset, s, i);
  const hr_shard *shard = &dataset->shards[s];
  const char *note = (chinese ? &shard->chinese_notes : &shard->notes)->items[i];
  if (count == 0) return HR_OK;
  if (count == 1) return hr_strings_append(out, note, err);
  hr_text text;
  hr_text_init(&text);
  hr_text_append(&text, chinese ? "%s（及另外 %zu 个文件）%s" : "%s (and %zu more)%s",
                 shard->path, count - 1, note + strlen(shard->path));
  hr_status status = hr_text_status(&text, err);
  if (status == HR_OK) status = hr_strings_append(out, text.bytes, err);
  hr_text_fini(&text);
  return status;
}

hr_status hr_dataset_notes(const hr_dataset *dataset, bool chinese, hr_strings *out,
                           hr_error *err) {
  hr_status status = HR_OK;
  for (size_t s = 0; s < dataset->shard_count; s++) {
    for (size_t i = 0; i < dataset->shards[s].notes.count; i++) {
      HR_TRY(append_note(dataset, s, i, chinese, out, err));
    }
  }
cleanup:
  return status;
}

hr_status hr_dataset_tell_notes(const hr_dataset *dataset, const hr_observer *observer,
                                hr_error *err) {
  hr_strings notes = {0};
  hr_status status = hr_dataset_notes(dataset, false, &notes, err);
  for (size_t i = 0; status == HR_OK && i < notes.count; i++) {
    hr_observe_warning(observer, "%s", notes.items[i]);
  }
  hr_strings_fini(&notes);
  return status;
}

const hr_strings *hr_dataset_label_names(const hr_dataset *dataset) {
  return &dataset->names;
}

const hr_shard *hr_dataset_shards(const hr_dataset *dataset, size_t *count) {
  *count = dataset->shard_count;
  return dataset->shards;
}

uint64_t hr_dataset_file_bytes(const hr_dataset *dataset) {
  uint64_t bytes = 0;
  for (size_t i = 0; i < dataset->shard_count; i++)
    bytes += dataset->shards[i].file_bytes;
  return bytes;
}

const char *hr_dataset_locate(const hr_dataset *dataset, size_t row,
                              size_t *row_in_shard) {
  size_t i = dataset->shard_count - 1;
  while (i > 0 && row < dataset->shards[i].first_row) i--;
  *row_in_shard =
      hr_shard_file_row(&dataset->shards[i], row - dataset->shards[i].first_row);
  return dataset->shards[i].path;
}

size_t hr_dataset_number(const hr_dataset *dataset, size_t row) {
  size_t i = dataset->shard_count - 1;
  while (i > 0 && row < dataset->shards[i].first_row) i--;
  const hr_shard *shard = &dataset->shards[i];
  return dataset->file_start[shard->file] +
         hr_shard_file_row(shard, row - shard->first_row);
}

size_t hr_dataset_all_rows(const hr_dataset *dataset) {
  return dataset->file_start[dataset->file_count];
}

bool hr_dataset_shares_file(const hr_dataset *a, const hr_dataset *b, const char **path) {
  for (size_t i = 0; i < b->shard_count; i++) {
    for (size_t j = 0; j < a->shard_count; j++) {
      if (!is_same_file(&a->shards[j], &b->shards[i])) continue;
      *path = b->shards[i].path;
      return true;
    }
  }
  return false;
}

const int64_t *hr_dataset_index(const hr_dataset *dataset, size_t shard) {
  return dataset->indices[dataset->shards[shard].file];
}

hr_precision hr_dataset_precision(const hr_dataset *dataset, const char *name,
                                  size_t shard) {
  for (size_t k = 0; k < dataset->label_count; k++) {
    const hr_label_column *label = &dataset->labels[k];
    if (strcmp(label->name, name) == 0)
      return label->precisions[dataset->shards[shard].file];
  }
  return HR_PRECISION_DOUBLE;
}

hr_status hr_dataset_assign_bins(const hr_dataset *dataset, const hr_axis *axes,
                                 size_t axis_count, bool nearest, int32_t *bin,
                                 hr_error *err) {
  hr_status status = HR_OK;
  const double *values[HR_MOST_AXES] = {NULL};
  for (size_t a = 0; a < axis_count; a++) {
    HR_TRY(hr_dataset_label(dataset, axes[a].label, true, &values[a], err));
  }
  for (size_t s = 0; s < dataset->shard_count; s++) {
    const hr_shard *shard = &dataset->shards[s];
    hr_bin_column columns[HR_MOST_AXES];
    for (size_t a = 0; a < axis_count; a++) {
      columns[a].values = values[a] + shard->first_row;
      columns[a].precision = hr_dataset_precision(dataset, axes[a].label, s);
    }
    int32_t *bins = bin + shard->first_row;
    if (nearest) hr_assign_nearest_bins(axes, axis_count, columns, shard->rows, bins);
    if (!nearest) hr_assign_bins(axes, axis_count, columns, shard->rows, bins);
  }
cleanup:
  return status;
}
