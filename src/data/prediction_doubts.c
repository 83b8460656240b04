/* Predictions against the range of the training labels. */
#include "data/prediction_doubts.h"

#include <math.h>
#include <stdio.h>

#include "data/label_doubts.h"

/* Of numbers, NaN passed over; least is infinite where there are none. */
typedef struct extent {
  double least, most;
} extent;

static void include(extent *all, double value) {
  if (!isfinite(value)) return;
  all->least = fmin(all->least, value);
  all->most = fmax(all->most, value);
}

static extent extent_of(const double *values, size_t count) {
  extent all = {INFINITY, -INFINITY};
  for (size_t i = 0; i < count; i++) include(&all, values[i]);
  return all;
}

/* By how many widths of the labels' range a value is outside of it. */
static double widths_beyond(const extent *labels, double value) {
  double out = fmax(labels->least - value, value - labels->most);
  return fmax(out, 0) / (labels->most - labels->least);
}

static bool stands_for_missing(const extent *labels, const hr_far_value *far) {
  double beyond = widths_beyond(labels, far->value);
  return far->is_mark ? beyond > 0 : far->rows > 1 && beyond > 1;
}

static hr_status doubt_mark(const hr_predicted *in, const extent *labels,
                            const hr_far_value *far, hr_doubts *doubts, hr_error *err) {
  char range[80] = "";
  if (far->high > far->low) {
    snprintf(range, sizeof range, " (%.6g to %.6g)", far->low, far->high);
  }
  hr_status status = hr_doubts_add(
      doubts, HR_DOUBT_OUTSIDE_VALUES, false, err,
      "experts.%s: the prediction of %s in %s is %s%.9g%s in %zu of %zu rows, outside of "
      "the training labels (%.6g to %.6g): does it stand for a missing prediction? %s",
      in->expert, in->target, in->source, far->high > far->low ? "about " : "",
      far->value, range, far->rows, in->rows, labels->least, labels->most,
      in->is_network ? "Have the network give NaN there" : "Leave these cells empty");
  if (status != HR_OK) return status;
  return hr_doubts_in_chinese(
      doubts, err,
      "experts.%s：%s 中 %s 的预测在 %zu 行（共 %zu 行）中为 %.9g%s，在训练标签"
      "（%.6g 至 %.6g）之外：它是否表示缺失？%s",
      in->expert, in->source, in->target, far->rows, in->rows, far->value, range,
      labels->least, labels->most,
      in->is_network ? "请让网络在该处给出 NaN" : "请将这些单元格留空");
}

/* Whether the value is one of the marks. */
static bool is_one_of(const hr_far_value *far, size_t count, double value) {
  for (size_t k = 0; k < count; k++) {
    if (value >= far[k].low && value <= far[k].high) return true;
  }
  return false;
}

static hr_status doubt_unit(const hr_predicted *in, const extent *labels,
                            const hr_far_value *marks, size_t mark_count,
                            hr_doubts *doubts, hr_error *err) {
  size_t known = 0, beyond = 0;
  extent said = extent_of(NULL, 0);
  for (size_t i = 0; i < in->rows; i++) {
    if (!isfinite(in->values[i]) || is_one_of(marks, mark_count, in->values[i])) continue;
    known++;
    include(&said, in->values[i]);
    beyond += widths_beyond(labels, in->values[i]) > 1;
  }
  if (beyond <= known / 2) return HR_OK;
  hr_status status = hr_doubts_add(
      doubts, HR_DOUBT_OUTSIDE_VALUES, false, err,
      "experts.%s: %zu of %zu predictions of %s in %s are farther from the training "
      "labels (%.6g to %.6g) than those are from each other; they are %.6g to %.6g: are "
      "they in another unit? Give them in the label's%s",
      in->expert, beyond, known, in->target, in->source, labels->least, labels->most,
      said.least, said.most, in->is_network ? ", by scale" : "");
  if (status != HR_OK) return status;
  return hr_doubts_in_chinese(
      doubts, err,
      "experts.%s：%s 中 %s 的 %zu 个预测（共 %zu 个，%.6g 至 %.6g）与训练标签"
      "（%.6g 至 %.6g）相距超过后者的范围：单位是否不同？请%s以标签的单位给出",
      in->expert, in->source, in->target, beyond, known, said.least, said.most,
      labels->least, labels->most, in->is_network ? "用 scale " : "");
}

static hr_status doubt_truth(const hr_predicted *in, hr_doubts *doubts, hr_error *err) {
  enum { LEAST_ROWS = 10 };
  static const double share = 2e-3; /* what log g in hundredths, or T_eff in tens, has */
  const extent truth = extent_of(in->truth, in->rows);
  double away = 0;
  size_t known = 0;
  for (size_t i = 0; i < in->rows; i++) {
    if (!isfinite(in->values[i]) || !isfinite(in->truth[i])) continue;
    away = fmax(away, fabs(in->values[i] - in->truth[i]));
    known++;
  }
  if (known < LEAST_ROWS || away > share * (truth.most - truth.least)) return HR_OK;
  hr_status status = hr_doubts_add(
      doubts, HR_DOUBT_OUTSIDE_TRUTH, false, err,
      "experts.%s: the predictions of %s in %s are the truth to within %.2g in all %zu "
      "rows: are they the label itself, rounded? %s",
      in->expert, in->target, in->source, away, known,
      in->is_network ? "Train the network on other rows"
                     : "Name the column of the predictions");
  if (status != HR_OK) return status;
  return hr_doubts_in_chinese(
      doubts, err,
      "experts.%s：%s 中 %s 的预测在全部 %zu 行与真值相差不超过 %.2g：是否即为舍入后的"
      "标签？%s",
      in->expert, in->source, in->target, known, away,
      in->is_network ? "请以其他行训练该网络" : "请指明预测所在的列");
}

hr_status hr_doubt_predictions(const hr_predicted *in, hr_doubts *doubts, hr_error *err) {
  hr_far_value far[HR_MOST_FAR_VALUES];
  size_t count = 0, marks = 0;
  extent labels = extent_of(in->labels, in->label_rows);
  if (!(labels.most > labels.least)) return HR_OK;
  hr_status status = hr_find_far_values(in->values, in->rows, far, &count, err);
  for (size_t k = 0; status == HR_OK && k < count; k++) {
    if (!stands_for_missing(&labels, &far[k])) continue;
    far[marks++] = far[k];
    status = doubt_mark(in, &labels, &far[marks - 1], doubts, err);
  }
  if (status == HR_OK) status = doubt_unit(in, &labels, far, marks, doubts, err);
  return status == HR_OK ? doubt_truth(in, doubts, err) : status;
}
