/* What is asked, in this order, so that what comes first explains what comes later. */
#include "study/check_data.h"

#include <string.h>

#include "config/places.h"
#include "core/alloc.h"
#include "core/fingerprint.h"
#include "core/observe.h"
#include "data/label_doubts.h"
#include "data/pixel_doubts.h"
#include "data/same_stars.h"
#include "data/spectra_doubts.h"
#include "data/twin_rows.h"
#include "study/labels.h"

hr_status hr_study_vet_files(const hr_config *config, const hr_vet_options *options,
                             const hr_observer *observer, hr_error *err) {
  hr_status status = HR_OK;
  const hr_strings *train = &config->data.train_paths;
  const hr_places places = hr_config_places(config);
  hr_vet_options own = *options;
  own.places = &places;
  own.labels = hr_study_own_labels(config, true);
  if (!config->data.untrusted) return HR_OK;
  for (size_t i = 0; i < train->count; i++) {
    HR_TRY(hr_vet_file(train->items[i], &own, observer, err));
  }
  own.labels = hr_study_own_labels(config, false);
  HR_TRY(hr_vet_file(config->data.test_path, &own, observer, err));
  HR_TRY(hr_study_vet_labels(config, observer, err));
cleanup:
  return status;
}

/* How spectra are looked at: as the study would, but with little memory. */
static hr_stream_options streaming_of(const hr_plan *plan, bool training) {
  const size_t most = (size_t)64 << 20;
  hr_stream_options options = hr_plan_stream(plan, training);
  if (options.memory_bytes > most) options.memory_bytes = most;
  return options;
}

static hr_status check_look(hr_plan *plan, const hr_look *train, const hr_look *test,
                            hr_error *err) {
  hr_status status = HR_OK;
  hr_doubts *doubts = &plan->doubts;
  double level = plan->config->data.noise.level;
  HR_TRY(hr_doubt_masks(train, doubts, err));
  HR_TRY(hr_doubt_masks(test, doubts, err));
  if (strcmp(plan->config->data.index, "rows") != 0) {
    HR_TRY(hr_doubt_indices(train, doubts, err));
    HR_TRY(hr_doubt_indices(test, doubts, err));
  }
  HR_TRY(hr_doubt_wavelengths(plan->train, doubts, err));
  HR_TRY(hr_doubt_errors(train, level, doubts, err));
  HR_TRY(hr_doubt_errors(test, level, doubts, err));
  bool is_stored = strcmp(plan->config->data.noise.test, "stored") == 0;
  HR_TRY(hr_doubt_pixels(train, false, doubts, err));
  HR_TRY(hr_doubt_pixels(test, is_stored, doubts, err));
  HR_TRY(hr_doubt_scales(train, train, doubts, err));
  HR_TRY(hr_doubt_scales(train, test, doubts, err));
cleanup:
  return status;
}

static bool is_allowed(const hr_config *config, hr_doubt_code code) {
  for (size_t i = 0; i < config->data.allow.count; i++) {
    if (strcmp(config->data.allow.items[i], hr_doubt_text(code)) == 0) return true;
  }
  return false;
}

static hr_status refuse(hr_plan *plan, hr_error *err) {
  for (size_t i = 0; i < plan->doubts.count; i++) {
    hr_doubt *doubt = &plan->doubts.items[i];
    if (!doubt->refuses) continue;
    if (!is_allowed(plan->config, doubt->code)) {
      return hr_fail(err, HR_ERR_DATA,
                     "%s; where it is meant, data.allow: [%s] lets it be",
                     doubt->sentence, hr_doubt_text(doubt->code));
    }
    doubt->refuses = false;
  }
  return HR_OK;
}

/* A mark among the values of a target spoils it; among those of an axis or `snr` it
 * leaves rows out. */
hr_status hr_plan_check_labels(hr_plan *plan, hr_error *err) {
  hr_status status = HR_OK;
  const hr_dataset *sets[] = {plan->train, plan->test};
  const hr_strings *targets = &plan->config->data.target;
  for (size_t s = 0; s < 2; s++) {
    for (size_t t = 0; t < targets->count; t++) {
      HR_TRY(hr_doubt_label(sets[s], targets->items[t], true, &plan->doubts, err));
    }
    for (size_t a = 0; a < plan->config->binning.axis_count; a++) {
      const char *label = plan->config->binning.axes[a].label;
      bool is_target = false;
      for (size_t t = 0; t < targets->count; t++) {
        is_target = is_target || strcmp(label, targets->items[t]) == 0;
      }
      if (!is_target) HR_TRY(hr_doubt_label(sets[s], label, false, &plan->doubts, err));
    }
  }
  HR_TRY(hr_doubt_label(plan->test, "snr", false, &plan->doubts, err));
  HR_TRY(refuse(plan, err));
cleanup:
  return status;
}

/* A training row of the sample without a good pixel fails as it would in the pass: no
 * study is to be lost to one after it has begun. */
static hr_status check_empty(const hr_plan *plan, const hr_stream_options *training,
                             hr_error *err) {
  hr_status status = HR_OK;
  const hr_conditioning_sample *sample = &plan->conditions.sample;
  hr_stream *stream = NULL;
  hr_block block;
  bool *wanted = NULL;
  hr_stream_options options = *training;
  if (sample->empty_rows == 0) return HR_OK;
  HR_TRY(hr_alloc(&wanted, hr_dataset_rows(plan->train), err));
  wanted[sample->first_empty] = true;
  options.runs = wanted;
  options.run_rows = 1;
  HR_TRY(hr_stream_create(plan->train, &options, &stream, err));
  HR_TRY(hr_stream_next(stream, &block, err));
cleanup:
  hr_stream_destroy(&stream);
  hr_free(wanted);
  return status;
}

static uint64_t print_look(uint64_t print, const hr_look *look) {
  for (size_t i = 0; i < look->count; i++) {
    print = hr_fingerprint_bytes(print, &look->rows[i].row, sizeof look->rows[i].row);
    print = hr_fingerprint_bytes(print, &look->rows[i].print, sizeof look->rows[i].print);
  }
  return print;
}

/* Rows that are sorted by what they do not have. */
static hr_status check_snr(hr_plan *plan, hr_error *err) {
  hr_status status = HR_OK;
  const char *path = plan->config->data.test_path;
  size_t without = plan->rows_without_snr, rows = plan->view.test_rows;
  if (without == 0) return HR_OK;
  HR_TRY(hr_doubts_add(&plan->doubts, HR_DOUBT_NO_SNR, false, err,
                       "%s: the label snr is NaN or infinite in %zu of %zu rows, which "
                       "are left out where rows are sorted by signal-to-noise ratio",
                       path, without, rows));
  HR_TRY(hr_doubts_in_chinese(&plan->doubts, err,
                              "%s：%zu 行（共 %zu 行）的标签 snr 为 NaN 或无穷大，"
                              "按信噪比排序时略去这些行",
                              path, without, rows));
cleanup:
  return status;
}

/* Where both sets take their labels from the same tables a name is a star's. */
static hr_status check_stars(hr_plan *plan, hr_error *err) {
  const char *id = plan->config->data.labels_id;
  if (!plan->config->data.share_tables || !id) return HR_OK;
  return hr_doubt_same_stars(plan->train, plan->test, id, &plan->doubts, err);
}

hr_status hr_plan_check_data(hr_plan *plan, hr_error *err) {
  hr_status status = HR_OK;
  hr_look train = {0}, test = {0};
  const hr_stream_options training = streaming_of(plan, true);
  const hr_stream_options testing = streaming_of(plan, false);
  HR_TRY(hr_look_at(plan->train, &training, &train, err));
  HR_TRY(hr_look_at(plan->test, &testing, &test, err));
  plan->spectra_print = print_look(print_look(hr_fingerprint_start(), &train), &test);
  HR_TRY(check_look(plan, &train, &test, err));
  HR_TRY(hr_doubt_twins(plan->train, plan->test, &training, &plan->doubts, err));
  HR_TRY(check_stars(plan, err));
  HR_TRY(refuse(plan, err));
  HR_TRY(check_snr(plan, err));
  HR_TRY(check_empty(plan, &training, err));
cleanup:
  hr_look_fini(&train);
  hr_look_fini(&test);
  return status;
}

/* --- all rows --- */

/* Rows that may spoil more than themselves. */
static hr_status check_wild(hr_plan *plan, const hr_preparation *train, hr_error *err) {
  size_t row = 0;
  if (train->wild_rows == 0) return HR_OK;
  const char *path = hr_dataset_locate(plan->train, (size_t)train->first_wild_row, &row);
  hr_status status = hr_doubts_add(
      &plan->doubts, HR_DOUBT_OUTLIERS, false, err,
      "the flux of %llu training row%s is far beyond that of all others, "
      "which may spoil every model; the first is row %zu of %s (counted "
      "from 0); data.reject_outliers: true leaves such rows out",
      (unsigned long long)train->wild_rows, train->wild_rows == 1 ? "" : "s", row, path);
  return status != HR_OK
             ? status
             : hr_doubts_in_chinese(
                   &plan->doubts, err,
                   "%llu 个训练行的流量远超其余各行，可能损害每个模型；首见于 %s 的第 "
                   "%zu 行（从 0 "
                   "计）；data.reject_outliers: true 会剔除这样的行",
                   (unsigned long long)train->wild_rows, path, row);
}

/* Runs of rows spread evenly, as many as have no more bytes than `most`. */
static hr_status choose_runs(const hr_dataset *train, size_t run_rows, uint64_t most,
                             bool **out, hr_error *err) {
  size_t runs = (hr_dataset_rows(train) + run_rows - 1) / run_rows;
  uint64_t bytes = hr_dataset_file_bytes(train);
  size_t step = bytes > most ? (size_t)(bytes / most) + 1 : 1;
  hr_status status = hr_alloc(out, runs, err);
  for (size_t i = 0; status == HR_OK && i < runs; i += step) (*out)[i] = true;
  return status;
}

hr_status hr_plan_look_for_wild(hr_plan *plan, uint64_t most_bytes, size_t *looked_at,
                                hr_error *err) {
  enum { MOST_RUN_ROWS = 64, FEWEST_RUNS = 12 };
  hr_status status = HR_OK;
  hr_stream *stream = NULL;
  hr_block block = {0};
  bool *runs = NULL;
  hr_stream_options options = streaming_of(plan, true);
  options.run_rows = hr_dataset_rows(plan->train) / FEWEST_RUNS;
  if (options.run_rows > MOST_RUN_ROWS) options.run_rows = MOST_RUN_ROWS;
  if (options.run_rows == 0) options.run_rows = 1;
  *looked_at = 0;
  HR_TRY(choose_runs(plan->train, options.run_rows, most_bytes, &runs, err));
  options.noise = hr_stream_options_default().noise;
  options.count_faults = options.keep_empty = true;
  options.runs = runs;
  HR_TRY(hr_stream_create(plan->train, &options, &stream, err));
  do {
    HR_TRY(hr_stream_next(stream, &block, err));
    *looked_at += block.rows;
  } while (block.rows > 0);
  HR_TRY(check_wild(plan, hr_stream_preparation(stream), err));
cleanup:
  hr_stream_destroy(&stream);
  hr_free(runs);
  return status;
}

static hr_status check_empty_test(hr_plan *plan, const hr_preparation *test,
                                  hr_error *err) {
  size_t row = 0;
  if (test->empty_rows == 0) return HR_OK;
  const char *path = hr_dataset_locate(plan->test, (size_t)test->first_empty_row, &row);
  hr_status status =
      hr_doubts_add(&plan->doubts, HR_DOUBT_EMPTY, false, err,
                    "%llu test row%s no good pixel, and no prediction; the first is "
                    "row %zu of %s (counted from 0)",
                    (unsigned long long)test->empty_rows,
                    test->empty_rows == 1 ? " has" : "s have", row, path);
  return status != HR_OK
             ? status
             : hr_doubts_in_chinese(&plan->doubts, err,
                                    "%llu 个测试行没有好像素，因而没有预测；首见于 %s "
                                    "的第 %zu 行（从 0 计）",
                                    (unsigned long long)test->empty_rows, path, row);
}

/* The sample asks the median row of a file, all rows are asked one by one. */
static hr_status check_noise(hr_plan *plan, const hr_preparation *test, hr_error *err) {
  size_t row = 0;
  if (test->off_noise_rows == 0) return HR_OK;
  const char *path =
      hr_dataset_locate(plan->test, (size_t)test->first_off_noise_row, &row);
  hr_status status = hr_doubts_add(
      &plan->doubts, HR_DOUBT_ERROR, false, err,
      "(noisy - flux)/error scatters by three times too much or too little in %llu of "
      "%llu test rows, the first is row %zu of %s (counted from 0); see whether flux, "
      "noise and error of these rows have one unit",
      (unsigned long long)test->off_noise_rows, (unsigned long long)test->noise_rows, row,
      path);
  return status != HR_OK
             ? status
             : hr_doubts_in_chinese(
                   &plan->doubts, err,
                   "%llu 个测试行（共 %llu 行）的（含噪流量 − 流量）/误差 的散布大或小三"
                   "倍以上，首见于 %s 的第 %zu 行（从 0 计）；请查看这些行的流量、噪声与"
                   "误差是否同一单位",
                   (unsigned long long)test->off_noise_rows,
                   (unsigned long long)test->noise_rows, path, row);
}

/* A share of all pixels of a set. */
static double share_of(uint64_t pixels, const hr_dataset *dataset) {
  double all = (double)hr_dataset_rows(dataset) * (double)hr_dataset_pixels(dataset);
  return (double)pixels / all;
}

/* The sentences of bad pixels, in both languages. */
static hr_status add_bad_pixels(hr_plan *plan, const hr_preparation *train,
                                const hr_preparation *test, hr_error *err) {
  hr_status status = HR_OK;
  hr_text files[2][2]; /* in English and Chinese, of the training and the test set */
  const hr_bad_files *sets[2] = {&train->bad_files, &test->bad_files};
  double of_train = 100 * share_of(train->bad_pixels, plan->train);
  double of_test = 100 * share_of(test->bad_pixels, plan->test);
  for (int i = 0; i < 4; i++) hr_text_init(&files[i / 2][i % 2]);
  for (int i = 0; i < 4; i++) {
    bool chinese = i >= 2;
    hr_text *own = &files[i / 2][i % 2];
    hr_text_append(own, "%s", chinese ? "（" : " (");
    hr_bad_files_describe(sets[i % 2], chinese, own);
    if (sets[i % 2]->count == 0) hr_text_append(own, "%s", chinese ? "无" : "none");
    hr_text_append(own, "%s", chinese ? "）" : ")");
    HR_TRY(hr_text_status(own, err));
  }
  HR_TRY(
      hr_doubts_add(&plan->doubts, HR_DOUBT_BAD_PIXELS, false, err,
                    "%.2g %% of the training pixels are bad%s, and %.2g %% of the test "
                    "pixels%s: masked, without flux, or without an error above 0; "
                    "headroom inspect says of a file why",
                    of_train, files[0][0].bytes, of_test, files[0][1].bytes));
  HR_TRY(hr_doubts_in_chinese(
      &plan->doubts, err,
      "训练像素中 %.2g %% 是坏像素%s，测试像素中 %.2g %%%s：被掩膜、没有流量，或没有"
      "大于 0 的误差；headroom inspect 会说明某个文件的原因",
      of_train, files[1][0].bytes, of_test, files[1][1].bytes));
cleanup:
  for (int i = 0; i < 4; i++) hr_text_fini(&files[i / 2][i % 2]);
  return status;
}

/* Surveys mask a tenth of their pixels and are well; where it is more, also in one file
 * alone, or one set has many times what the other has, something else may be the reason.
 */
static hr_status check_bad_pixels(hr_plan *plan, const hr_preparation *train,
                                  const hr_preparation *test, hr_error *err) {
  const double many = 0.2, some = 0.02, times = 5;
  double of_train = share_of(train->bad_pixels, plan->train);
  double of_test = share_of(test->bad_pixels, plan->test);
  double more = of_train > of_test ? of_train : of_test;
  double less = of_train > of_test ? of_test : of_train;
  bool is_many = hr_bad_files_worst(&train->bad_files) > many ||
                 hr_bad_files_worst(&test->bad_files) > many;
  /* Noisy rows at rest have lost the lines of the sky, noise-free ones have not
   * (data/rest.h). */
  bool are_alike = plan->velocities.are_used || more <= some || more <= times * less;
  if (!is_many && are_alike) return HR_OK;
  return add_bad_pixels(plan, train, test, err);
}

/* By the sample flux below 0 is no rule; by all rows it may be. */
static hr_status check_clipped(hr_plan *plan, const hr_preparation *train,
                               hr_error *err) {
  const double many = 0.01; /* as of the sample, data/conditioning.h */
  double share = share_of(train->clipped_pixels, plan->train);
  if (strcmp(plan->config->data.clip, "auto") != 0 || share <= many) return HR_OK;
  hr_status status =
      hr_doubts_add(&plan->doubts, HR_DOUBT_CLIP, false, err,
                    "%.2g %% of the training pixels are below 0 and were clipped, "
                    "though %.2g %% of the sample's are; set data.clip: true or false "
                    "to say which is meant",
                    100 * share, 100 * plan->conditions.sample.negative_share);
  return status != HR_OK ? status
                         : hr_doubts_in_chinese(
                               &plan->doubts, err,
                               "训练像素中 %.2g %% 低于 0 并被截断，而样本中为 %.2g "
                               "%%；请设 data.clip: true 或 "
                               "false 以说明用意",
                               100 * share, 100 * plan->conditions.sample.negative_share);
}

hr_status hr_plan_check_rows(hr_plan *plan, const hr_preparation *train,
                             const hr_preparation *test, hr_error *err) {
  hr_status status = HR_OK;
  size_t before = plan->doubts.count;
  HR_TRY(check_wild(plan, train, err));
  HR_TRY(check_empty_test(plan, test, err));
  HR_TRY(check_noise(plan, test, err));
  HR_TRY(check_bad_pixels(plan, train, test, err));
  HR_TRY(check_clipped(plan, train, err));
  for (size_t i = before; i < plan->doubts.count; i++) {
    hr_observe_warning(plan->view.observer, "%s", plan->doubts.items[i].sentence);
    plan->doubts.items[i].is_told = true;
  }
cleanup:
  return status;
}
