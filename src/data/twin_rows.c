/* One sorted list of (hash, row) finds all that are alike. */
#include "data/twin_rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/fingerprint.h"
#include "core/quantile.h"
#include "data/prepare.h"

/* A row by its labels; rows of the test set are numbered behind the training rows. */
typedef struct marked_row {
  uint64_t mark;
  size_t row;
} marked_row;

typedef struct row_pair {
  size_t first, second; /* first < second */
} row_pair;

/* Pairs of one kind. */
typedef struct twins {
  size_t count;                 /* rows that are like one before them */
  row_pair some[HR_TWIN_PAIRS]; /* of them, evenly spread */
  size_t some_count;
} twins;

/* Both sets; test NULL: there is none. */
typedef struct both_sets {
  const hr_dataset *train, *test;
  size_t train_rows, rows;
  bool nearly;  /* labels are alike, not the same */
  bool unnamed; /* by the labels that are no names of rows */
} both_sets;

/* --- marks --- */

static bool has_column(const hr_dataset *dataset, const char *name,
                       const double **values) {
  return hr_dataset_label(dataset, name, false, values, NULL) == HR_OK;
}

/* Labels that are alike within a step count as one; 0: to the bits of fp32. */
typedef struct label_step {
  double origin, width;
} label_step;

/* A 256th of the range of most values, from a sample. */
static label_step find_step(const double *values, size_t rows) {
  enum { SAMPLE = 1000, STEPS = 256 };
  double sample[SAMPLE];
  size_t count = 0, stride = rows / SAMPLE + 1;
  for (size_t i = 0; i < rows; i += stride) {
    if (isfinite(values[i])) sample[count++] = values[i];
  }
  if (count == 0) return (label_step){0};
  hr_sort_numbers(sample, count);
  double low = hr_quantile(sample, count, 0.05), high = hr_quantile(sample, count, 0.95);
  return (label_step){low, (high - low) / STEPS};
}

/* NaN, of which there are many, count as one. */
static uint32_t bits_of(double value, const label_step *step) {
  uint32_t bits = UINT32_MAX;
  if (isnan(value)) return bits;
  if (step->width > 0) value = floor((value - step->origin) / step->width);
  float narrow = (float)value + 0.0f; /* -0 is 0 */
  memcpy(&bits, &narrow, sizeof bits);
  return bits;
}

/* Hashes on with one column. */
static void mark_column(const double *values, size_t rows, const label_step *step,
                        marked_row *out) {
  for (size_t i = 0; i < rows; i++) {
    uint32_t bits = bits_of(values[i], step);
    out[i].mark = hr_fingerprint_bytes(out[i].mark, &bits, sizeof bits);
  }
}

static int compare_marked(const void *a, const void *b) {
  const marked_row *x = a, *y = b;
  if (x->mark != y->mark) return x->mark < y->mark ? -1 : 1;
  return (x->row > y->row) - (x->row < y->row);
}

static int compare_whole(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return x < y ? -1 : x > y;
}

/* Whether a column counts or names the rows: whole numbers, of which a sample in the
 * order of the rows has none twice. A label is so by chance where there are few rows, and
 * is then missed by nobody. */
static bool names_rows(const hr_dataset *dataset, const char *name) {
  enum { SAMPLE = 1000 };
  int64_t sample[SAMPLE];
  const double *values = NULL;
  const int64_t *integers = NULL;
  size_t count = 0, rows = hr_dataset_rows(dataset), stride = rows / SAMPLE + 1;
  if (!has_column(dataset, name, &values)) return false;
  if (hr_dataset_integers(dataset, name, &integers, NULL) != HR_OK) return false;
  for (size_t i = 0; i < rows; i += stride, count++) {
    if (integers) {
      sample[count] = integers[i];
    } else if (!hr_whole_number(values[i], HR_PRECISION_DOUBLE, &sample[count])) {
      return false;
    }
  }
  qsort(sample, count, sizeof *sample, compare_whole);
  for (size_t i = 1; i < count; i++) {
    if (sample[i] == sample[i - 1]) return false;
  }
  return count > 1;
}

static bool has_names(const both_sets *sets) {
  const hr_strings *names = hr_dataset_label_names(sets->train);
  for (size_t k = 0; k < names->count; k++) {
    if (names_rows(sets->train, names->items[k])) return true;
  }
  return false;
}

/* Fills marked [rows] and sorts it; false where the sets share no column. */
static bool mark_rows(const both_sets *sets, bool nearly, marked_row *marked) {
  const hr_strings *names = hr_dataset_label_names(sets->train);
  size_t used = 0;
  for (size_t i = 0; i < sets->rows; i++) {
    marked[i] = (marked_row){hr_fingerprint_start(), i};
  }
  for (size_t k = 0; k < names->count; k++) {
    const double *train = NULL, *test = NULL;
    label_step step = {0};
    if (!has_column(sets->train, names->items[k], &train)) continue;
    if (sets->test && !has_column(sets->test, names->items[k], &test)) continue;
    if (sets->unnamed && names_rows(sets->train, names->items[k])) continue;
    if (nearly) step = find_step(train, sets->train_rows);
    mark_column(train, sets->train_rows, &step, marked);
    if (test) {
      mark_column(test, sets->rows - sets->train_rows, &step, marked + sets->train_rows);
    }
    used++;
  }
  qsort(marked, sets->rows, sizeof *marked, compare_marked);
  return used > 0;
}

/* --- pairs --- */

/* Whether marked row i is like the first of its kind, and which of the two sets both are
 * in: a test row beside a training row is `across`. */
static bool is_pair(const both_sets *sets, const marked_row *marked, size_t i,
                    size_t head, bool across) {
  if (i == head) return false;
  bool is_across =
      marked[head].row < sets->train_rows && marked[i].row >= sets->train_rows;
  return is_across == across;
}

/* Every `step`-th pair of the kind; step 0: they are only counted. */
static void list_pairs(const both_sets *sets, const marked_row *marked, bool across,
                       size_t step, twins *out) {
  size_t head = 0, seen = 0;
  for (size_t i = 0; i < sets->rows; i++) {
    if (marked[i].mark != marked[head].mark) head = i;
    if (!is_pair(sets, marked, i, head, across)) continue;
    bool is_taken = step > 0 && seen % step == 0 && out->some_count < HR_TWIN_PAIRS;
    if (is_taken) {
      out->some[out->some_count++] = (row_pair){marked[head].row, marked[i].row};
    }
    seen++;
  }
  out->count = seen;
}

static void find_twins(const both_sets *sets, const marked_row *marked, bool across,
                       twins *out) {
  *out = (twins){0};
  list_pairs(sets, marked, across, 0, out);
  if (out->count > 0) {
    list_pairs(sets, marked, across, (out->count - 1) / HR_TWIN_PAIRS + 1, out);
  }
}

/* --- the spectra of pairs --- */

/* What is read of one set: its rows in any order, their places in `values`. */
typedef struct reading {
  const hr_dataset *dataset;
  size_t first_row; /* the number of its row 0 in both sets */
  float *values;    /* [2 HR_TWIN_PAIRS][2][pixels] flux and error */
  bool *is_read;    /* [2 HR_TWIN_PAIRS] */
} reading;

/* The place of row number `place` (0, 1 of pair 0, and so on). */
static size_t row_at(const twins *twin, size_t place) {
  const row_pair *pair = &twin->some[place / 2];
  return place % 2 == 0 ? pair->first : pair->second;
}

static void take_block(const hr_block *block, const twins *twin, const reading *in,
                       const hr_row_report *reports) {
  size_t pixels = block->pixels;
  for (size_t place = 0; place < 2 * twin->some_count; place++) {
    size_t row = row_at(twin, place);
    if (row < in->first_row + block->first_row) continue;
    size_t i = row - in->first_row - block->first_row;
    if (i >= block->rows || reports[i].fault != HR_ROW_GOOD) continue;
    float *out = in->values + place * 2 * pixels;
    memcpy(out, block->flux + i * pixels, pixels * sizeof *out);
    memcpy(out + pixels, block->error + i * pixels, pixels * sizeof *out);
    in->is_read[place] = true;
  }
}

static hr_status read_set(const reading *in, const twins *twin,
                          const hr_stream_options *streaming, hr_error *err) {
  hr_status status = HR_OK;
  hr_stream *stream = NULL;
  bool *wanted = NULL;
  hr_block block = {0};
  size_t rows = hr_dataset_rows(in->dataset), found = 0;
  hr_stream_options options = *streaming;
  HR_TRY(hr_alloc(&wanted, rows, err));
  for (size_t place = 0; place < 2 * twin->some_count; place++) {
    size_t row = row_at(twin, place);
    if (row < in->first_row || row - in->first_row >= rows) continue;
    wanted[row - in->first_row] = true;
    found++;
  }
  if (found == 0) goto cleanup;
  options.noise.source = HR_NOISE_NONE;
  options.runs = wanted;
  options.run_rows = 1;
  options.count_faults = true;
  options.measure_snr = false;
  HR_TRY(hr_stream_create(in->dataset, &options, &stream, err));
  do {
    HR_TRY(hr_stream_next(stream, &block, err));
    take_block(&block, twin, in, hr_stream_reports(stream));
  } while (block.rows > 0);
cleanup:
  hr_stream_destroy(&stream);
  hr_free(wanted);
  return status;
}

/* Whether the flux differs, but by far less than the error, which hardly does. */
static bool is_rounded(const float *one, const float *other, size_t pixels) {
  const double little = 0.02, alike = 2e-3;
  double sum = 0, count = 0;
  if (memcmp(one, other, pixels * sizeof *one) == 0) return false;
  for (size_t p = 0; p < pixels; p++) {
    double error = (double)one[pixels + p], its = (double)other[pixels + p];
    if (!(error > 0 && its > 0)) continue;
    if (fabs(error - its) > alike * error) return false;
    double distance = ((double)one[p] - (double)other[p]) / error;
    sum += distance * distance;
    count++;
  }
  return count > 0 && sum <= little * little * count;
}

/* How many of the pairs that were picked have the same spectrum; *first: the first. */
static hr_status count_same(const both_sets *sets, const twins *twin,
                            const hr_stream_options *streaming, size_t *same,
                            size_t *first, hr_error *err) {
  hr_status status = HR_OK;
  size_t pixels = hr_dataset_pixels(sets->train), bytes = 2 * pixels * sizeof(float);
  reading in = {.dataset = sets->train};
  HR_TRY(hr_alloc_bytes(&in.values, 2 * HR_TWIN_PAIRS, bytes, err));
  HR_TRY(hr_alloc(&in.is_read, 2 * HR_TWIN_PAIRS, err));
  HR_TRY(read_set(&in, twin, streaming, err));
  in.dataset = sets->test;
  in.first_row = sets->train_rows;
  if (sets->test) HR_TRY(read_set(&in, twin, streaming, err));
  *same = 0;
  for (size_t k = 0; k < twin->some_count; k++) {
    const float *one = in.values + k * 4 * pixels, *other = one + 2 * pixels;
    if (!in.is_read[2 * k] || !in.is_read[2 * k + 1]) continue;
    bool is_same = memcmp(one, other, bytes) == 0;
    if (!is_same && !sets->nearly) is_same = is_rounded(one, other, pixels);
    if (!is_same) continue;
    bool is_first = *same == 0 || twin->some[k].second < twin->some[*first].second;
    if (is_first) *first = k;
    ++*same;
  }
cleanup:
  hr_free(in.values);
  hr_free(in.is_read);
  return status;
}

/* --- sentences --- */

static const char *locate(const both_sets *sets, size_t row, size_t *row_in_file) {
  bool is_train = row < sets->train_rows;
  return is_train ? hr_dataset_locate(sets->train, row, row_in_file)
                  : hr_dataset_locate(sets->test, row - sets->train_rows, row_in_file);
}

static hr_status doubt_kind(const both_sets *sets, const marked_row *marked, bool across,
                            const hr_stream_options *streaming, hr_doubts *doubts,
                            hr_error *err) {
  hr_status status = HR_OK;
  twins twin;
  size_t same = 0, first = 0, rows[2] = {0, 0};
  find_twins(sets, marked, across, &twin);
  if (twin.count == 0) return HR_OK;
  HR_TRY(count_same(sets, &twin, streaming, &same, &first, err));
  if (same == 0) goto cleanup;
  const char *one = locate(sets, twin.some[first].first, &rows[0]);
  const char *other = locate(sets, twin.some[first].second, &rows[1]);
  HR_TRY(hr_doubts_add(
      doubts, across ? HR_DOUBT_TEST_IN_TRAINING : HR_DOUBT_ROWS_TWICE, across, err,
      "%s: row %zu is also row %zu of %s (counted from 0), with the same labels, flux "
      "and "
      "error%s; %zu row%s of %s %s the labels of an earlier one, and the spectra of %zu "
      "of the %zu pairs compared are the same; %s",
      other, rows[1], rows[0], one, sets->nearly ? " but for rounding" : "", twin.count,
      twin.count == 1 ? "" : "s", across ? "the test set" : "the data",
      twin.count == 1 ? "has" : "have", same, twin.some_count,
      across ? "test on stars that are not trained on" : "leave the copies out"));
  HR_TRY(hr_doubts_in_chinese(
      doubts, err,
      "%s：第 %zu 行也是 %s 的第 %zu 行（从 0 计），标签、流量与误差都相同%s；%s中有 "
      "%zu 行与更早的某行标签相同，所比较的 %zu 对中有 %zu 对的光谱相同；%s",
      other, rows[1], one, rows[0], sets->nearly ? "（仅差舍入）" : "",
      across ? "测试集" : "数据", twin.count, twin.some_count, same,
      across ? "请用未参与训练的恒星来测试" : "请去掉重复的行"));
cleanup:
  return status;
}

/* Both kinds, by labels that are the same or, `nearly`, alike. */
static hr_status doubt_marked(both_sets *sets, bool nearly, marked_row *marked,
                              const hr_stream_options *streaming, hr_doubts *doubts,
                              hr_error *err) {
  hr_status status = HR_OK;
  sets->nearly = nearly;
  if (!mark_rows(sets, nearly, marked)) return HR_OK;
  if (sets->test) HR_TRY(doubt_kind(sets, marked, true, streaming, doubts, err));
  HR_TRY(doubt_kind(sets, marked, false, streaming, doubts, err));
cleanup:
  return status;
}

hr_status hr_doubt_twins(const hr_dataset *train, const hr_dataset *test,
                         const hr_stream_options *streaming, hr_doubts *doubts,
                         hr_error *err) {
  hr_status status = HR_OK;
  marked_row *marked = NULL;
  size_t before = doubts->count;
  both_sets sets = {.train = train, .test = test, .train_rows = hr_dataset_rows(train)};
  sets.rows = sets.train_rows + (test ? hr_dataset_rows(test) : 0);
  HR_TRY(hr_alloc(&marked, sets.rows, err));
  HR_TRY(doubt_marked(&sets, false, marked, streaming, doubts, err));
  if (doubts->count > before) goto cleanup;
  sets.unnamed = has_names(&sets);
  if (sets.unnamed) HR_TRY(doubt_marked(&sets, false, marked, streaming, doubts, err));
  if (doubts->count > before) goto cleanup;
  HR_TRY(doubt_marked(&sets, true, marked, streaming, doubts, err));
cleanup:
  hr_free(marked);
  return status;
}
