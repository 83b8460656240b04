/* Far values are peeled off the sorted column, from the outside in. */
#include "data/label_doubts.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "core/alloc.h"
#include "core/quantile.h"
#include "data/label_index.h"
#include "data/shard.h"

/* --- values far from all others --- */

enum {
  LEAST_ROWS = 10,   /* fewer say nothing */
  LEAST_CLUSTER = 3, /* rows that are no accident */
};

/* The sorted values that are left, [low, high). */
typedef struct sorted_rest {
  const double *sorted;
  size_t low, high;
} sorted_rest;

/* Rows that hold the smallest (or largest) value that is left. */
static size_t count_end(const sorted_rest *left, bool at_low) {
  size_t count = 1, n = left->high - left->low;
  double end = left->sorted[at_low ? left->low : left->high - 1];
  while (count < n &&
         left->sorted[at_low ? left->low + count : left->high - 1 - count] == end) {
    count++;
  }
  return count;
}

static sorted_rest without_end(const sorted_rest *left, bool at_low, size_t count) {
  sorted_rest rest = *left;
  if (at_low) {
    rest.low += count;
  } else {
    rest.high -= count;
  }
  return rest;
}

static double least_of(const sorted_rest *left) {
  return left->sorted[left->low];
}

static double most_of(const sorted_rest *left) {
  return left->sorted[left->high - 1];
}

/* From the end's value to the next one. */
static double gap_of(const sorted_rest *left, const sorted_rest *rest, bool at_low) {
  return at_low ? least_of(rest) - least_of(left) : most_of(left) - most_of(rest);
}

/* Whether programs write the number where they have none: 99, -99.9, 999, -9999, or one
 * beyond all labels. */
static bool is_mark(double value) {
  const double huge = 1e20;
  double size = fabs(value), power = 100;
  while (power <= size) power *= 10;
  double below = power - size; /* 1 of 99, 0.1 of 99.9 */
  bool is_nines = size > 90 && (fabs(below - 1) < 1e-5 || fabs(below - 0.1) < 1e-5 ||
                                fabs(below - 0.01) < 1e-5);
  return is_nines || size > huge;
}

/* So that one mark does not hide another at the other end, a far value there does not
 * count for the range. */
static double range_of(const sorted_rest *rest, bool at_low) {
  size_t across = count_end(rest, !at_low);
  double range = most_of(rest) - least_of(rest);
  if (across * 2 >= rest->high - rest->low) return range;
  sorted_rest inner = without_end(rest, !at_low, across);
  double inner_range = most_of(&inner) - least_of(&inner);
  return gap_of(rest, &inner, !at_low) > inner_range ? inner_range : range;
}

/* How many rows hold the value that most rows hold. */
static size_t most_alike(const sorted_rest *left) {
  size_t most = 0;
  for (size_t i = left->low, end = i; i < left->high; i = end) {
    while (end < left->high && left->sorted[end] <= left->sorted[i]) end++;
    most = end - i > most ? end - i : most;
  }
  return most;
}

/* Whether `count` rows hold a value that stands out by that alone: the others hardly
 * repeat, and leave a gap before it. 0 or -1 where an angle was not measured. */
static bool is_near_mark(const sorted_rest *rest, size_t count, double gap) {
  const double least_gap = 0.05;
  double range = most_of(rest) - least_of(rest);
  return count >= LEAST_CLUSTER && gap > least_gap * range &&
         count >= 5 * most_alike(rest);
}

/* The rows at an end that are near each other and as far from the rest as that is wide;
 * 0 where there are none. */
static size_t count_cluster(const sorted_rest *left, bool at_low) {
  const double tight = 0.01;
  size_t n = left->high - left->low;
  double width = most_of(left) - least_of(left);
  for (size_t count = 1; 2 * count < n && n - count >= LEAST_ROWS; count++) {
    size_t last = at_low ? left->low + count - 1 : left->high - count;
    double in = left->sorted[last];
    double out = left->sorted[at_low ? last + 1 : last - 1];
    double own = at_low ? in - least_of(left) : most_of(left) - in;
    double gap = fabs(out - in);
    if (own > tight * width) return 0;
    if (gap > width - own - gap && own < tight * gap) {
      return count >= LEAST_CLUSTER ? count : 0;
    }
  }
  return 0;
}

static hr_far_value cluster_of(const sorted_rest *left, bool at_low, size_t count) {
  const double *first = left->sorted + (at_low ? left->low : left->high - count);
  double value = first[count / 2];
  return (hr_far_value){.value = value,
                        .low = first[0],
                        .high = first[count - 1],
                        .rows = count,
                        .is_mark = is_mark(round(value))};
}

/* Takes the far value at an end off, where there is one. */
static bool peel(sorted_rest *left, bool at_low, hr_far_value *out) {
  size_t count = count_end(left, at_low), n = left->high - left->low;
  double mark = at_low ? least_of(left) : most_of(left);
  bool is_written = is_mark(mark);
  if (count * 2 >= n && !is_written) return false; /* then it is the rule */
  if (n - count < LEAST_ROWS) return false;
  sorted_rest rest = without_end(left, at_low, count);
  double range = range_of(&rest, at_low), gap = gap_of(left, &rest, at_low);
  double needed = count > 1 || is_written ? range : 10 * range;
  size_t cluster = 0;
  *out = (hr_far_value){mark, mark, mark, count, .is_mark = is_written};
  if (!(range > 0)) return false;
  if (!(gap > needed)) {
    cluster = count_cluster(left, at_low);
    out->is_near = cluster == 0 && is_near_mark(&rest, count, gap);
    if (cluster == 0 && !out->is_near) return false;
  }
  if (cluster > 0) {
    *out = cluster_of(left, at_low, cluster);
    rest = without_end(left, at_low, cluster);
  }
  *left = rest;
  return true;
}

static bool is_one_of(const hr_far_value *far, double value) {
  return value >= far->low && value <= far->high;
}

hr_status hr_find_far_values(const double *values, size_t rows,
                             hr_far_value out[HR_MOST_FAR_VALUES], size_t *count,
                             hr_error *err) {
  hr_status status = HR_OK;
  double *sorted = NULL;
  size_t finite = 0;
  *count = 0;
  HR_TRY(hr_alloc(&sorted, rows, err));
  for (size_t i = 0; i < rows; i++) {
    if (isfinite(values[i])) sorted[finite++] = values[i];
  }
  if (finite < LEAST_ROWS) goto cleanup;
  hr_sort_numbers(sorted, finite);
  sorted_rest left = {sorted, 0, finite};
  while (*count < HR_MOST_FAR_VALUES &&
         (peel(&left, true, &out[*count]) || peel(&left, false, &out[*count]))) {
    ++*count;
  }
  for (size_t k = 0; k < *count; k++) {
    out[k].least = least_of(&left);
    out[k].most = most_of(&left);
    while (!is_one_of(&out[k], values[out[k].first_row])) out[k].first_row++;
  }
cleanup:
  hr_free(sorted);
  return status;
}

/* "-9999", or "about -9999 (-9999.4 to -9998.6)". */
static void write_value(const hr_far_value *far, bool chinese, char *out, size_t size) {
  if (far->high > far->low) {
    snprintf(out, size, chinese ? "约 %.6g（%.6g 至 %.6g）" : "about %.6g (%.6g to %.6g)",
             far->value, far->low, far->high);
  } else {
    snprintf(out, size, "%.9g", far->value);
  }
}

/* Rows of a label that hold a value far from all others. */
typedef struct far_label {
  const hr_dataset *dataset;
  const char *name;
  const hr_far_value *far;
  bool refuses;
} far_label;

static hr_status doubt_far_label(const far_label *in, hr_doubts *doubts, hr_error *err) {
  hr_status status = HR_OK;
  const hr_far_value *far = in->far;
  char value[96];
  size_t row = 0, rows = hr_dataset_rows(in->dataset);
  bool is_told = far->is_near || (far->rows == 1 && !far->is_mark);
  const char *path = hr_dataset_locate(in->dataset, far->first_row, &row);
  write_value(far, false, value, sizeof value);
  HR_TRY(hr_doubts_add(
      doubts, HR_DOUBT_FAR_LABEL, in->refuses && !is_told, err,
      "%s: the label %s is %s in %zu of %zu rows (first in row %zu, counted from 0), "
      "%s all others (%.6g to %.6g)%s: does it stand for a missing value? Remove "
      "these rows",
      path, in->name, value, far->rows, rows, row,
      far->is_near ? "apart from" : "far from", far->least, far->most,
      far->is_near ? ", which hardly ever repeat" : ""));
  write_value(far, true, value, sizeof value);
  HR_TRY(hr_doubts_in_chinese(
      doubts, err,
      "%s：标签 %s 在 %zu 行（共 %zu 行）中为 %s（首见于第 %zu 行，从 0 计），"
      "%s其余数值（%.6g 至 %.6g%s）：它是否表示缺失？请去掉这些行",
      path, in->name, far->rows, rows, value, row, far->is_near ? "不同于" : "远离",
      far->least, far->most, far->is_near ? "，它们几乎从不重复" : ""));
cleanup:
  return status;
}

hr_status hr_doubt_label(const hr_dataset *dataset, const char *name, bool refuses,
                         hr_doubts *doubts, hr_error *err) {
  hr_status status = HR_OK;
  const double *values = NULL;
  hr_far_value far[HR_MOST_FAR_VALUES];
  size_t count = 0, rows = hr_dataset_rows(dataset);
  if (hr_dataset_label(dataset, name, false, &values, NULL) != HR_OK) return HR_OK;
  HR_TRY(hr_find_far_values(values, rows, far, &count, err));
  for (size_t k = 0; k < count; k++) {
    const far_label in = {dataset, name, &far[k], refuses};
    HR_TRY(doubt_far_label(&in, doubts, err));
  }
cleanup:
  return status;
}

/* --- the index --- */

/* Rows that were looked at in one file. */
typedef struct index_look {
  const hr_shard *shard;
  const int64_t *index;
  int64_t first;
  const hr_look *look;
  const double *snr; /* [rows of the dataset] */
} index_look;

/* ratio [count], the label as it stands and as the index says; how many rows have all. */
static size_t pair_rows(const index_look *in, const size_t *row_of_index, double *ratio,
                        double *standing, double *followed) {
  size_t count = 0;
  for (size_t i = 0; i < in->look->count; i++) {
    const hr_look_row *row = &in->look->rows[i];
    if (row->row < in->shard->first_row) continue;
    size_t at = row->row - in->shard->first_row;
    if (at >= in->shard->rows) break;
    double here = in->snr[row->row];
    double there = in->snr[in->shard->first_row + row_of_index[at]];
    if (!isfinite(row->ratio) || !isfinite(here) || !isfinite(there)) continue;
    ratio[count] = row->ratio;
    standing[count] = here;
    followed[count++] = there;
  }
  return count;
}

/* Rank correlations of flux over error with the label; NaN where they cannot be told. */
static hr_status correlate(const index_look *in, double *standing, double *followed,
                           hr_error *err) {
  enum { LEAST_PAIRS = 40 };
  hr_status status = HR_OK;
  size_t *row_of_index = NULL, most = in->look->count;
  double *room = NULL;
  *standing = *followed = NAN;
  if (!in->snr) return HR_OK;
  HR_TRY(hr_alloc(&row_of_index, in->shard->rows, err));
  HR_TRY(hr_alloc(&room, 5 * most, err));
  for (size_t i = 0; i < in->shard->rows; i++) {
    row_of_index[in->index[i] - in->first] = i;
  }
  double *as_is = room + most, *moved = room + 2 * most, *scratch = room + 3 * most;
  size_t count = pair_rows(in, row_of_index, room, as_is, moved);
  if (count < LEAST_PAIRS) goto cleanup;
  *standing = hr_rank_correlation(room, as_is, count, scratch);
  *followed = hr_rank_correlation(room, moved, count, scratch);
cleanup:
  hr_free(row_of_index);
  hr_free(room);
  return status;
}

static hr_status doubt_index(const index_look *in, hr_doubts *doubts, hr_error *err) {
  const double goes = 0.5, goes_not = 0.3;
  double standing = NAN, followed = NAN;
  hr_status status = correlate(in, &standing, &followed, err);
  if (status != HR_OK || standing > goes) return status;
  bool is_clear = followed > goes && standing < goes_not;
  int64_t last = in->first + (int64_t)in->shard->rows - 1;
  status = hr_doubts_add(
      doubts, HR_DOUBT_INDEX, is_clear, err,
      "%s: the index of the labels is %" PRId64 " to %" PRId64
      " in another order than the rows%s; if it says which spectrum a row of labels "
      "belongs to, set data.index: rows, else reset it",
      in->shard->path, in->first, last,
      is_clear ? ", and flux over error goes with the label snr in that order alone"
               : "");
  if (status != HR_OK) return status;
  return hr_doubts_in_chinese(
      doubts, err,
      "%s：标签的索引为 %" PRId64 " 至 %" PRId64
      "，顺序与行不同%s；若它指明每行标签属于哪条光谱，请设 "
      "data.index: rows，否则请重置索引",
      in->shard->path, in->first, last,
      is_clear ? "，且只有按索引的顺序，流量误差比才与标签 snr 相符" : "");
}

hr_status hr_doubt_indices(const hr_look *look, hr_doubts *doubts, hr_error *err) {
  hr_status status = HR_OK;
  size_t count = 0;
  const hr_shard *shards = hr_dataset_shards(look->dataset, &count);
  index_look in = {.look = look};
  if (hr_dataset_label(look->dataset, "snr", false, &in.snr, NULL) != HR_OK) {
    in.snr = NULL;
  }
  for (size_t s = 0; s < count; s++) {
    in.shard = &shards[s];
    in.index = hr_dataset_index(look->dataset, s);
    if (!hr_index_is_shuffled(in.index, in.shard->rows, &in.first)) continue;
    HR_TRY(doubt_index(&in, doubts, err));
  }
cleanup:
  return status;
}
