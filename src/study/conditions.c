/* The conditioning of a study (data/conditioning.h), and the rows that take no part. */
#include "study/conditions.h"

#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/observe.h"
#include "data/prepare.h"

static bool is_text(const char *text, const char *word) {
  return text && strcmp(text, word) == 0;
}

/* A model that scales spectra as a whole needs the zero of their flux. */
static bool keeps_zero(const hr_config *config) {
  for (size_t i = 0; i < config->expert_count; i++) {
    const hr_config_expert *expert = &config->experts[i];
    if (!expert->type->scales_flux) continue;
    if (expert->type->scales_flux(expert->parameters)) return true;
  }
  return false;
}

static hr_conditioning_wish wish_of(const hr_config *config) {
  const char *clip = config->data.clip;
  return (hr_conditioning_wish){.clip = is_text(clip, "true")    ? HR_CLIP_ALWAYS
                                        : is_text(clip, "false") ? HR_CLIP_NEVER
                                                                 : HR_CLIP_AUTO,
                                .mask_bits = config->data.mask_bits,
                                .keeps_zero = keeps_zero(config)};
}

/* --- rows that take no part --- */

typedef struct looking {
  hr_row_conditions *found;
  const hr_dataset *train;
  bool *left_out; /* [rows] */
} looking;

static void leave_out(looking *l, size_t row, const hr_row_report *report) {
  hr_row_conditions *found = l->found;
  size_t within = 0;
  const char *path = hr_dataset_locate(l->train, row, &within);
  l->left_out[row] = true;
  if (found->left_out++ > 0) return;
  snprintf(found->first_left_out, sizeof found->first_left_out, "row %zu of %s, which %s",
           within, path, report->wild ? "is far beyond all others" : "has no good pixel");
  snprintf(found->first_in_chinese, sizeof found->first_in_chinese,
           "%s 的第 %zu 行（%s）", path, within,
           report->wild ? "远超其余各行" : "没有好像素");
}

static hr_status look_at_rows(looking *l, const hr_config *config,
                              const hr_observer *observer, hr_error *err) {
  hr_status status = HR_OK;
  hr_stream *stream = NULL;
  hr_block block = {0};
  hr_stream_options options = hr_stream_options_default();
  hr_progress progress = {.stage = "looking for outliers",
                          .unit = "spectra",
                          .total = hr_dataset_rows(l->train)};
  options.conditioning = &l->found->rows;
  options.memory_bytes = (size_t)config->run.memory_mib << 18; /* a quarter */
  options.count_faults = true;
  HR_TRY(hr_stream_create(l->train, &options, &stream, err));
  for (;;) {
    HR_TRY(hr_stream_next(stream, &block, err));
    if (block.rows == 0) break;
    const hr_row_report *reports = hr_stream_reports(stream);
    for (size_t i = 0; i < block.rows; i++) {
      bool is_sound = reports[i].fault == HR_ROW_GOOD && !reports[i].wild;
      if (!is_sound) leave_out(l, block.first_row + i, &reports[i]);
    }
    progress.done += block.rows;
    HR_TRY(hr_observe_progress(observer, &progress, err));
  }
cleanup:
  hr_stream_destroy(&stream);
  return status;
}

static hr_status learn(hr_row_conditions *conditions, const hr_config *config,
                       const hr_dataset *train, hr_error *err) {
  const hr_conditioning_wish wish = wish_of(config);
  hr_conditioning_fini(&conditions->rows);
  return hr_conditioning_learn(train, &wish, &conditions->rows, &conditions->sample, err);
}

/* What is learned is learned again where rows are left out, so that they have no part in
 * it either. */
static hr_status reject(hr_row_conditions *conditions, const hr_config *config,
                        hr_dataset *train, const hr_observer *observer, hr_error *err) {
  hr_status status = HR_OK;
  looking l = {.found = conditions, .train = train};
  HR_TRY(hr_alloc(&l.left_out, hr_dataset_rows(train), err));
  HR_TRY(look_at_rows(&l, config, observer, err));
  if (conditions->left_out == 0) goto cleanup;
  HR_TRY(hr_dataset_leave_out(train, l.left_out, err));
  HR_TRY(learn(conditions, config, train, err));
cleanup:
  hr_free(l.left_out);
  return status;
}

hr_status hr_conditions_find(hr_row_conditions *conditions, const hr_config *config,
                             hr_dataset *train, const hr_dataset *test,
                             const hr_observer *observer, hr_error *err) {
  hr_status status = HR_OK;
  *conditions = (hr_row_conditions){.rows = hr_conditioning_plain()};
  HR_TRY(learn(conditions, config, train, err));
  if (config->data.reject_outliers) {
    HR_TRY(reject(conditions, config, train, observer, err));
  }
  conditions->train_errors = conditions->rows.knows_errors;
  HR_TRY(hr_dataset_knows_errors(test, &conditions->test_errors, err));
cleanup:
  return status;
}

void hr_conditions_fini(hr_row_conditions *conditions) {
  hr_conditioning_fini(&conditions->rows);
}

/* --- telling --- */

static hr_status doubt_clip(const hr_row_conditions *c, const hr_config *config,
                            hr_doubts *doubts, hr_error *err) {
  const hr_conditioning_sample *sample = &c->sample;
  bool is_auto = is_text(config->data.clip, "auto");
  if (!is_auto || c->rows.clip || c->rows.base != 0) return HR_OK;
  hr_status status =
      hr_doubts_add(doubts, HR_DOUBT_CLIP, false, err,
                    "flux below 0 is not clipped: it is the rule in the training rows, "
                    "%.1f %% of their pixels with a median of %.3g; set data.clip: true "
                    "or false to say which is meant",
                    100 * sample->negative_share, sample->level);
  return status != HR_OK
             ? status
             : hr_doubts_in_chinese(doubts, err,
                                    "零以下的流量未被截断：它在训练行中是常态，占像素的 "
                                    "%.1f %%，中位数为 %.3g；"
                                    "请设 data.clip: true 或 false 以说明用意",
                                    100 * sample->negative_share, sample->level);
}

static hr_status doubt_known_errors(const hr_row_conditions *c, const hr_config *config,
                                    hr_doubts *doubts, hr_error *err) {
  hr_status status = HR_OK;
  if (!c->train_errors && config->data.noise.level > 0) {
    HR_TRY(hr_doubts_add(
        doubts, HR_DOUBT_ERROR, false, err,
        "no training row has an error above 0: no noise is drawn, and no pixel is masked "
        "for it; set data.noise.level: 0 where that is meant"));
    HR_TRY(hr_doubts_in_chinese(doubts, err,
                                "没有任何训练行的误差大于 0：不抽取噪声，也没有像素因此被"
                                "掩膜；若有意如此，请设 data.noise.level: 0"));
  }
  if (!c->test_errors && c->train_errors) {
    HR_TRY(
        hr_doubts_add(doubts, HR_DOUBT_ERROR, false, err,
                      "no row of %s has an error above 0: no pixel is masked for it, and "
                      "experts that know the error know nothing of these rows",
                      config->data.test_path));
    HR_TRY(hr_doubts_in_chinese(doubts, err,
                                "%s 没有任何行的误差大于 0：没有像素因此被掩膜，已知误差"
                                "的专家对这些行的误差一无所知",
                                config->data.test_path));
  }
cleanup:
  return status;
}

static hr_status doubt_bright(const hr_conditioning_sample *sample,
                              const hr_dataset *train, hr_doubts *doubts, hr_error *err) {
  size_t row = 0;
  if (sample->bright_rows == 0) return HR_OK;
  const char *path = hr_dataset_locate(train, sample->first_bright, &row);
  hr_status status = hr_doubts_add(
      doubts, HR_DOUBT_OUTLIERS, false, err,
      "%zu of %zu training rows looked at %s more than five times as bright as the "
      "others, the first is row %zu of %s (counted from 0); see whether their flux and "
      "error have another unit",
      sample->bright_rows, sample->rows, sample->bright_rows == 1 ? "is" : "are", row,
      path);
  return status != HR_OK
             ? status
             : hr_doubts_in_chinese(doubts, err,
                                    "所查看的 %zu 个训练行中，有 %zu "
                                    "行比其余各行亮五倍以上，首见于 %s 的第 %zu 行"
                                    "（从 0 计）；请查看其流量与误差是否用了另一单位",
                                    sample->rows, sample->bright_rows, path, row);
}

/* An expert that could scale spectra as a whole, and is not to; NULL: there is none. */
static const char *find_unscaled(const hr_config *config) {
  for (size_t i = 0; i < config->expert_count; i++) {
    const hr_config_expert *expert = &config->experts[i];
    if (!expert->type->scales_flux) continue;
    if (!expert->type->scales_flux(expert->parameters)) return expert->type->name;
  }
  return NULL;
}

/* Stars as bright as they are, and an expert that compares them as if all were alike. The
 * middle 98 % of normalised spectra are within some tenths of one another. */
static hr_status doubt_brightness(const hr_row_conditions *c, const hr_config *config,
                                  hr_doubts *doubts, hr_error *err) {
  const double apart = 3;
  const hr_flux_scale *flux = &c->sample.flux;
  const char *expert = find_unscaled(config);
  bool has_levels = flux->level > flux->spread && flux->level_low > 0;
  if (!expert || !has_levels || flux->level_high < apart * flux->level_low) return HR_OK;
  hr_status status = hr_doubts_add(
      doubts, HR_DOUBT_SCALE, false, err,
      "training spectra are of unlike brightness, their median flux from %.3g to %.3g in "
      "98 %% of them, and %s takes every flux at its word: rows without a template of "
      "their brightness have no prediction; experts.%s.amplitude: flat leaves the scale "
      "of every spectrum open, or bring all to one level",
      flux->level_low, flux->level_high, expert, expert);
  return status != HR_OK
             ? status
             : hr_doubts_in_chinese(
                   doubts, err,
                   "训练光谱亮度不一，其中 98 %% 的流量中位数从 %.3g 到 %.3g，而 %s "
                   "照原值使用流量：没有同样亮度模板的行没有预测；设 "
                   "experts.%s.amplitude: flat 使每条光谱的尺度自由，或把全部光谱归一",
                   flux->level_low, flux->level_high, expert, expert);
}

hr_status hr_conditions_doubt(const hr_row_conditions *conditions,
                              const hr_config *config, const hr_dataset *train,
                              hr_doubts *doubts, hr_error *err) {
  hr_status status = HR_OK;
  size_t left_out = conditions->left_out;
  HR_TRY(doubt_clip(conditions, config, doubts, err));
  HR_TRY(doubt_known_errors(conditions, config, doubts, err));
  HR_TRY(doubt_bright(&conditions->sample, train, doubts, err));
  HR_TRY(doubt_brightness(conditions, config, doubts, err));
  if (left_out == 0) goto cleanup;
  HR_TRY(hr_doubts_add(doubts, HR_DOUBT_OUTLIERS, false, err,
                       "data.reject_outliers left out %zu training row%s; the first is "
                       "%s",
                       left_out, left_out == 1 ? "" : "s", conditions->first_left_out));
  HR_TRY(hr_doubts_in_chinese(doubts, err,
                              "data.reject_outliers 剔除了 %zu 个训练行；首个是 %s",
                              left_out, conditions->first_in_chinese));
cleanup:
  return status;
}

void hr_conditions_tell(const hr_row_conditions *conditions,
                        const hr_observer *observer) {
  const hr_conditioning *rows = &conditions->rows;
  if (hr_conditioning_is_plain(rows)) return;
  char level[64] = "";
  if (rows->base != 0) {
    snprintf(level, sizeof level, ", and the level of %.6g is taken off",
             rows->base * rows->scale);
  }
  hr_observe_info(
      observer,
      "preparation: one unit of flux is %.6g%s; experts, penalties and models "
      "know nothing else",
      rows->scale, level);
}
