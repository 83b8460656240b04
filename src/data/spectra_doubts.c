/* Medians over the rows of a file, held against what they should be. Thresholds are wide:
 * what is found is wrong by factors, not by per cent. */
#include "data/spectra_doubts.h"

#include <math.h>
#include <stdlib.h>

#include "core/alloc.h"
#include "core/quantile.h"
#include "data/shard.h"

/* Fewer rows of a file say nothing. */
enum { LEAST_ROWS = 20, LEAST_PAIRS = 40 };

/* Which number of a row. */
typedef float (*row_number)(const hr_look_row *row);

static float level_of(const hr_look_row *row) {
  return row->level;
}
static float spread_of(const hr_look_row *row) {
  return row->spread;
}
static float noise_of(const hr_look_row *row) {
  return row->noise;
}
static float scatter_of(const hr_look_row *row) {
  return row->scatter;
}
static float as_inverse_of(const hr_look_row *row) {
  return row->as_inverse;
}
static float as_variance_of(const hr_look_row *row) {
  return row->as_variance;
}

/* The rows that were looked at in one file. */
typedef struct file_look {
  const hr_shard *shard;
  const hr_look_row *rows;
  size_t count;
  double *values;     /* [count of the whole look] scratch */
  double scale, base; /* of the look */
} file_look;

/* Whether a shard goes on with the file of the one before it. */
static bool goes_on(const hr_shard *shards, size_t s) {
  return s > 0 && shards[s].file == shards[s - 1].file;
}

/* All shards of the file that begins with shard number s. */
static file_look look_of(const hr_look *look, size_t s, double *scratch) {
  size_t count = 0, first = 0, last = s;
  const hr_shard *shards = hr_dataset_shards(look->dataset, &count);
  while (last + 1 < count && goes_on(shards, last + 1)) last++;
  size_t end_row = shards[last].first_row + shards[last].rows;
  while (first < look->count && look->rows[first].row < shards[s].first_row) first++;
  size_t end = first;
  while (end < look->count && look->rows[end].row < end_row) end++;
  return (file_look){&shards[s], look->rows + first, end - first,
                     scratch,    look->scale,        look->base};
}

/* The median over the rows that have it, NaN where those are few. */
static double median_of(const file_look *file, row_number number) {
  size_t count = 0;
  for (size_t i = 0; i < file->count; i++) {
    double value = number(&file->rows[i]);
    if (isfinite(value)) file->values[count++] = value;
  }
  if (count < LEAST_ROWS) return NAN;
  hr_sort_numbers(file->values, count);
  return hr_quantile(file->values, count, 0.5);
}

/* What stands in the place of the error, and what should. */
static const char *chinese_kind(bool is_inverse) {
  return is_inverse ? "逆方差" : "方差";
}

static const char *chinese_remedy(bool is_inverse) {
  return is_inverse ? "其平方根的倒数" : "其平方根";
}

/* --- the error, by the noise that is stored --- */

static bool is_about(double value, double expected, double factor) {
  return value >= expected / factor && value <= expected * factor;
}

static hr_status add_kind_of_error(const file_look *file, bool is_inverse,
                                   hr_doubts *doubts, hr_error *err) {
  double scatter = median_of(file, scatter_of);
  hr_status status = hr_doubts_add(
      doubts, HR_DOUBT_ERROR, true, err,
      "%s: %s holds the %s instead of one standard deviation: so (noisy - flux)/error "
      "would scatter by %.3g and not by 1; store %s there",
      file->shard->path, hr_shard_place(file->shard, HR_PLACE_ERROR),
      is_inverse ? "inverse variance" : "variance", scatter,
      is_inverse ? "1/sqrt of it" : "its square root");
  if (status != HR_OK) return status;
  return hr_doubts_in_chinese(
      doubts, err,
      "%s：%s 存的是%s而不是一个标准差：（含噪流量 − 流量）/误差的散布会是 %.3g 而不是 "
      "1；请在那里存入%s",
      file->shard->path, hr_shard_place(file->shard, HR_PLACE_ERROR),
      chinese_kind(is_inverse), scatter, chinese_remedy(is_inverse));
}

/* A scatter off by a sixth is told, one off by a factor of 3 refused. */
static hr_status doubt_scatter(const file_look *file, double scatter, double level,
                               hr_doubts *doubts, hr_error *err) {
  const double told = 1.18, refused = 3, like = 1.3;
  double expected = is_about(scatter, level, told) ? level : 1;
  if (is_about(scatter, expected, told)) return HR_OK;
  if (!is_about(scatter, 1, refused) && is_about(median_of(file, as_inverse_of), 1, like))
    return add_kind_of_error(file, true, doubts, err);
  if (!is_about(scatter, 1, refused) &&
      is_about(median_of(file, as_variance_of), 1, like))
    return add_kind_of_error(file, false, doubts, err);
  hr_status status = hr_doubts_add(
      doubts, HR_DOUBT_ERROR, !is_about(scatter, 1, refused), err,
      "%s: (noisy - flux)/error scatters by %.3g where 1 is expected, so "
      "%s is not one standard deviation of the noise stored there; "
      "correct one of the two",
      file->shard->path, scatter, hr_shard_place(file->shard, HR_PLACE_ERROR));
  return status != HR_OK
             ? status
             : hr_doubts_in_chinese(
                   doubts, err,
                   "%s：（含噪流量 − 流量）/误差的散布为 %.3g，应为 1，因此 %s "
                   "不是那里所存噪声的一个标准差；请改正两者之一",
                   file->shard->path, scatter,
                   hr_shard_place(file->shard, HR_PLACE_ERROR));
}

/* --- the error, by the label snr --- */

/* Rows with a ratio and a label: ratio and snr, and what the ratio would be if the error
 * were an inverse variance, or a variance; [LEAST_PAIRS or more], or count 0. */
typedef struct snr_pairs {
  double *ratio, *snr, *by_inverse, *by_variance;
  size_t count;
} snr_pairs;

static double ratio_spread(const double *values, size_t count, double *scratch) {
  for (size_t i = 0; i < count; i++) scratch[i] = values[i];
  hr_sort_numbers(scratch, count);
  return hr_quantile(scratch, count, 0.9) / hr_quantile(scratch, count, 0.1);
}

/* Where both vary they should vary together. */
static bool can_compare(const snr_pairs *pairs, double *scratch) {
  const double least = 1.2;
  return pairs->count >= LEAST_PAIRS &&
         ratio_spread(pairs->ratio, pairs->count, scratch) > least &&
         ratio_spread(pairs->snr, pairs->count, scratch) > least;
}

static void pair_rows(const file_look *file, const double *snr, snr_pairs *pairs) {
  pairs->count = 0;
  for (size_t i = 0; i < file->count; i++) {
    double ratio = file->rows[i].ratio, label = snr[file->rows[i].row];
    if (!(ratio > 0) || !(label > 0) || !isfinite(ratio * label)) continue;
    double level = ((double)file->rows[i].level + file->base) * file->scale;
    double noise = (double)file->rows[i].noise * file->scale;
    pairs->ratio[pairs->count] = ratio;
    pairs->by_inverse[pairs->count] = level * sqrt(noise);
    pairs->by_variance[pairs->count] = level / sqrt(noise);
    pairs->snr[pairs->count++] = label;
  }
}

/* Median distance from its own median of log(ratio snr^power): how well the ratio follows
 * that power of the label. */
static double misfit(const snr_pairs *pairs, double power, double *scratch) {
  for (size_t i = 0; i < pairs->count; i++) {
    scratch[i] = log(pairs->ratio[i]) - power * log(pairs->snr[i]);
  }
  hr_sort_numbers(scratch, pairs->count);
  double middle = hr_quantile(scratch, pairs->count, 0.5);
  for (size_t i = 0; i < pairs->count; i++) scratch[i] = fabs(scratch[i] - middle);
  hr_sort_numbers(scratch, pairs->count);
  return hr_quantile(scratch, pairs->count, 0.5);
}

/* The median of a ratio over the label. */
static double factor_of(const double *ratio, const snr_pairs *pairs, double *scratch) {
  for (size_t i = 0; i < pairs->count; i++) scratch[i] = ratio[i] / pairs->snr[i];
  hr_sort_numbers(scratch, pairs->count);
  return hr_quantile(scratch, pairs->count, 0.5);
}

static hr_status add_kind_by_snr(const file_look *file, bool is_inverse,
                                 hr_doubts *doubts, hr_error *err) {
  hr_status status = hr_doubts_add(
      doubts, HR_DOUBT_ERROR, true, err,
      "%s: %s goes with the label snr as %s would, not as one standard deviation; "
      "store %s there",
      file->shard->path, hr_shard_place(file->shard, HR_PLACE_ERROR),
      is_inverse ? "an inverse variance" : "a variance",
      is_inverse ? "1/sqrt of it" : "its square root");
  return status != HR_OK
             ? status
             : hr_doubts_in_chinese(
                   doubts, err,
                   "%s：%s 随标签 snr 的变化像%s而不像一个标准差；请在那里存入%s",
                   file->shard->path, hr_shard_place(file->shard, HR_PLACE_ERROR),
                   chinese_kind(is_inverse), chinese_remedy(is_inverse));
}

/* Of flux at one level the ratio goes as snr; with an inverse variance in the place of
 * the error it goes as snr^-2, with a variance as snr^2. */
static hr_status doubt_course(const file_look *file, const snr_pairs *pairs,
                              double *scratch, hr_doubts *doubts, hr_error *err) {
  const double clearly = 3, related = 0.2;
  double own = misfit(pairs, 1, scratch);
  bool is_inverse = clearly * misfit(pairs, -2, scratch) < own;
  bool is_variance = clearly * misfit(pairs, 2, scratch) < own;
  if (is_inverse || is_variance) return add_kind_by_snr(file, is_inverse, doubts, err);
  double rank = hr_rank_correlation(pairs->ratio, pairs->snr, pairs->count, scratch);
  if (rank >= related) return HR_OK;
  hr_status status = hr_doubts_add(
      doubts, HR_DOUBT_SNR, false, err,
      "%s: the label snr does not go with flux over error of the same row (rank "
      "correlation %.2f in %zu rows); see whether the labels are in the order of the "
      "spectra and %s is one standard deviation",
      file->shard->path, rank, pairs->count, hr_shard_place(file->shard, HR_PLACE_ERROR));
  return status != HR_OK
             ? status
             : hr_doubts_in_chinese(
                   doubts, err,
                   "%s：标签 snr 与同一行的流量误差比不符（%zu 行的秩相关为 %.2f）；"
                   "请查看标签与光谱的顺序是否一致，以及 %s 是否为一个标准差",
                   file->shard->path, pairs->count, rank,
                   hr_shard_place(file->shard, HR_PLACE_ERROR));
}

/* Signal-to-noise ratios are given of a pixel, an element of resolution or an angstrom,
 * as a mean, a median or near the largest (0.85 to 0.95 in simulated spectra): within a
 * factor of two or so. Where stored noise has told that the error is right, only a
 * pedestal is looked for. */
static hr_status doubt_size(const file_look *file, const snr_pairs *pairs,
                            double *scratch, hr_doubts *doubts, hr_error *err) {
  const double told = 2.5, far = 30, like = 1.5;
  bool is_certain = isfinite(median_of(file, scatter_of));
  double factor = factor_of(pairs->ratio, pairs, scratch);
  if (is_about(factor, 1, is_certain ? far : told)) return HR_OK;
  bool is_inverse = is_about(factor_of(pairs->by_inverse, pairs, scratch), 1, like);
  bool is_variance = is_about(factor_of(pairs->by_variance, pairs, scratch), 1, like);
  bool is_other = !is_certain && !can_compare(pairs, scratch);
  if (is_other && is_inverse != is_variance) {
    return add_kind_by_snr(file, is_inverse, doubts, err);
  }
  hr_status status = hr_doubts_add(
      doubts, HR_DOUBT_ERROR, false, err,
      "%s: flux over error is %.3g times the label snr; see whether flux "
      "and error have one unit, %s is one standard deviation and the flux is on a "
      "pedestal",
      file->shard->path, factor, hr_shard_place(file->shard, HR_PLACE_ERROR));
  return status != HR_OK
             ? status
             : hr_doubts_in_chinese(doubts, err,
                                    "%s：流量误差比是标签 snr 的 %.3g "
                                    "倍；请查看流量与误差是否同一单位，%s "
                                    "是否为一个标准差，以及流量是否带有基底",
                                    file->shard->path, factor,
                                    hr_shard_place(file->shard, HR_PLACE_ERROR));
}

static hr_status doubt_by_snr(const file_look *file, const double *snr, hr_doubts *doubts,
                              hr_error *err) {
  hr_status status = HR_OK;
  double *room = NULL;
  size_t before = doubts->count, most = file->count;
  HR_TRY(hr_alloc(&room, 8 * most, err));
  snr_pairs pairs = {room, room + most, room + 2 * most, room + 3 * most, 0};
  double *scratch = room + 4 * most;
  pair_rows(file, snr, &pairs);
  if (pairs.count < LEAST_PAIRS) goto cleanup;
  if (can_compare(&pairs, scratch)) {
    HR_TRY(doubt_course(file, &pairs, scratch, doubts, err));
  }
  if (doubts->count > before) goto cleanup;
  HR_TRY(doubt_size(file, &pairs, scratch, doubts, err));
cleanup:
  hr_free(room);
  return status;
}

/* --- the error, by the flux's own scatter --- */

/* Over the rows the logarithm of roughness times error^power: its median, and how far its
 * tenth and ninetieth of a hundred are apart; NaN where rows are few. */
typedef struct rough_course {
  double middle, width;
} rough_course;

static rough_course course_of(const file_look *file, double power) {
  size_t count = 0;
  for (size_t i = 0; i < file->count; i++) {
    double rough = (double)file->rows[i].rough, noise = (double)file->rows[i].noise;
    if (!(rough > 0 && noise > 0)) continue;
    file->values[count++] = log(rough) + power * log(noise * file->scale);
  }
  if (count < LEAST_PAIRS) return (rough_course){(double)NAN, (double)NAN};
  hr_sort_numbers(file->values, count);
  return (rough_course){
      hr_quantile(file->values, count, 0.5),
      hr_quantile(file->values, count, 0.9) - hr_quantile(file->values, count, 0.1)};
}

static hr_status add_kind_by_roughness(const file_look *file, bool is_inverse,
                                       hr_doubts *doubts, hr_error *err) {
  hr_status status =
      hr_doubts_add(doubts, HR_DOUBT_ERROR, true, err,
                    "%s: the flux scatters from pixel to pixel as if %s were %s, "
                    "and not one standard deviation; store %s there",
                    file->shard->path, hr_shard_place(file->shard, HR_PLACE_ERROR),
                    is_inverse ? "an inverse variance" : "a variance",
                    is_inverse ? "1/sqrt of it" : "its square root");
  if (status != HR_OK) return status;
  return hr_doubts_in_chinese(
      doubts, err, "%s：流量逐像素的散布表明 %s 是%s而不是一个标准差；请在那里存入%s",
      file->shard->path, hr_shard_place(file->shard, HR_PLACE_ERROR),
      chinese_kind(is_inverse), chinese_remedy(is_inverse));
}

/* Clean flux that scatters with its error by `found` times it. */
static hr_status add_rough(const file_look *file, bool is_one, double found,
                           hr_doubts *doubts, hr_error *err) {
  hr_status status = hr_doubts_add(
      doubts, HR_DOUBT_ERROR, false, err,
      is_one ? "%s: the flux scatters from pixel to pixel by %.2g times the error of its "
               "row, so it holds noise, and a study adds as much again; "
               "data.noise.level: 0 adds none"
             : "%s: the flux scatters from pixel to pixel by %.2g times the error of its "
               "row, as noise would; see whether the error is one standard deviation of "
               "it",
      file->shard->path, found);
  if (status != HR_OK) return status;
  return hr_doubts_in_chinese(
      doubts, err,
      is_one ? "%s：流量逐像素的散布是该行误差的 %.2g 倍，因此其中已有噪声，而研究会再"
               "加上同样多；data.noise.level: 0 则不加"
             : "%s：流量逐像素的散布是该行误差的 %.2g 倍，像是噪声；"
               "请查看误差是否为其一个标准差",
      file->shard->path, found);
}

/* Lines of clean spectra scatter from pixel to pixel by what the stars are, not by the
 * error. Where the scatter goes with the error of every row, it is noise, and tells what
 * the error is; where the errors of all rows are alike it tells nothing. Noise of the
 * size of its error is as it should be where a study adds none. */
static hr_status doubt_roughness(const file_look *file, double level, hr_doubts *doubts,
                                 hr_error *err) {
  enum { SIGMA, VARIANCE, CLEAN, INVERSE, COURSES };
  static const double powers[COURSES] = {0, 0.5, 1, 1.5};
  const double narrow = log(1.5), like = log(2.5);
  rough_course courses[COURSES];
  int best = SIGMA;
  for (int k = 0; k < COURSES; k++) {
    courses[k] = course_of(file, powers[k]);
    if (courses[k].width < courses[best].width) best = k;
  }
  bool is_clear = courses[best].width < narrow;
  for (int k = 0; k < COURSES; k++) {
    if (k != best && !(1.4 * courses[best].width < courses[k].width)) is_clear = false;
  }
  if (!is_clear || best == CLEAN) return HR_OK;
  double found = exp(courses[best].middle);
  bool is_one = fabs(courses[best].middle) < like;
  if (best != SIGMA && !is_one) return HR_OK;
  if (best != SIGMA) return add_kind_by_roughness(file, best == INVERSE, doubts, err);
  if (is_one && level <= 0) return HR_OK;
  return add_rough(file, is_one, found, doubts, err);
}

/* Of one file; the label `snr` [rows] or NULL. */
static hr_status doubt_error(const file_look *file, const double *snr, double level,
                             hr_doubts *doubts, hr_error *err) {
  hr_status status = HR_OK;
  double scatter = median_of(file, scatter_of);
  size_t before = doubts->count;
  if (isfinite(scatter)) HR_TRY(doubt_scatter(file, scatter, level, doubts, err));
  if (doubts->count == before && snr) HR_TRY(doubt_by_snr(file, snr, doubts, err));
  if (doubts->count == before && !isfinite(scatter)) {
    HR_TRY(doubt_roughness(file, level, doubts, err));
  }
cleanup:
  return status;
}

static const double *find_snr(const hr_dataset *dataset) {
  const double *snr = NULL;
  return hr_dataset_label(dataset, "snr", false, &snr, NULL) == HR_OK ? snr : NULL;
}

hr_status hr_doubt_errors(const hr_look *look, double level, hr_doubts *doubts,
                          hr_error *err) {
  hr_status status = HR_OK;
  double *scratch = NULL;
  size_t count = 0;
  const hr_shard *shards = hr_dataset_shards(look->dataset, &count);
  HR_TRY(hr_alloc(&scratch, look->count, err));
  for (size_t s = 0; s < count; s++) {
    if (goes_on(shards, s)) continue;
    const file_look file = look_of(look, s, scratch);
    HR_TRY(doubt_error(&file, find_snr(look->dataset), level, doubts, err));
  }
cleanup:
  hr_free(scratch);
  return status;
}

/* --- scales --- */

/* Medians over the rows of a file, or of all files; NaN: not known. */
typedef struct file_medians {
  const char *path;
  double level, spread, noise;
} file_medians;

static file_medians medians_of(const file_look *file) {
  return (file_medians){file->shard->path, median_of(file, level_of),
                        median_of(file, spread_of), median_of(file, noise_of)};
}

/* A number in which a file differs from a reference, and by which factor of at least 1;
 * 1: it does not, or that is not known. */
typedef struct difference {
  row_number number;
  const char *what;
  double factor, value, reference;
} difference;

static difference compare(row_number number, const char *what, double value,
                          double reference) {
  difference out = {number, what, 1, value, reference};
  if (value > 0 && reference > 0) out.factor = fmax(value / reference, reference / value);
  return out;
}

/* Levels are compared where they stand out of the spread of lines and slopes, so that
 * flux around 0 is not. */
static difference compare_flux(const file_medians *file, const file_medians *reference) {
  difference spread =
      compare(spread_of, "the spread of the flux", file->spread, reference->spread);
  bool has_level = file->level > file->spread && reference->level > reference->spread;
  if (!has_level) return spread;
  difference level = compare(level_of, "the median flux", file->level, reference->level);
  return 1.1 * level.factor >= spread.factor ? level : spread;
}

/* Whether flux and error differ alike, as in another unit, and not as of fainter stars.
 */
static bool is_unit(const file_medians *file, const file_medians *reference,
                    const difference *flux) {
  const double alike = 1.5;
  double noise = file->noise / reference->noise, ratio = flux->value / flux->reference;
  return !isfinite(noise) || is_about(noise, ratio, alike);
}

/* The difference in units of how far rows of the reference are apart: their median
 * deviation, but no less than some tenths of a per cent. */
static double deviations_of(const hr_look *reference, double *scratch,
                            const difference *found) {
  const double least = 0.003, normal = 1.4826;
  size_t count = 0;
  for (size_t i = 0; i < reference->count; i++) {
    double value = found->number(&reference->rows[i]);
    if (value > 0) scratch[count++] = fabs(log(value / found->reference));
  }
  hr_sort_numbers(scratch, count);
  double deviation = count > 0 ? hr_quantile(scratch, count, 0.5) : 0;
  return log(found->factor) / (normal * fmax(deviation, least));
}

/* In the unit of the files. */
static double of_files(const hr_look *look, const difference *found, double value) {
  return (value + (found->number == level_of ? look->base : 0)) * look->scale;
}

static const char *chinese_what(const difference *found) {
  if (found->number == level_of) return "流量的中位数";
  return found->number == spread_of ? "流量的散布" : "误差的中位数";
}

static hr_status add_scale(const hr_look *look, const difference *found,
                           const char *paths[2], bool refuses, hr_doubts *doubts,
                           hr_error *err) {
  hr_status status =
      hr_doubts_add(doubts, HR_DOUBT_SCALE, refuses, err,
                    "%s: %s is %.3g, but %.3g in %s; bring all files to one scale of "
                    "flux and error",
                    paths[0], found->what, of_files(look, found, found->value),
                    of_files(look, found, found->reference), paths[1]);
  return status != HR_OK
             ? status
             : hr_doubts_in_chinese(doubts, err,
                                    "%s：%s为 %.3g，而在 %s 中为 "
                                    "%.3g；请把所有文件的流量与误差换成同一尺度",
                                    paths[0], chinese_what(found),
                                    of_files(look, found, found->value), paths[1],
                                    of_files(look, found, found->reference));
}

/* The medians of every file: [*count], from hr_alloc. */
static hr_status list_medians(const hr_look *look, double *scratch, file_medians **out,
                              size_t *count, hr_error *err) {
  size_t shard_count = 0;
  const hr_shard *shards = hr_dataset_shards(look->dataset, &shard_count);
  hr_status status = hr_alloc(out, shard_count, err);
  *count = 0;
  for (size_t s = 0; status == HR_OK && s < shard_count; s++) {
    if (goes_on(shards, s)) continue;
    const file_look file = look_of(look, s, scratch);
    (*out)[(*count)++] = medians_of(&file);
  }
  return status;
}

/* Training files among themselves: the two that are farthest apart. Those sorted by
 * brightness differ in the flux more than in the error. */
static hr_status doubt_training(const hr_look *look, const file_medians *files,
                                size_t count, hr_doubts *doubts, hr_error *err) {
  const double told = 2.5, refused = 5;
  difference worst = {.factor = 1};
  const char *paths[2] = {NULL, NULL};
  for (size_t i = 0; i < count; i++) {
    for (size_t j = 0; j < i; j++) {
      difference found = compare_flux(&files[i], &files[j]);
      bool is_worse =
          found.factor > worst.factor && is_unit(&files[i], &files[j], &found);
      if (!is_worse) continue;
      worst = found;
      paths[0] = files[i].path;
      paths[1] = files[j].path;
    }
  }
  if (!(worst.factor >= told)) return HR_OK;
  return add_scale(look, &worst, paths, worst.factor >= refused, doubts, err);
}

/* A file of the test set against all training rows. Fainter stars are no fault: an error
 * that differs alone is told. */
static hr_status doubt_test(const hr_look *train, const file_medians *file,
                            double *scratch, hr_doubts *doubts, hr_error *err) {
  const double large = 5, told = 2.5, refused = 1.5, little = 1.1;
  const char *paths[2] = {file->path, "the training files"};
  const file_look all = {hr_dataset_shards(train->dataset, &(size_t){0}),
                         train->rows,
                         train->count,
                         scratch,
                         train->scale,
                         train->base};
  const file_medians reference = medians_of(&all);
  difference found = compare_flux(file, &reference);
  double deviations = deviations_of(train, scratch, &found);
  bool refuses = (found.factor >= refused && deviations > 10) ||
                 (found.factor >= large && is_unit(file, &reference, &found));
  bool tells = found.factor >= told || (found.factor > little && deviations > 4);
  if (!refuses && !tells) {
    found = compare(noise_of, "the median error", file->noise, reference.noise);
    tells = found.factor >= told;
  }
  if (!refuses && !tells) return HR_OK;
  return add_scale(train, &found, paths, refuses, doubts, err);
}

hr_status hr_doubt_scales(const hr_look *train, const hr_look *other, hr_doubts *doubts,
                          hr_error *err) {
  hr_status status = HR_OK;
  double *scratch = NULL;
  file_medians *files = NULL;
  size_t count = 0;
  bool is_test = other->dataset != train->dataset;
  HR_TRY(hr_alloc(&scratch, train->count + other->count, err));
  HR_TRY(list_medians(other, scratch, &files, &count, err));
  if (!is_test) HR_TRY(doubt_training(train, files, count, doubts, err));
  for (size_t i = 0; is_test && i < count; i++) {
    HR_TRY(doubt_test(train, &files[i], scratch, doubts, err));
  }
cleanup:
  hr_free(files);
  hr_free(scratch);
  return status;
}

/* --- wavelengths --- */

hr_status hr_doubt_wavelengths(const hr_dataset *dataset, hr_doubts *doubts,
                               hr_error *err) {
  size_t count = 0, pixels = hr_dataset_pixels(dataset);
  const hr_shard *shards = hr_dataset_shards(dataset, &count);
  const double *wave = hr_dataset_wave(dataset);
  double first = wave[0], last = wave[pixels - 1];
  const char *zh = last < 1e-3  ? "米"
                   : last < 2.9 ? "微米"
                   : last < 5   ? "埃的对数，或微米"
                   : last < 100 ? "微米"
                                : "纳米";
  const char *unit = last < 1e-3   ? "metres"
                     : last < 2.9  ? "micrometres"
                     : last < 5    ? "the logarithm of angstrom, or micrometres"
                     : last < 100  ? "micrometres"
                     : first < 900 ? "nanometres"
                                   : NULL;
  if (!unit || pixels < 2) return HR_OK;
  hr_status status = hr_doubts_add(
      doubts, HR_DOUBT_WAVELENGTH, false, err,
      "%s: %s goes from %.6g to %.6g, which looks like %s; wavelengths "
      "are in angstrom, convert them",
      shards[0].path, hr_shard_place(&shards[0], HR_PLACE_WAVE), first, last, unit);
  return status != HR_OK
             ? status
             : hr_doubts_in_chinese(
                   doubts, err,
                   "%s：%s 自 %.6g 至 %.6g，像是以%s为单位；波长应以埃为单位，请换算",
                   shards[0].path, hr_shard_place(&shards[0], HR_PLACE_WAVE), first, last,
                   zh);
}
