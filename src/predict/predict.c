/* headroom/predict.h: files in, one table out. */
#include "headroom/predict.h"

#include <string.h>
#include <sys/stat.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/observe.h"
#include "core/sized.h"
#include "core/text.h"
#include "predict/reading.h"
#include "predict/scale_tally.h"

static const hr_sized sized_summary = {
    "hr_predict_summary", "to sizeof(hr_predict_summary)", {sizeof(hr_predict_summary)}};

/* What a run of predictions holds. */
typedef struct work {
  const hr_predict_plan *plan;
  const hr_observer *observer;
  hr_prediction_file *file;
  hr_predict_summary summary;
  uint64_t counts[HR_PREDICT_FLAGS]; /* rows of each flag */
  hr_scale_tally scale;              /* of the file that is read */
  uint64_t file_rows, bad_rows;      /* of it */
  hr_text scales;                    /* of files that are on another scale */
  uint64_t bytes;                    /* read so far, of files that are done */
  bool has_told_coarse; /* that a survey's pixels are wider than the model's */
} work;

static void count_rows(work *w, const hr_engine_result *result, size_t rows) {
  const hr_flux_scale *training = &hr_engine_describe(w->plan->engine)->flux;
  const uint32_t none =
      HR_FLAG_BAD_SPECTRUM | HR_FLAG_NO_EXPERT | HR_FLAG_NO_NUMBER | HR_FLAG_FEW_PIXELS;
  for (size_t i = 0; i < rows; i++) {
    uint32_t flags = result->flags[i];
    w->summary.rows++;
    w->file_rows++;
    w->bad_rows += (flags & HR_FLAG_BAD_SPECTRUM) != 0;
    w->summary.failed += (flags & none) != 0;
    w->summary.flagged += flags != 0 && (flags & none) == 0;
    for (size_t f = 0; f < HR_PREDICT_FLAGS; f++) w->counts[f] += (flags >> f) & 1;
    hr_scale_tally_add(&w->scale, training, &result->scale[i], result->side[i]);
  }
}

static hr_status tell(const work *w, const hr_stream *stream, hr_error *err) {
  const hr_progress progress = {
      .stage = "predicting",
      .unit = "rows",
      .done = w->summary.rows,
      .total = w->plan->rows,
      .bytes = w->bytes + (stream ? hr_stream_preparation(stream)->bytes_read : 0),
  };
  return hr_observe_progress(w->observer, &progress, err);
}

/* One block: predicted, counted, written. */
static hr_status predict_block(work *w, const char *path, const hr_reading *from,
                               const hr_block *block, hr_error *err) {
  hr_status status = HR_OK;
  hr_engine_result result = {0};
  hr_prediction_table table = {0};
  hr_bin_column axes[HR_BUNDLE_MOST_AXES];
  const hr_engine *engine = w->plan->engine;
  const hr_engine_rows rows = hr_reading_rows(from, w->plan, block, axes);
  HR_TRY(hr_engine_result_init(engine, block->rows, &result, err));
  HR_TRY(hr_prediction_table_init(&w->plan->table, block->rows, &table, err));
  HR_TRY(hr_engine_predict(engine, &rows, &result, err));
  hr_reading_flag_few(from, 0, block->rows, &result);
  hr_prediction_table_fill(&table, path, &from->input, block->first_row, block->rows,
                           &result);
  HR_TRY(hr_prediction_file_append(w->file, block->rows, table.cells, err));
  count_rows(w, &result, block->rows);
cleanup:
  hr_prediction_table_fini(&table);
  hr_engine_result_fini(&result);
  return status;
}

/* Says so where the flux of the file is on another scale, and begins a new tally. Flux of
 * 1e30 times the scale of the training spectra looks bad to whoever reads it on that. */
static hr_status tell_scale(work *w, const hr_input *input, const char *path,
                            hr_error *err) {
  hr_status status = HR_OK;
  const hr_flux_scale *training = &hr_engine_describe(w->plan->engine)->flux;
  double factor = (double)NAN;
  hr_text text;
  hr_text_init(&text);
  if (input->dataset && 2 * w->bad_rows > w->file_rows) {
    hr_flux_scale own;
    HR_TRY(hr_dataset_measure_scale(input->dataset, input->observed == HR_OBSERVED_NOISY,
                                    &own, err));
    factor = hr_scale_describe_file(&own, training, path, &text);
  } else {
    factor = hr_scale_tally_describe(&w->scale, training, path, &text);
  }
  HR_TRY(hr_text_status(&text, err));
  if (text.length > 0) hr_observe_warning(w->observer, "%s", text.bytes);
  if (factor > 0) {
    hr_text_append(&w->scales, "  %.3g times the training flux is that of ", factor);
    hr_text_append_visible(&w->scales, path);
    hr_text_append(&w->scales, "\n");
  }
cleanup:
  hr_text_fini(&text);
  w->scale = (hr_scale_tally){0};
  w->file_rows = w->bad_rows = 0;
  return status;
}

/* Once, as files of one survey are alike: nobody has taught the models of noise that
 * neighbours share. */
static void tell_coarse(work *w, const hr_survey *survey, const char *path) {
  const double much = 0.2;
  double correlation = hr_survey_correlation(survey);
  if (w->has_told_coarse || !(correlation > much)) return;
  w->has_told_coarse = true;
  hr_observe_warning(w->observer,
                     "%s: its pixels are %.2g times as wide as the model's, so that the "
                     "noise of neighbours goes together (correlation %.2f); models take "
                     "it for independent, and so get the errors that independent noise "
                     "would have, beside which chi2 is too small",
                     path, hr_survey_coarseness(survey), correlation);
}

static hr_status predict_file(work *w, const char *path, hr_error *err) {
  hr_status status = HR_OK;
  hr_reading from = {0};
  hr_block block = {0};
  HR_TRY(hr_reading_open(w->plan, path, w->observer, &from, err));
  for (;;) {
    HR_TRY(hr_reading_next(&from, &block, err));
    if (block.rows == 0) break;
    HR_TRY(predict_block(w, path, &from, &block, err));
    HR_TRY(tell(w, from.stream, err));
  }
  if (from.stream) w->bytes += hr_stream_preparation(from.stream)->bytes_read;
  HR_TRY(tell_scale(w, &from.input, path, err));
  if (from.input.survey) tell_coarse(w, from.input.survey, path);
cleanup:
  hr_reading_fini(&from);
  return status;
}

/* The folder that a file stands in. */
static hr_status folder_of(const char *path, char **out, hr_error *err) {
  hr_status status = hr_copy_text(strchr(path, '/') ? path : ".", out, err);
  char *slash = status == HR_OK ? strrchr(*out, '/') : NULL;
  if (slash) slash[slash == *out ? 1 : 0] = '\0';
  return status;
}

/* A run or a bundle vouches for every file in it: none of them is to be replaced, nor is
 * one to be added. Their folders are three deep. */
static hr_status check_place(const char *out, hr_error *err) {
  hr_status status = HR_OK;
  char *folder = NULL, *upper = NULL;
  struct stat info;
  enum { DEEP = 3 };
  HR_TRY(folder_of(out, &folder, err));
  if (stat(folder, &info) != 0 || !S_ISDIR(info.st_mode)) {
    status = hr_fail(err, HR_ERR_USAGE,
                     "there is no folder %s for %s; make it first, or name another --out",
                     folder, out);
    goto cleanup;
  }
  for (size_t i = 0; i < DEEP && status == HR_OK; i++) {
    if (hr_folder_has(folder, "model.json") || hr_folder_has(folder, "manifest.json")) {
      status =
          hr_fail(err, HR_ERR_USAGE,
                  "%s would stand in %s, which is a run or its model and vouches for "
                  "its files; name another place with --out",
                  out, folder);
      goto cleanup;
    }
    HR_TRY(hr_join_path(folder, "..", &upper, err));
    hr_free(folder);
    folder = upper;
    upper = NULL;
  }
cleanup:
  hr_free(folder);
  return status;
}

/* The table must not take the place of what it is made from. */
static hr_status check_out(const hr_predict_plan *plan, hr_error *err) {
  struct stat out, file;
  hr_status status = check_place(plan->out, err);
  if (status != HR_OK) return status;
  if (stat(plan->out, &out) != 0) return HR_OK;
  for (size_t i = 0; i < plan->options.file_count; i++) {
    if (stat(plan->options.files[i], &file) != 0) continue;
    if (out.st_dev != file.st_dev || out.st_ino != file.st_ino) continue;
    return hr_fail(err, HR_ERR_USAGE,
                   "%s is to be read, and cannot be what is written; name another --out",
                   plan->options.files[i]);
  }
  if (S_ISDIR(out.st_mode)) {
    return hr_fail(err, HR_ERR_USAGE, "%s is a folder; --out names a file", plan->out);
  }
  return HR_OK;
}

static hr_status begin_file(work *w, hr_error *err) {
  hr_status status = HR_OK;
  hr_prediction_table table = {0};
  HR_TRY(hr_prediction_table_init(&w->plan->table, 1, &table, err));
  HR_TRY(hr_prediction_file_create(w->plan->table.format, w->plan->out, table.columns,
                                   table.count, &w->file, err));
cleanup:
  hr_prediction_table_fini(&table);
  return status;
}

static hr_status summarize(const work *w, char **text, hr_error *err) {
  static const char *const flags[][2] = {
#define HR_FLAG_WORDS(name, bit, word, meaning) {word, meaning},
      HR_FLAG_LIST(HR_FLAG_WORDS)
#undef HR_FLAG_WORDS
  };
  hr_text out;
  hr_text_init(&out);
  hr_text_append(&out, "%llu row%s, %llu without a prediction, %llu flagged otherwise\n",
                 (unsigned long long)w->summary.rows, hr_plural((size_t)w->summary.rows),
                 (unsigned long long)w->summary.failed,
                 (unsigned long long)w->summary.flagged);
  for (size_t f = 0; f < HR_PREDICT_FLAGS; f++) {
    if (w->counts[f] == 0) continue;
    hr_text_append(&out, "  %-13s %9llu  %s\n", flags[f][0],
                   (unsigned long long)w->counts[f], flags[f][1]);
  }
  if (w->scales.length > 0) hr_text_append(&out, "%s", w->scales.bytes);
  hr_text_append(&out, "%s\n", w->plan->out);
  hr_status status = hr_text_status(&out, err);
  if (status != HR_OK) {
    hr_text_fini(&out);
    return status;
  }
  *text = out.bytes;
  return HR_OK;
}

static hr_status run(work *w, hr_error *err) {
  hr_status status = HR_OK;
  HR_TRY(check_out(w->plan, err));
  HR_TRY(begin_file(w, err));
  HR_TRY(tell(w, NULL, err));
  for (size_t i = 0; i < w->plan->options.file_count; i++) {
    HR_TRY(predict_file(w, w->plan->options.files[i], err));
  }
  HR_TRY(hr_prediction_file_finish(&w->file, err));
cleanup:
  hr_prediction_file_discard(&w->file);
  return status;
}

hr_status hr_predict(const hr_predict_options *options, const hr_observer *observer,
                     hr_predict_summary *summary, char **text, hr_error *err) {
  hr_status status = HR_OK;
  hr_predict_plan *plan = NULL;
  work w = {.observer = observer};
  hr_text_init(&w.scales);
  if (summary) HR_TRY(hr_sized_check(&sized_summary, summary, err));
  HR_TRY(hr_predict_plan_create(options, observer, &plan, err));
  w.plan = plan;
  HR_TRY(run(&w, err));
  if (summary) HR_TRY(hr_sized_give(&sized_summary, &w.summary, summary, err));
  if (text) HR_TRY(summarize(&w, text, err));
cleanup:
  hr_text_fini(&w.scales);
  hr_predict_plan_destroy(&plan);
  return status;
}

hr_status hr_predict_describe(const hr_predict_options *options,
                              const hr_observer *observer, char **plan_text,
                              hr_error *err) {
  hr_status status = HR_OK;
  hr_predict_plan *plan = NULL;
  hr_text text;
  hr_text_init(&text);
  HR_TRY(hr_predict_plan_create(options, observer, &plan, err));
  HR_TRY(check_out(plan, err));
  HR_TRY(hr_predict_plan_describe(plan, &text, err));
  *plan_text = text.bytes;
  text = (hr_text){0};
cleanup:
  hr_text_fini(&text);
  hr_predict_plan_destroy(&plan);
  return status;
}
