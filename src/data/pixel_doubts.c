/* What a look has counted, added up for every file. */
#include "data/pixel_doubts.h"

#include <math.h>

#include "core/alloc.h"
#include "core/quantile.h"
#include "data/shard.h"

/* Fewer rows of a file say nothing. */
enum { LEAST_ROWS = 20 };

/* The rows that were looked at in one file, with room for a number of each. */
typedef struct file_rows {
  const char *path;
  const hr_look *look;
  const hr_look_row *rows;
  size_t count;
  double *values;
} file_rows;

/* The value that most of `count` values are, and how many; sorts them. */
static double most_common(double *values, size_t count, size_t *times) {
  double found = NAN;
  *times = 0;
  hr_sort_numbers(values, count);
  for (size_t first = 0, end = 0; first < count; first = end) {
    while (end < count && values[end] <= values[first]) end++;
    if (end - first <= *times) continue;
    *times = end - first;
    found = values[first];
  }
  return found;
}

/* All files of a study have an array in one place. */
static const char *place_of(const file_rows *file, hr_place place) {
  size_t count = 0;
  return hr_shard_place(hr_dataset_shards(file->look->dataset, &count), place);
}

static double of_files(const hr_look *look, double flux) {
  return (flux + look->base) * look->scale;
}

/* --- noisy flux that is the flux --- */

/* Where fp16 holds the flux, noise rounds away by itself; where all is untouched, there
 * is no noise. */
static hr_status doubt_untouched(const file_rows *file, hr_doubts *doubts,
                                 hr_error *err) {
  const double least = 1e-4, most = 0.5;
  double pixels = 0, untouched = 0, coarse = 0;
  size_t with = 0, times = 0;
  for (size_t i = 0; i < file->count; i++) {
    const hr_look_row *row = &file->rows[i];
    pixels += row->pixels;
    untouched += row->untouched;
    coarse += row->coarse;
    if (row->untouched > 0) file->values[with++] = (double)row->untouched_flux;
  }
  double share = untouched / pixels;
  if (!(share >= least && share <= most) || coarse > most * pixels) return HR_OK;
  double value = most_common(file->values, with, &times);
  if (times < 3 || (double)times < most * (double)with) return HR_OK;
  hr_status status = hr_doubts_add(
      doubts, HR_DOUBT_PIXELS, true, err,
      "%s: %.2g %% of the pixels hold %.6g in the flux and in the noisy flux, without "
      "noise, though their error is above 0: are they masked, or a gap? Mark them in %s, "
      "or give them an error of 0",
      file->path, 100 * share, of_files(file->look, value),
      place_of(file, HR_PLACE_MASK));
  return status != HR_OK
             ? status
             : hr_doubts_in_chinese(
                   doubts, err,
                   "%s：%.2g %% 的像素在流量与含噪流量中都是 %.6g，没有噪声，误差却大于 "
                   "0："
                   "它们是被掩膜的像素，还是空缺？请在 %s 中标出，或把其误差设为 0",
                   file->path, 100 * share, of_files(file->look, value),
                   place_of(file, HR_PLACE_MASK));
}

/* --- one far value in many rows --- */

static double end_of(const hr_look_row *row, bool lowest) {
  return (double)(lowest ? row->lowest : row->highest);
}

/* The median distance of `value` from the level of rows that hold it, in their spreads.
 */
static double distance_of(const file_rows *file, double value, bool lowest) {
  size_t count = 0;
  for (size_t i = 0; i < file->count; i++) {
    const hr_look_row *row = &file->rows[i];
    bool holds = end_of(row, lowest) <= value && end_of(row, lowest) >= value;
    if (!holds || !(row->spread > 0)) continue;
    file->values[count++] = fabs(value - (double)row->level) / (double)row->spread;
  }
  hr_sort_numbers(file->values, count);
  return hr_quantile(file->values, count, 0.5);
}

/* The lowest or highest flux of all rows, and how many rows have it. */
static double find_extreme(const file_rows *file, bool lowest, size_t *times) {
  double found = NAN;
  *times = 0;
  for (size_t i = 0; i < file->count; i++) {
    double end = end_of(&file->rows[i], lowest);
    bool is_farther = lowest ? end < found : end > found;
    if (*times == 0 || is_farther) {
      found = end;
      *times = 0;
    }
    *times += end <= found && end >= found;
  }
  return found;
}

static hr_status doubt_mark(const file_rows *file, bool lowest, hr_doubts *doubts,
                            hr_error *err) {
  const double far = 10, share = 0.01;
  size_t times = 0;
  double value = find_extreme(file, lowest, &times);
  if (times < 3 || (double)times < share * (double)file->count) return HR_OK;
  if (!(distance_of(file, value, lowest) > far)) return HR_OK;
  hr_status status = hr_doubts_add(
      doubts, HR_DOUBT_PIXELS, true, err,
      "%s: the %s flux is %.6g in %zu of %zu rows, far from all other "
      "pixels, whose error is above 0: does it stand for a missing "
      "value? Mark such pixels in %s, or give them an error of 0",
      file->path, lowest ? "lowest" : "highest", of_files(file->look, value), times,
      file->count, place_of(file, HR_PLACE_MASK));
  return status != HR_OK
             ? status
             : hr_doubts_in_chinese(
                   doubts, err,
                   "%s：最%s的流量 %.6g 出现在 %zu 行（共 %zu "
                   "行）中，远离其他所有像素，误差却大于 0："
                   "它是否表示缺失？请在 %s 中标出这些像素，或把其误差设为 0",
                   file->path, lowest ? "低" : "高", of_files(file->look, value), times,
                   file->count, place_of(file, HR_PLACE_MASK));
}

/* --- noisy flux far from the flux --- */

static float scatter_in(const file_rows *file) {
  size_t count = 0;
  for (size_t i = 0; i < file->count; i++) {
    double scatter = (double)file->rows[i].scatter;
    if (isfinite(scatter)) file->values[count++] = scatter;
  }
  hr_sort_numbers(file->values, count);
  return (float)hr_quantile(file->values, count, 0.5);
}

/* Where the error is what it should be, which is asked elsewhere. */
static hr_status doubt_far(const file_rows *file, hr_doubts *doubts, hr_error *err) {
  const double refused = 2e-3, many = 0.02; /* of pixels, of rows */
  double pixels = 0, far = 0;
  size_t rows = 0;
  const float scatter = scatter_in(file);
  if (!(scatter > 0.5F && scatter < 2)) return HR_OK;
  for (size_t i = 0; i < file->count; i++) {
    pixels += file->rows[i].pixels;
    far += file->rows[i].far;
    rows += file->rows[i].far > 0;
  }
  if (!(far > 0)) return HR_OK;
  bool refuses = far >= refused * pixels && (double)rows >= many * (double)file->count;
  hr_status status =
      hr_doubts_add(doubts, HR_DOUBT_PIXELS, refuses, err,
                    "%s: the noisy flux is more than %d errors from the flux in %.0f "
                    "pixel%s of %zu row%s, of %zu looked at; mark such pixels in %s",
                    file->path, HR_LOOK_FAR, far, far > 1 ? "s" : "", rows,
                    rows == 1 ? "" : "s", file->count, place_of(file, HR_PLACE_MASK));
  return status != HR_OK
             ? status
             : hr_doubts_in_chinese(doubts, err,
                                    "%s：含噪流量与流量相差超过 %d 倍误差的像素有 %.0f "
                                    "个，分布在 %zu 行中（查看了 "
                                    "%zu 行）；请在 %s 中标出这些像素",
                                    file->path, HR_LOOK_FAR, far, rows, file->count,
                                    place_of(file, HR_PLACE_MASK));
}

/* Training rows would get no noise, and be tested on rows that have it. */
static hr_status doubt_missing_error(const file_rows *file, bool uses_noisy,
                                     hr_doubts *doubts, hr_error *err) {
  for (size_t i = 0; i < file->count; i++) {
    if (!file->rows[i].is_scattered) return HR_OK;
  }
  hr_status status =
      hr_doubts_add(doubts, HR_DOUBT_ERROR, uses_noisy, err,
                    "%s: %s is above 0 nowhere, though the noisy flux scatters about "
                    "the flux: no noise can be drawn; store one standard deviation of "
                    "that noise there",
                    file->path, place_of(file, HR_PLACE_ERROR));
  return status != HR_OK
             ? status
             : hr_doubts_in_chinese(
                   doubts, err,
                   "%s：%s 处处不大于 "
                   "0，含噪流量却围绕流量散布：无法抽取噪声；请在那里存入该噪声的"
                   "一个标准差",
                   file->path, place_of(file, HR_PLACE_ERROR));
}

static hr_status doubt_file(const file_rows *file, bool uses_noisy, hr_doubts *doubts,
                            hr_error *err) {
  hr_status status = HR_OK;
  size_t before = doubts->count;
  if (file->count < LEAST_ROWS) return HR_OK;
  HR_TRY(doubt_missing_error(file, uses_noisy, doubts, err));
  if (doubts->count > before) goto cleanup;
  HR_TRY(doubt_untouched(file, doubts, err));
  if (doubts->count == before) HR_TRY(doubt_mark(file, true, doubts, err));
  if (doubts->count == before) HR_TRY(doubt_mark(file, false, doubts, err));
  if (doubts->count == before && uses_noisy) HR_TRY(doubt_far(file, doubts, err));
cleanup:
  return status;
}

hr_status hr_doubt_pixels(const hr_look *look, bool uses_noisy, hr_doubts *doubts,
                          hr_error *err) {
  hr_status status = HR_OK;
  double *values = NULL;
  size_t shard_count = 0, first = 0;
  const hr_shard *shards = hr_dataset_shards(look->dataset, &shard_count);
  HR_TRY(hr_alloc(&values, look->count, err));
  for (size_t s = 0; s < shard_count; s++) {
    bool goes_on = s + 1 < shard_count && shards[s + 1].file == shards[s].file;
    if (goes_on) continue;
    size_t end = first, end_row = shards[s].first_row + shards[s].rows;
    while (end < look->count && look->rows[end].row < end_row) end++;
    const file_rows file = {shards[s].path, look, look->rows + first, end - first,
                            values};
    HR_TRY(doubt_file(&file, uses_noisy, doubts, err));
    first = end;
  }
cleanup:
  hr_free(values);
  return status;
}

/* --- masks --- */

/* Shares of the pixels that are marked, of rows of one file. */
static hr_status doubt_file_mask(const hr_shard *shard, double *shares, size_t count,
                                 hr_doubts *doubts, hr_error *err) {
  const double most = 0.5;
  if (count < LEAST_ROWS) return HR_OK;
  hr_sort_numbers(shares, count);
  double share = hr_quantile(shares, count, 0.5);
  if (!(share > most)) return HR_OK;
  hr_status status = hr_doubts_add(
      doubts, HR_DOUBT_MASK, true, err,
      "%s: %s marks %.0f %% of the pixels of a row (median of %zu rows), and a pixel "
      "that "
      "is marked is bad: if 1 means good in it, store 0 at good and 1 at bad pixels; if "
      "only some of its bits mean bad, list them as data.mask; data.mask: none ignores "
      "it",
      shard->path, hr_shard_place(shard, HR_PLACE_MASK), 100 * share, count);
  return status != HR_OK
             ? status
             : hr_doubts_in_chinese(doubts, err,
                                    "%s：%s 标出了一行中 %.0f %% 的像素（%zu "
                                    "行的中位数），而被标出的像素就是坏像素："
                                    "若其中 1 表示好，请改存 0 为好、1 "
                                    "为坏；若只有某些位表示坏，请在 data.mask "
                                    "中列出；data.mask: none 则不使用它",
                                    shard->path, hr_shard_place(shard, HR_PLACE_MASK),
                                    100 * share, count);
}

hr_status hr_doubt_masks(const hr_look *look, hr_doubts *doubts, hr_error *err) {
  hr_status status = HR_OK;
  double *shares = NULL, pixels = (double)hr_dataset_pixels(look->dataset);
  size_t shard_count = 0, first = 0;
  const hr_shard *shards = hr_dataset_shards(look->dataset, &shard_count);
  HR_TRY(hr_alloc(&shares, look->mask_count, err));
  for (size_t s = 0; s < shard_count; s++) {
    bool goes_on = s + 1 < shard_count && shards[s + 1].file == shards[s].file;
    size_t count = 0, end_row = shards[s].first_row + shards[s].rows;
    if (goes_on) continue;
    for (; first < look->mask_count && look->masks[first].row < end_row; first++) {
      shares[count++] = (double)look->masks[first].marked / pixels;
    }
    HR_TRY(doubt_file_mask(&shards[s], shares, count, doubts, err));
  }
cleanup:
  hr_free(shares);
  return status;
}
