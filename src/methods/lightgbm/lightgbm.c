/* One pass: a bounded sample of every bin gives the bin boundaries, then each block's
 * rows are pushed into their bin's dataset of 8-bit columns, so the spectra are never
 * held. */
#include "methods/lightgbm/lightgbm.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "core/file.h"
#include "core/observe.h"
#include "core/parallel.h"
#include "methods/gather.h"
#include "methods/lightgbm/cost.h"
#include "methods/lightgbm/grow.h"

enum {
  PUSH_ROWS = 256,   /* gathered at a time: enough for all threads, 4 MiB */
  LEAST_LEAVES = 15, /* what the study falls back to where memory runs out */
};

struct hr_learner {
  const hr_study_view *study;
  const hr_lightgbm_parameters *parameters;
  hr_lightgbm_library library; /* loaded where the expert loads it itself */
  const hr_lightgbm_api *api;
  hr_grower grower;
  hr_tree_slot *bins;    /* [K] */
  hr_task *tasks;        /* [K] */
  float **predictions;   /* [K][test rows of the bin] */
  size_t *next_test_row; /* [K] */
  float *gathered;       /* [PUSH_ROWS][P] */
  bool opened;           /* the bin boundaries are made */
};

static hr_tree_size size_of(const hr_lightgbm_parameters *p) {
  return (hr_tree_size){p->num_leaves, p->min_child_samples};
}

static void lightgbm_destroy(hr_learner **address) {
  hr_learner *expert = *address;
  *address = NULL;
  if (!expert) return;
  for (size_t k = 0; k < expert->study->bin_count; k++) {
    if (expert->bins && expert->bins[k].api) hr_tree_slot_fini(&expert->bins[k]);
    if (expert->predictions) hr_free(expert->predictions[k]);
  }
  hr_free(expert->bins);
  hr_free(expert->tasks);
  hr_free(expert->predictions);
  hr_free(expert->next_test_row);
  hr_free(expert->gathered);
  hr_lightgbm_unload(&expert->library);
  hr_free(expert);
}

static hr_status init_bin(hr_learner *expert, size_t k, size_t rows, size_t test_rows,
                          hr_error *err) {
  hr_status status = HR_OK;
  const hr_lightgbm_parameters *p = expert->parameters;
  hr_tree_slot *bin = &expert->bins[k];
  hr_task *task = &expert->tasks[k];
  HR_TRY(hr_alloc(&expert->predictions[k], test_rows, err));
  *task = (hr_task){.bin = (int)k,
                    .status = HR_FIT_SKIPPED,
                    .train_rows = rows,
                    .test_rows = test_rows,
                    .variant_count = 1,
                    .cv_r2 = &bin->cv_r2,
                    .predictions = expert->predictions[k]};
  *bin = (hr_tree_slot){.api = expert->api, .pixels = expert->study->pixels};
  bin->cv_r2 = (double)NAN;
  if (rows < hr_lightgbm_fewest_rows(p)) {
    snprintf(task->note, sizeof task->note,
             "%zu training row%s, at least %zu are needed: two leaves of "
             "min_child_samples %" PRId64,
             rows, rows == 1 ? "" : "s", hr_lightgbm_fewest_rows(p),
             p->min_child_samples);
    goto cleanup;
  }
  bin->rows = rows;
  bin->sample_rows =
      rows < (size_t)p->subsample_for_bin ? rows : (size_t)p->subsample_for_bin;
  HR_TRY(hr_alloc(&bin->sample, bin->sample_rows * bin->pixels, err));
  expert->grower.progress.total +=
      (uint64_t)p->n_estimators * (1 + hr_lightgbm_folds(expert->study, p));
cleanup:
  return status;
}

/* As hr_lightgbm_create_with, into an expert that may hold its library. */
static hr_status init_expert(hr_learner *expert, hr_error *err) {
  hr_status status = HR_OK;
  const hr_study_view *study = expert->study;
  size_t bins = study->bin_count, *rows = NULL, *test_rows = NULL;
  expert->grower = hr_grower_make(expert->api, study, expert->parameters);
  HR_TRY(hr_alloc(&expert->bins, bins, err));
  HR_TRY(hr_alloc(&expert->tasks, bins, err));
  HR_TRY(hr_alloc(&expert->predictions, bins, err));
  HR_TRY(hr_alloc(&expert->next_test_row, bins, err));
  HR_TRY(hr_alloc(&expert->gathered, PUSH_ROWS * study->pixels, err));
  HR_TRY(hr_alloc(&rows, bins + 1, err));
  HR_TRY(hr_alloc(&test_rows, bins + 1, err));
  hr_count_bins(study->train.bin, study->train.rows, bins, rows);
  hr_count_bins(study->test.route, study->test.rows, bins, test_rows);
  for (size_t k = 0; k < bins; k++) {
    HR_TRY(init_bin(expert, k, rows[k], test_rows[k], err));
  }
cleanup:
  hr_free(rows);
  hr_free(test_rows);
  return status;
}

hr_status hr_lightgbm_create_with(const hr_lightgbm_api *api, const hr_study_view *study,
                                  const hr_lightgbm_parameters *parameters,
                                  hr_learner **out, hr_error *err) {
  hr_status status = HR_OK;
  hr_learner *expert = NULL;
  HR_TRY(hr_alloc(&expert, 1, err));
  expert->study = study;
  expert->parameters = parameters;
  expert->api = api;
  HR_TRY(init_expert(expert, err));
  *out = expert;
  expert = NULL;
cleanup:
  lightgbm_destroy(&expert);
  return status;
}

static hr_status lightgbm_create(const hr_study_view *study, const void *parameters,
                                 hr_learner **out, hr_error *err) {
  hr_status status = HR_OK;
  hr_learner *expert = NULL;
  HR_TRY(hr_alloc(&expert, 1, err));
  expert->study = study;
  expert->parameters = parameters;
  HR_TRY(hr_lightgbm_load(&expert->library, err));
  expert->api = &expert->library.api;
  HR_TRY(init_expert(expert, err));
  *out = expert;
  expert = NULL;
cleanup:
  lightgbm_destroy(&expert);
  return status;
}

static hr_status lightgbm_available(hr_error *err) {
  hr_lightgbm_library library;
  hr_status status = hr_lightgbm_load(&library, err);
  if (status == HR_OK) hr_lightgbm_unload(&library);
  return status;
}

static size_t lightgbm_sample_rows(const hr_learner *expert) {
  return (size_t)expert->parameters->subsample_for_bin;
}

/* Adds to the task's note, as far as it holds it. */
static void add_note(hr_task *task, const char *sentence) {
  size_t used = strlen(task->note), room = sizeof task->note - used;
  int length = snprintf(task->note + used, room, "%s%s", used ? "; " : "", sentence);
  if (length < 0) task->note[used] = '\0';
}

/* Ends a task for good; what only concerns it does not end the study. */
static hr_status fail_task(hr_learner *expert, size_t k, hr_status status,
                           const hr_error *reason, hr_error *err) {
  hr_task *task = &expert->tasks[k];
  if (status != HR_ERR_MEMORY && status != HR_ERR_NUMERIC) {
    return hr_fail(err, status, "%s", reason->message);
  }
  add_note(task, reason->message);
  task->status = HR_FIT_FAILED;
  hr_tree_slot_fini(&expert->bins[k]);
  expert->bins[k] = (hr_tree_slot){.api = expert->api, .cv_r2 = (double)NAN};
  return HR_OK;
}

static hr_status open_bins(hr_learner *expert, hr_error *err) {
  hr_status status = HR_OK;
  hr_tree_size size = size_of(expert->parameters);
  for (size_t k = 0; k < expert->study->bin_count; k++) {
    hr_error reason;
    hr_tree_slot *bin = &expert->bins[k];
    if (bin->rows == 0) continue;
    hr_status opened = hr_tree_slot_open(bin, &expert->grower, &size, &reason);
    if (opened != HR_OK) HR_TRY(fail_task(expert, k, opened, &reason, err));
  }
  expert->opened = true;
cleanup:
  return status;
}

/* The boundaries are made as soon as the samples are whole, and the samples freed: then
 * they are not in memory together with the blocks of the pass over all rows. */
static hr_status lightgbm_observe_sample(hr_learner *expert, const hr_block *block,
                                         const bool *chosen, hr_error *err) {
  bool whole = true;
  for (size_t i = 0; i < block->rows; i++) {
    int32_t k = expert->study->train.bin[block->first_row + i];
    if (!chosen[i] || k == HR_UNCOVERED) continue;
    hr_tree_slot_sample(&expert->bins[k], block->noisy + i * block->pixels);
  }
  for (size_t k = 0; k < expert->study->bin_count; k++) {
    whole = whole && expert->bins[k].sampled == expert->bins[k].sample_rows;
  }
  return whole && !expert->opened ? open_bins(expert, err) : HR_OK;
}

/* Pushes the block's rows of one bin. */
static hr_status push_rows(hr_learner *expert, size_t k, const hr_block *block,
                           hr_error *err) {
  hr_gather rows = {.block = block,
                    .bin = expert->study->train.bin + block->first_row,
                    .wanted = (int32_t)k,
                    .rows = expert->gathered,
                    .most = PUSH_ROWS};
  for (size_t count; (count = hr_gather_next(&rows)) > 0;) {
    hr_error reason;
    hr_status pushed =
        hr_tree_slot_push(&expert->bins[k], expert->gathered, count, &reason);
    if (pushed != HR_OK) return fail_task(expert, k, pushed, &reason, err);
  }
  return HR_OK;
}

static hr_status lightgbm_observe(hr_learner *expert, const hr_block *block,
                                  hr_error *err) {
  hr_status status = HR_OK;
  if (!expert->opened) HR_TRY(open_bins(expert, err));
  for (size_t k = 0; k < expert->study->bin_count; k++) {
    if (expert->bins[k].rows > 0) HR_TRY(push_rows(expert, k, block, err));
  }
cleanup:
  return status;
}

/* The bin's targets and folds, in order of its rows. */
static void gather_labels(const hr_learner *expert, size_t k, float *target,
                          uint8_t *fold) {
  const hr_split_view *train = &expert->study->train;
  for (size_t row = 0, at = 0; row < train->rows; row++) {
    if (train->bin[row] != (int32_t)k) continue;
    target[at] = (float)train->target[row];
    fold[at++] = train->fold[row];
  }
}

/* The study's own remedy for too little memory: smaller trees, once. */
static hr_status train_smaller(hr_learner *expert, size_t k, const float *target,
                               const uint8_t *fold, hr_error *err) {
  const hr_lightgbm_parameters *p = expert->parameters;
  hr_tree_size size = size_of(p);
  size.num_leaves = size.num_leaves > LEAST_LEAVES ? LEAST_LEAVES
                    : size.num_leaves > 3          ? size.num_leaves * 3 / 4
                                                   : 2;
  size.min_child_samples = 2 * (size.min_child_samples > 0 ? size.min_child_samples : 1);
  hr_task *task = &expert->tasks[k];
  snprintf(task->note, sizeof task->note,
           "memory ran out with num_leaves %" PRId64 " and min_child_samples %" PRId64
           ", tried again with %" PRId64 " and %" PRId64,
           p->num_leaves, p->min_child_samples, size.num_leaves, size.min_child_samples);
  return hr_tree_slot_train(&expert->bins[k], &expert->grower, &size, target, fold,
                            hr_lightgbm_folds(expert->study, p), err);
}

static void note_time_limit(const hr_learner *expert, const hr_tree_slot *bin,
                            hr_task *task) {
  const hr_lightgbm_parameters *p = expert->parameters;
  char note[sizeof task->note];
  if (bin->grown == p->n_estimators) return;
  snprintf(note, sizeof note,
           "%" PRId64 " of %" PRId64 " trees: time_limit %g s was over", bin->grown,
           p->n_estimators, p->time_limit);
  add_note(task, note);
}

static hr_status train_bin(hr_learner *expert, size_t k, hr_error *err) {
  hr_status status = HR_OK;
  hr_tree_slot *bin = &expert->bins[k];
  hr_task *task = &expert->tasks[k];
  hr_tree_size size = size_of(expert->parameters);
  double start = hr_clock_seconds();
  hr_error reason;
  float *target = NULL;
  uint8_t *fold = NULL;
  HR_TRY(hr_alloc(&target, bin->rows, err));
  HR_TRY(hr_alloc(&fold, bin->rows, err));
  gather_labels(expert, k, target, fold);
  hr_status trained =
      hr_tree_slot_train(bin, &expert->grower, &size, target, fold,
                         hr_lightgbm_folds(expert->study, expert->parameters), &reason);
  if (trained == HR_ERR_MEMORY) trained = train_smaller(expert, k, target, fold, &reason);
  if (trained != HR_OK) {
    status = fail_task(expert, k, trained, &reason, err);
    goto cleanup;
  }
  task->status = HR_FIT_OK;
  task->validated_rows = bin->validated_rows;
  task->validation_seconds = bin->validation_seconds;
  note_time_limit(expert, bin, task);
  bin->api->dataset_free(bin->dataset);
  bin->dataset = NULL;
  task->seconds = hr_clock_seconds() - start;
  const hr_keeper *keeper = &expert->study->keeper;
  if (keeper->keep) HR_TRY(keeper->keep(keeper->context, expert, task, err));
cleanup:
  hr_free(target);
  hr_free(fold);
  return status;
}

typedef struct training {
  hr_learner *expert;
  const hr_lightgbm_schedule *schedule;
  hr_error *errors; /* [shared], status HR_OK for none */
  hr_status watched;
  hr_error *err;
} training;

static void train_one(void *context, size_t i, size_t thread) {
  training *t = context;
  size_t k = t->schedule->order[i];
  (void)thread;
  hr_error err = {.status = HR_OK};
  /* Its rows could not be kept, and its task says so. */
  if (t->expert->bins[k].rows == 0) return;
  if (train_bin(t->expert, k, &err) != HR_OK) t->errors[i] = err;
}

static void watch_training(void *context) {
  training *t = context;
  if (t->watched == HR_OK) t->watched = hr_grower_watch(&t->expert->grower, t->err);
}

static hr_status train_side_by_side(hr_learner *expert,
                                    const hr_lightgbm_schedule *schedule, hr_error *err) {
  hr_status status = HR_OK;
  training t = {.expert = expert, .schedule = schedule, .err = err};
  HR_TRY(hr_alloc(&t.errors, schedule->shared, err));
  expert->grower.is_shared = true;
  hr_parallel_for_watched(schedule->at_once, schedule->shared, train_one, &t,
                          watch_training, &t);
  expert->grower.is_shared = false;
  status = t.watched;
  for (size_t i = 0; i < schedule->shared && status == HR_OK; i++) {
    if (t.errors[i].status == HR_OK) continue;
    status = hr_fail(err, t.errors[i].status, "%s", t.errors[i].message);
  }
cleanup:
  hr_free(t.errors);
  return status;
}

static hr_status train_bins(hr_learner *expert, hr_error *err) {
  hr_status status = HR_OK;
  size_t counts[HR_MOST_BINS + 1];
  const hr_study_view *study = expert->study;
  bool on_cpu = strcmp(expert->grower.device, "cpu") == 0;
  hr_count_bins(study->train.bin, study->train.rows, study->bin_count, counts);
  hr_lightgbm_schedule schedule =
      hr_lightgbm_make_schedule(study, expert->parameters, counts, on_cpu);
  if (schedule.shared > 0) HR_TRY(train_side_by_side(expert, &schedule, err));
  for (size_t i = schedule.shared; i < schedule.count; i++) {
    size_t k = schedule.order[i];
    if (expert->bins[k].rows > 0) HR_TRY(train_bin(expert, k, err));
  }
cleanup:
  return status;
}

static hr_status lightgbm_train(hr_learner *expert, hr_error *err) {
  hr_status status = HR_OK;
  size_t bins = expert->study->bin_count;
  for (size_t k = 0; k < bins; k++) {
    const hr_tree_slot *bin = &expert->bins[k];
    if (bin->pushed == bin->rows) continue;
    return hr_fail(err, HR_ERR_INTERNAL, "lightgbm saw %zu rows of bin %zu, not %zu",
                   bin->pushed, k, bin->rows);
  }
  HR_TRY(train_bins(expert, err));
  for (size_t k = 0; k < bins; k++) {
    const hr_task *task = &expert->tasks[k];
    if (task->status == HR_FIT_SKIPPED || task->note[0] == '\0') continue;
    hr_observe_warning(expert->study->observer, "LightGBM, bin %zu: %s", k, task->note);
  }
cleanup:
  return status;
}

/* Predicts up to PUSH_ROWS rows that were gathered. */
static hr_status predict_gathered(hr_learner *expert, size_t k, size_t count,
                                  hr_error *err) {
  double out[PUSH_ROWS];
  hr_status status =
      hr_tree_slot_predict(&expert->bins[k], expert->gathered, count, out, err);
  for (size_t i = 0; status == HR_OK && i < count; i++) {
    expert->predictions[k][expert->next_test_row[k]++] = (float)out[i];
  }
  return status;
}

static hr_status predict_rows(hr_learner *expert, size_t k, const hr_block *block,
                              hr_error *err) {
  hr_status status = HR_OK;
  hr_gather rows = {.block = block,
                    .bin = expert->study->test.route + block->first_row,
                    .wanted = (int32_t)k,
                    .rows = expert->gathered,
                    .most = PUSH_ROWS};
  for (size_t count; (count = hr_gather_next(&rows)) > 0;) {
    HR_TRY(predict_gathered(expert, k, count, err));
  }
cleanup:
  return status;
}

static hr_status lightgbm_observe_test(hr_learner *expert, const hr_block *block,
                                       hr_error *err) {
  hr_status status = HR_OK;
  for (size_t k = 0; k < expert->study->bin_count; k++) {
    if (expert->tasks[k].status != HR_FIT_OK) continue;
    HR_TRY(predict_rows(expert, k, block, err));
  }
cleanup:
  return status;
}

static const hr_task *lightgbm_tasks(const hr_learner *expert, size_t *count) {
  *count = expert->study->bin_count;
  return expert->tasks;
}

/* importance.csv: what each pixel's splits took off the squared error, in dex^2. */
static hr_status save_importance(const hr_learner *expert, const hr_tree_slot *bin,
                                 const char *folder, hr_error *err) {
  hr_status status = HR_OK;
  size_t pixels = bin->pixels;
  double *gain = NULL;
  char *path = NULL, number[2][HR_FIELD_NUMBER_BYTES];
  hr_text text;
  hr_text_init(&text);
  HR_TRY(hr_alloc(&gain, pixels, err));
  HR_TRY(hr_grower_check(bin->api,
                         bin->api->booster_feature_importance(
                             bin->booster, 0, HR_LGBM_IMPORTANCE_GAIN, gain),
                         err));
  hr_text_append(&text, "pixel,wavelength_angstrom,gain\n");
  for (size_t p = 0; p < pixels; p++) {
    hr_field_format_number(expert->study->wave_angstrom[p], number[0]);
    hr_field_format_number(gain[p], number[1]);
    hr_text_append(&text, "%zu,%s,%s\n", p, number[0], number[1]);
  }
  HR_TRY(hr_text_status(&text, err));
  HR_TRY(hr_join_path(folder, "importance.csv", &path, err));
  HR_TRY(hr_file_write(path, text.bytes, text.length, err));
cleanup:
  hr_text_fini(&text);
  hr_free(gain);
  hr_free(path);
  return status;
}

static hr_status lightgbm_save(const hr_learner *expert, const hr_task *task,
                               const char *folder, hr_error *err) {
  hr_status status = HR_OK;
  const hr_tree_slot *bin = &expert->bins[task->bin];
  char *path = NULL;
  HR_TRY(hr_join_path(folder, "model.txt", &path, err));
  HR_TRY(hr_file_write(path, bin->text, strlen(bin->text), err));
  HR_TRY(save_importance(expert, bin, folder, err));
cleanup:
  hr_free(path);
  return status;
}

/* From model.txt, as keep_model made what predicts; the bin's rows are not asked for. */
static hr_status lightgbm_restore(hr_learner *expert, const hr_task *kept,
                                  const char *folder, hr_error *err) {
  enum { MOST_MODEL_BYTES = 1 << 30 };
  hr_status status = HR_OK;
  hr_tree_slot *bin = &expert->bins[kept->bin];
  hr_task *task = &expert->tasks[kept->bin];
  char *path = NULL, *text = NULL;
  size_t size = 0;
  HR_TRY(hr_join_path(folder, "model.txt", &path, err));
  HR_TRY(hr_file_read(path, MOST_MODEL_BYTES, &text, &size, err));
  HR_TRY(hr_tree_slot_restore_take(bin, &text, err));
  const hr_lightgbm_parameters *p = expert->parameters;
  expert->grower.progress.total -=
      (uint64_t)p->n_estimators * (1 + hr_lightgbm_folds(expert->study, p));
  bin->cv_r2 = kept->cv_r2[0];
  task->status = HR_FIT_OK;
  snprintf(task->note, sizeof task->note, "%s", kept->note);
  task->seconds = kept->seconds;
  task->validated_rows = kept->validated_rows;
  task->validation_seconds = kept->validation_seconds;
cleanup:
  hr_free(path);
  hr_free(text);
  return status;
}

static bool lightgbm_is_trained(const hr_learner *expert) {
  for (size_t k = 0; k < expert->study->bin_count; k++) {
    if (expert->bins[k].rows > 0) return false;
  }
  return true;
}

#define COUNT(array)   (sizeof(array) / sizeof(array)[0])
#define MEMBER(member) .name = #member, .offset = offsetof(hr_lightgbm_parameters, member)

static const hr_field fields[] = {
    {MEMBER(n_estimators), .kind = HR_FIELD_INTEGER, .default_text = "500", .minimum = 1,
     .maximum = 1e6, .alias = "num_iterations", .help = "Trees."},
    {MEMBER(max_depth), .kind = HR_FIELD_INTEGER, .default_text = "5", .minimum = -1,
     .maximum = 1000, .help = "The most levels of a tree; 0 and -1: no limit."},
    {MEMBER(learning_rate), .kind = HR_FIELD_NUMBER, .default_text = "0.05",
     .minimum = 1e-9, .maximum = INFINITY, .alias = "shrinkage_rate",
     .help = "The weight of each tree."},
    {MEMBER(num_leaves), .kind = HR_FIELD_INTEGER, .default_text = "20", .minimum = 2,
     .maximum = 131072, .alias = "max_leaves", .help = "The most leaves of a tree."},
    {MEMBER(feature_fraction), .kind = HR_FIELD_NUMBER, .default_text = "0.3",
     .minimum = 1e-9, .maximum = 1, .alias = "colsample_bytree",
     .help = "The share of pixels that each tree sees."},
    {MEMBER(bagging_fraction), .kind = HR_FIELD_NUMBER, .default_text = "0.7",
     .minimum = 1e-9, .maximum = 1, .alias = "subsample", .only_with = "bagging_freq",
     .help = "The share of rows that each tree sees."},
    {MEMBER(bagging_freq), .kind = HR_FIELD_INTEGER, .default_text = "1", .minimum = 0,
     .maximum = 1e6, .alias = "subsample_freq",
     .help = "Rows are drawn anew after so many trees; 0: never drawn."},
    {MEMBER(min_child_samples), .kind = HR_FIELD_INTEGER, .default_text = "50",
     .minimum = 0, .maximum = 1e9, .alias = "min_data_in_leaf",
     .help = "The fewest rows of a leaf."},
    {MEMBER(reg_alpha), .kind = HR_FIELD_NUMBER, .default_text = "1.0", .minimum = 0,
     .maximum = INFINITY, .alias = "lambda_l1", .help = "The L1 penalty on leaves."},
    {MEMBER(reg_lambda), .kind = HR_FIELD_NUMBER, .default_text = "1.0", .minimum = 0,
     .maximum = INFINITY, .alias = "lambda_l2", .help = "The L2 penalty on leaves."},
    {MEMBER(max_bin), .kind = HR_FIELD_INTEGER, .default_text = "255", .minimum = 2,
     .maximum = 255, .alias = "max_bins",
     .help = "Into how many values each pixel's flux is sorted; 255 is LightGBM's own "
             "default, "
             "63 takes less than half of the time."},
    {MEMBER(subsample_for_bin), .kind = HR_FIELD_INTEGER, .default_text = "2000",
     .minimum = 2, .maximum = 1e9, .alias = "bin_construct_sample_cnt",
     .help = "Training rows of each bin, drawn at random, that the boundaries of its "
             "8-bit columns are made from."},
    {MEMBER(folds), .kind = HR_FIELD_INTEGER, .default_text = "1", .minimum = 0,
     .maximum = 255,
     .help = "How many of the folds of selection.folds are held out in turn for the "
             "validation score; each costs one more training, 0: no score."},
    {MEMBER(time_limit), .kind = HR_FIELD_NUMBER, .default_text = "0", .minimum = 0,
     .maximum = INFINITY,
     .help = "The most seconds that the trees of one model may take; it then has fewer "
             "trees, and says so; 0: no limit."},
    {MEMBER(device), .kind = HR_FIELD_TEXT, .default_text = "auto",
     .choices = "auto|cpu|gpu|cuda", .alias = "device_type",
     .help = "Where trees are grown; auto: on a GPU where there is one, else the CPU."},
};

const hr_method hr_lightgbm_method = {
    .name = "lightgbm",
    .title = "LightGBM",
    .summary = "Gradient-boosted trees on raw noisy flux, never standardised.",
    .parameters_size = sizeof(hr_lightgbm_parameters),
    .fields = fields,
    .field_count = COUNT(fields),
    .available = lightgbm_available,
    .create = lightgbm_create,
    .destroy = lightgbm_destroy,
    .estimate = hr_lightgbm_estimate,
    .sample_rows = lightgbm_sample_rows,
    .observe_sample = lightgbm_observe_sample,
    .observe = lightgbm_observe,
    .train = lightgbm_train,
    .observe_test = lightgbm_observe_test,
    .tasks = lightgbm_tasks,
    .save = lightgbm_save,
    .restore = lightgbm_restore,
    .is_trained = lightgbm_is_trained,
};
