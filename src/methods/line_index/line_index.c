/* A learner has a Ridge of its own, of the bins that are asked for alone, and the
 * features of their rows. When all rows have come Ridge is solved, its validation tells
 * what it predicts of rows that it has not seen, and on these and their features the
 * model on top is trained, bin by bin and target by target. */
#include "methods/line_index/line_index.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "core/observe.h"
#include "methods/line_index/rows.h"
#include "methods/line_index/top.h"
#include "methods/ridge/cost.h"
#include "methods/ridge/models.h"
#include "models/linear.h"
#include "models/stacked.h"

static const char key[] = "experts.line_index.features";
static const hr_numbers alpha = {NULL, 0}; /* auto */

struct hr_learner {
  const hr_study_view *study;
  const hr_line_index_parameters *parameters;
  size_t targets, bins;      /* T, K */
  size_t wanted_count;       /* W, bins that it is trained for */
  size_t *wanted;            /* [W] their numbers */
  int32_t *bin;              /* [training rows] 0 .. W - 1, or HR_UNCOVERED */
  hr_study_view below_study; /* in which these are the bins */
  hr_learner *below;         /* Ridge's */
  hr_trained *ridges;        /* [T][W + 1] what Ridge has learnt */
  hr_line_rows *rows;        /* [W] */
  hr_trained *trained;       /* [T][K] */
};

hr_gate_table hr_line_index_table(const hr_line_index_parameters *parameters) {
  hr_gate_table table = *hr_gate_table_find(parameters->features);
  if (parameters->components >= 0) table.components = (size_t)parameters->components;
  return table;
}

bool hr_line_index_is_wanted(const hr_line_index_parameters *parameters, size_t k) {
  for (size_t i = 0; i < parameters->bins.count; i++) {
    if ((size_t)parameters->bins.items[i] == k) return true;
  }
  return false;
}

static hr_ridge_options options_of(const hr_line_index_parameters *parameters) {
  hr_ridge_options options = hr_ridge_options_default(&alpha);
  options.name = "line_index";
  options.stage = "solving Ridge for line indices";
  options.learns_sigma = true;
  options.bins_alone = true;
  options.keeps_folds = true;
  options.held_rows = (size_t)parameters->most_rows;
  return options;
}

static hr_trained *trained_of(const hr_learner *learner, size_t target, size_t k) {
  return &learner->trained[target * learner->bins + k];
}

static hr_trained *ridge_of(const hr_learner *learner, size_t target, size_t w) {
  return &learner->ridges[target * (learner->wanted_count + 1) + w];
}

static void line_index_destroy(hr_learner **address) {
  hr_learner *learner = *address;
  *address = NULL;
  if (!learner) return;
  if (learner->below) hr_ridge_models_destroy(&learner->below);
  for (size_t i = 0;
       learner->ridges && i < learner->targets * (learner->wanted_count + 1); i++) {
    hr_trained_fini(&learner->ridges[i]);
  }
  for (size_t w = 0; learner->rows && w < learner->wanted_count; w++) {
    hr_line_rows_fini(&learner->rows[w]);
  }
  for (size_t i = 0; learner->trained && i < learner->targets * learner->bins; i++) {
    hr_trained_fini(&learner->trained[i]);
  }
  hr_free(learner->ridges);
  hr_free(learner->rows);
  hr_free(learner->trained);
  hr_free(learner->wanted);
  hr_free(learner->bin);
  hr_free(learner);
}

/* --- before anything is read --- */

static hr_status line_index_check(const hr_study_view *study, const void *parameters,
                                  hr_error *err) {
  const hr_gate_table table = hr_line_index_table(parameters);
  hr_status status =
      hr_gate_table_place(&table, key, study->wave_angstrom, study->pixels, NULL, err);
  return status == HR_OK ? hr_line_top_check(parameters, err) : status;
}

static void line_index_estimate(const hr_study_view *study, const void *parameters,
                                hr_cost *cost) {
  const hr_line_index_parameters *p = parameters;
  const hr_gate_table table = hr_line_index_table(p);
  const hr_ridge_options options = options_of(p);
  size_t counts[HR_MOST_BINS + 1], wanted[HR_MOST_BINS + 1] = {0}, w = 0, all = 0;
  hr_study_view below = *study;
  hr_count_bins(study->train.bin, study->train.rows, study->bin_count, counts);
  for (size_t k = 0; k < study->bin_count; k++) {
    if (!hr_line_index_is_wanted(p, k)) continue;
    wanted[w++] = counts[k];
    all += counts[k];
  }
  below.bin_count = w;
  wanted[w] = all;
  hr_ridge_estimate(&below, &options, wanted, cost);
  double targets = (double)hr_study_targets(study), pixels = (double)study->pixels;
  double rows = hr_line_rows_bytes(&table, all);
  double numbers = 8 * pixels * (double)(table.components + 3);
  cost->gathered_bytes += rows;
  cost->sampled_bytes += (double)w * hr_line_sample_bytes(&table, study->pixels);
  cost->memory_bytes += 2 * rows + (double)w * targets * numbers;
  cost->bundle_bytes = cost->full_bytes = (double)w * targets * numbers;
  cost->disk_bytes += (double)w * targets * numbers;
}

/* --- the learner's life --- */

static void skip(hr_fit *fit, hr_fit_reason reason, const char *sentence) {
  fit->reason = reason;
  snprintf(fit->note, sizeof fit->note, "%.*s", (int)sizeof fit->note - 1, sentence);
}

static hr_status begin_fits(hr_learner *learner, hr_error *err) {
  hr_status status = HR_OK;
  size_t counts[HR_MOST_BINS + 1];
  const hr_study_view *study = learner->study;
  hr_count_bins(study->train.bin, study->train.rows, learner->bins, counts);
  HR_TRY(hr_alloc(&learner->trained, learner->targets * learner->bins, err));
  for (size_t i = 0; i < learner->targets * learner->bins; i++) {
    size_t k = i % learner->bins;
    hr_fit *fit = &learner->trained[i].fit;
    HR_TRY(hr_fit_init(fit, (int)k, 1, false, 0, err));
    fit->target = i / learner->bins;
    fit->train_rows = counts[k];
    if (!hr_line_index_is_wanted(learner->parameters, k)) {
      skip(fit, HR_REASON_NOT_ASKED_FOR, "this expert was not asked for in this bin");
    }
  }
cleanup:
  return status;
}

/* The bins that are asked for as those of a study of their own. */
static hr_status find_wanted(hr_learner *learner, hr_error *err) {
  hr_status status = HR_OK;
  const hr_study_view *study = learner->study;
  HR_TRY(hr_alloc(&learner->wanted, learner->bins, err));
  HR_TRY(hr_alloc(&learner->bin, study->train.rows, err));
  for (size_t k = 0; k < learner->bins; k++) {
    if (!hr_line_index_is_wanted(learner->parameters, k)) continue;
    learner->wanted[learner->wanted_count++] = k;
  }
  for (size_t i = 0; i < study->train.rows; i++) {
    learner->bin[i] = HR_UNCOVERED;
    for (size_t w = 0; w < learner->wanted_count; w++) {
      if (study->train.bin[i] == (int32_t)learner->wanted[w])
        learner->bin[i] = (int32_t)w;
    }
  }
  learner->below_study = *study;
  learner->below_study.bin_count = learner->wanted_count;
  learner->below_study.train.bin = learner->below_study.train.route = learner->bin;
  learner->below_study.test_bin = NULL;
  learner->below_study.keeper = (hr_keeper){NULL, NULL};
  learner->below_study.store = (hr_store){NULL, NULL, NULL, NULL};
  learner->below_study.keeps_validation = true;
  learner->below_study.keeps_every_target = true;
cleanup:
  return status;
}

static hr_status begin_rows(hr_learner *learner, hr_error *err) {
  hr_status status = HR_OK;
  size_t counts[HR_MOST_BINS + 1];
  const hr_study_view *study = learner->study;
  const hr_gate_table table = hr_line_index_table(learner->parameters);
  const hr_line_plan plan = {study->compute,
                             {key, study->wave_angstrom, study->pixels, study->base},
                             &table,
                             study->seed};
  hr_count_bins(learner->bin, study->train.rows, learner->wanted_count, counts);
  HR_TRY(hr_alloc(&learner->rows, learner->wanted_count, err));
  for (size_t w = 0; w < learner->wanted_count; w++) {
    HR_TRY(hr_line_rows_init(&learner->rows[w], &plan, (int32_t)w, counts[w], err));
  }
cleanup:
  return status;
}

static hr_status line_index_begin(const hr_study_view *study, const void *parameters,
                                  hr_learner **out, hr_error *err) {
  hr_status status = HR_OK;
  hr_learner *learner = NULL;
  HR_TRY(hr_alloc(&learner, 1, err));
  learner->study = study;
  learner->parameters = parameters;
  learner->targets = hr_study_targets(study);
  learner->bins = study->bin_count;
  const hr_ridge_options options = options_of(parameters);
  HR_TRY(begin_fits(learner, err));
  HR_TRY(find_wanted(learner, err));
  HR_TRY(begin_rows(learner, err));
  HR_TRY(hr_ridge_models_begin(&learner->below_study, &options, &learner->below, err));
  *out = learner;
  learner = NULL;
cleanup:
  line_index_destroy(&learner);
  return status;
}

static size_t line_index_sample_rows(const hr_learner *learner) {
  const hr_gate_table table = hr_line_index_table(learner->parameters);
  return table.components > 0 ? HR_LINE_SAMPLE_ROWS : 0;
}

static hr_status line_index_sample(hr_learner *learner, const hr_block *block,
                                   const uint8_t *chosen, hr_error *err) {
  (void)err;
  for (size_t i = 0; i < block->rows; i++) {
    int32_t w = learner->bin[block->first_row + i];
    if (w == HR_UNCOVERED || !(chosen[i] & HR_CHOSEN_OF_BIN)) continue;
    hr_line_rows_sample(&learner->rows[w], block->noisy + i * block->pixels);
  }
  return HR_OK;
}

static hr_status line_index_learn(hr_learner *learner, const hr_block *block,
                                  hr_error *err) {
  hr_status status = HR_OK;
  for (size_t w = 0; w < learner->wanted_count; w++) {
    HR_TRY(hr_line_rows_observe(&learner->rows[w], block, learner->bin + block->first_row,
                                err));
  }
  HR_TRY(hr_ridge_models_learn(learner->below, block, err));
cleanup:
  return status;
}

/* --- training --- */

/* What the model on top is trained on: rows that Ridge has predicted unseen. */
typedef struct stack {
  size_t count;
  size_t *row;     /* [count] numbers in the study */
  double *feature; /* [count][F] */
  float *below;    /* [count] Ridge's prediction, out of fold */
  float *z;        /* [count][I] */
  double *y, *snr; /* [count] */
  uint8_t *fold;   /* [count] */
} stack;

static void stack_fini(stack *s) {
  hr_free(s->row);
  hr_free(s->feature);
  hr_free(s->below);
  hr_free(s->z);
  hr_free(s->y);
  hr_free(s->snr);
  hr_free(s->fold);
}

static hr_status stack_init(stack *s, size_t count, size_t features, hr_error *err) {
  hr_status status = HR_OK;
  s->count = count;
  HR_TRY(hr_alloc(&s->row, count, err));
  HR_TRY(hr_alloc(&s->feature, count * features, err));
  HR_TRY(hr_alloc(&s->below, count, err));
  HR_TRY(hr_alloc(&s->z, count * (features + 1), err));
  HR_TRY(hr_alloc(&s->y, count, err));
  HR_TRY(hr_alloc(&s->snr, count, err));
  HR_TRY(hr_alloc(&s->fold, count, err));
cleanup:
  return status;
}

/* One of these joins what Ridge's validation says with what was measured. */
static hr_status gather(const hr_learner *learner, size_t target, size_t w, stack *s,
                        hr_error *err) {
  hr_status status = HR_OK;
  const hr_line_rows *rows = &learner->rows[w];
  const hr_validation_rows *predicted = &ridge_of(learner, target, w)->fit.validation;
  size_t features = hr_gate_features_count(rows->features), at = 0;
  HR_TRY(stack_init(s, predicted->count, features, err));
  for (size_t i = 0; i < predicted->count; i++) {
    size_t row = predicted->row[i], place = hr_line_rows_find(rows, row);
    if (place == SIZE_MAX) continue;
    for (size_t f = 0; f < features; f++) {
      s->feature[at * features + f] = (double)rows->value[place * features + f];
    }
    s->row[at] = row;
    s->below[at] = predicted->prediction[i];
    s->y[at] = hr_study_target(learner->study, target)[row];
    s->snr[at] = rows->snr[place];
    s->fold[at++] = learner->study->train.fold[row];
  }
  s->count = at;
cleanup:
  return status;
}

/* Mean and standard deviation (N) of input i; what is the same in all rows stays 0. */
static void measure_input(const stack *s, size_t i, size_t features, double *centre,
                          double *scale) {
  double sum = 0, squares = 0, n = (double)s->count;
  for (size_t r = 0; r < s->count; r++) {
    sum += i < features ? s->feature[r * features + i] : (double)s->below[r];
  }
  *centre = sum / n;
  for (size_t r = 0; r < s->count; r++) {
    double x = i < features ? s->feature[r * features + i] : (double)s->below[r];
    squares += (x - *centre) * (x - *centre);
  }
  *scale = squares > 0 ? sqrt(squares / n) : 1;
}

static hr_status make_parts(hr_learner *learner, size_t target, size_t w, const stack *s,
                            hr_stacked_parts *parts, hr_error *err) {
  hr_status status = HR_OK;
  const hr_study_view *study = learner->study;
  const hr_gate_features *features = learner->rows[w].features;
  size_t count = hr_gate_features_count(features);
  hr_model **below = &ridge_of(learner, target, w)->model;
  HR_TRY(hr_gate_features_copy(features, &parts->features, err));
  HR_TRY(hr_alloc(&parts->wave_angstrom, study->pixels, err));
  HR_TRY(hr_alloc(&parts->centre, count + 1, err));
  HR_TRY(hr_alloc(&parts->scale, count + 1, err));
  memcpy(parts->wave_angstrom, study->wave_angstrom,
         study->pixels * sizeof *parts->wave_angstrom);
  for (size_t i = 0; i <= count; i++) {
    measure_input(s, i, count, &parts->centre[i], &parts->scale[i]);
  }
  parts->below = *below;
  *below = NULL;
cleanup:
  return status;
}

/* What is known of the stack is what is known of the model on top, of the rows of the
 * study. */
static hr_status take_fit(const hr_learner *learner, const hr_fit *top, const stack *s,
                          hr_fit *fit, hr_error *err) {
  hr_status status = HR_OK;
  fit->status = HR_FIT_OK;
  fit->cv_r2[0] = top->cv_r2 ? top->cv_r2[top->chosen] : (double)NAN;
  fit->validated_rows = s->count < fit->train_rows ? s->count : 0;
  fit->sigma = top->sigma;
  hr_fit_add_note(fit, top->note);
  if (!hr_study_keeps_validation(learner->study, fit->target, fit->slot)) return HR_OK;
  HR_TRY(hr_validation_rows_init(&fit->validation, top->validation.count, err));
  for (size_t i = 0; i < top->validation.count; i++) {
    hr_validation_rows_add(&fit->validation, s->row[top->validation.row[i]],
                           (double)top->validation.prediction[i]);
  }
cleanup:
  return status;
}

static hr_status make_model(hr_learner *learner, size_t target, size_t w, stack *s,
                            hr_error *err) {
  hr_status status = HR_OK;
  hr_trained *own = trained_of(learner, target, learner->wanted[w]);
  hr_stacked_parts parts = {.top = NULL};
  hr_trained top = {.model = NULL};
  HR_TRY(make_parts(learner, target, w, s, &parts, err));
  hr_stacked_inputs(&parts, s->count, s->feature, s->below, s->z);
  const hr_line_top_rows rows = {.count = s->count,
                                 .inputs = 1 + hr_gate_features_count(parts.features),
                                 .z = s->z,
                                 .y = s->y,
                                 .fold = s->fold,
                                 .snr = s->snr};
  HR_TRY(hr_line_top_train(learner->study, learner->parameters, &rows, &top, err));
  if (top.fit.status != HR_FIT_OK || !top.model) {
    skip(&own->fit, HR_REASON_NONE, top.fit.note);
    own->fit.status = HR_FIT_FAILED;
    goto cleanup;
  }
  parts.top = top.model;
  top.model = NULL;
  HR_TRY(take_fit(learner, &top.fit, s, &own->fit, err));
  HR_TRY(hr_stacked_create_take(own->fit.slot, target, &parts, &own->model, err));
cleanup:
  hr_stacked_parts_fini(&parts);
  hr_trained_fini(&top);
  return status;
}

/* Whether Ridge is there to stand on; else the fit says why not. */
static bool has_ridge(const hr_learner *learner, size_t target, size_t w) {
  const hr_trained *ridge = ridge_of(learner, target, w);
  hr_fit *fit = &trained_of(learner, target, learner->wanted[w])->fit;
  size_t rows = ridge->fit.validation.count;
  if (ridge->fit.status == HR_FIT_OK && rows >= HR_LINE_INDEX_FEWEST) return true;
  fit->status = ridge->fit.status == HR_FIT_FAILED ? HR_FIT_FAILED : HR_FIT_SKIPPED;
  if (fit->status == HR_FIT_FAILED) {
    skip(fit, HR_REASON_NONE, ridge->fit.note);
  } else {
    char sentence[96];
    snprintf(sentence, sizeof sentence,
             "%zu row%s that Ridge predicts unseen, at least %d are needed", rows,
             rows == 1 ? "" : "s", HR_LINE_INDEX_FEWEST);
    skip(fit, HR_REASON_TOO_FEW_ROWS, sentence);
  }
  return false;
}

static hr_status train(hr_learner *learner, size_t target, size_t w, hr_error *err) {
  hr_status status = HR_OK;
  double start = hr_clock_seconds();
  const hr_keeper *keeper = &learner->study->keeper;
  hr_trained *own = trained_of(learner, target, learner->wanted[w]);
  hr_error reason = {.status = HR_OK};
  stack s = {.count = 0};
  if (own->model || !has_ridge(learner, target, w)) return HR_OK;
  double ridge_seconds = ridge_of(learner, target, w)->fit.seconds;
  HR_TRY(gather(learner, target, w, &s, err));
  hr_status made = make_model(learner, target, w, &s, &reason);
  if (made == HR_ERR_MEMORY || made == HR_ERR_NUMERIC) {
    own->fit.status = HR_FIT_FAILED;
    skip(&own->fit, HR_REASON_NONE, reason.message);
    goto cleanup;
  }
  if (made != HR_OK) HR_TRY(hr_fail(err, made, "%s", reason.message));
  own->fit.seconds = ridge_seconds + hr_clock_seconds() - start;
  if (own->model && keeper->keep) {
    HR_TRY(keeper->keep(keeper->context, own->model, &own->fit, err));
  }
cleanup:
  stack_fini(&s);
  return status;
}

static hr_status check_rows(const hr_learner *learner, hr_error *err) {
  for (size_t w = 0; w < learner->wanted_count; w++) {
    const hr_line_rows *rows = &learner->rows[w];
    if (rows->count == rows->most) continue;
    return hr_fail(err, HR_ERR_INTERNAL, "line_index saw %zu rows of bin %zu, not %zu",
                   rows->count, learner->wanted[w], rows->most);
  }
  return HR_OK;
}

static bool line_index_is_trained(const hr_learner *learner) {
  for (size_t i = 0; i < learner->targets * learner->wanted_count; i++) {
    size_t k = learner->wanted[i % learner->wanted_count];
    if (!trained_of(learner, i / learner->wanted_count, k)->model) return false;
  }
  return true;
}

static hr_status line_index_finish(hr_learner *learner, hr_trained *out, hr_error *err) {
  hr_status status = HR_OK;
  if (!line_index_is_trained(learner)) {
    HR_TRY(check_rows(learner, err));
    HR_TRY(
        hr_alloc(&learner->ridges, learner->targets * (learner->wanted_count + 1), err));
    HR_TRY(hr_ridge_models_finish(learner->below, learner->ridges, err));
    for (size_t i = 0; i < learner->targets * learner->wanted_count; i++) {
      HR_TRY(train(learner, i / learner->wanted_count, i % learner->wanted_count, err));
    }
  }
  for (size_t i = 0; i < learner->targets * learner->bins; i++) {
    out[i] = learner->trained[i];
    learner->trained[i] = (hr_trained){.model = NULL};
  }
cleanup:
  return status;
}

static hr_status line_index_resume(hr_learner *learner, const hr_fit *kept,
                                   const char *folder, hr_error *err) {
  hr_status status = HR_OK;
  const hr_model_place place = {folder, learner->study->pixels, 1, &kept->slot, 1};
  hr_trained again = {.model = NULL};
  HR_TRY(hr_stacked_type.load(&place, &again.model, err));
  HR_TRY(hr_fit_copy(kept, &again.fit, err));
  again.model->target = kept->target;
  hr_trained *own = trained_of(learner, kept->target, (size_t)kept->slot);
  hr_trained_fini(own);
  *own = again;
  again = (hr_trained){.model = NULL};
cleanup:
  hr_trained_fini(&again);
  return status;
}

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define MEMBER(member) \
  .name = #member, .offset = offsetof(hr_line_index_parameters, member)

static const hr_field fields[] = {
    {MEMBER(learner), .kind = HR_FIELD_TEXT, .default_text = "ridge",
     .choices = "ridge|lightgbm",
     .help = "What learns from the features and Ridge's prediction: Ridge again, or "
             "LightGBM's trees."},
    {MEMBER(bins), .kind = HR_FIELD_NUMBERS, .default_text = "auto", .minimum = 0,
     .maximum = HR_MOST_BINS - 1, .order = HR_FIELD_DISTINCT, .whole = true,
     .may_be_auto = true, .least_count = 1,
     .help = "The bins that it is trained for; auto: those of binning.focus, all where "
             "there are none."},
    {MEMBER(features), .kind = HR_FIELD_TEXT, .default_text = "default",
     .choices = HR_GATE_TABLE_CHOICES,
     .help =
         "What is measured on the noisy flux, as gates do: mean, depth and equivalent "
         "width of lines, and leading components of the bin's own spectra."},
    {MEMBER(components), .kind = HR_FIELD_INTEGER, .default_text = "-1", .minimum = -1,
     .maximum = HR_GATE_MOST_COMPONENTS,
     .help =
         "The leading components among the features; -1: as many as the features say, "
         "10 or 4."},
    {MEMBER(most_rows), .kind = HR_FIELD_INTEGER, .default_text = "20000",
     .minimum = HR_LINE_INDEX_FEWEST, .maximum = 1e9,
     .help =
         "Rows of each bin that the model on top learns from at most, drawn at random; "
         "their spectra are kept until Ridge is solved."},
};

const hr_method hr_line_index_method = {
    .name = "line_index",
    .title = "Line indices",
    .summary =
        "Line indices and leading components, stacked on what Ridge predicts of "
        "spectra that it has not seen.",
    .kind = &hr_stacked_type,
    .parameters_size = sizeof(hr_line_index_parameters),
    .fields = fields,
    .field_count = COUNT(fields),
    .check = line_index_check,
    .estimate = line_index_estimate,
    .begin = line_index_begin,
    .resume = line_index_resume,
    .is_trained = line_index_is_trained,
    .sample_rows = line_index_sample_rows,
    .sample = line_index_sample,
    .learn = line_index_learn,
    .finish = line_index_finish,
    .destroy = line_index_destroy,
};
