/* Files of predictions become columns by row; a network has no lines, and is tried out.
 */
#include "study/outside.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/fingerprint.h"
#include "core/observe.h"
#include "data/prediction_doubts.h"
#include "methods/outside/onnx_file.h"
#include "methods/outside/onnx_model.h"
#include "study/outside_columns.h"

/* One model on its way into the plan. */
typedef struct reading {
  hr_plan *plan;
  const hr_observer *observer;
  const hr_outside_parameters *parameters;
  const char *name;     /* of the model */
  const char *key;      /* of the configuration, that is being looked at */
  hr_outside_rows *out; /* of the plan */
} reading;

static hr_status fail(const reading *r, hr_status status, const hr_error *reason,
                      hr_error *err) {
  return hr_fail(err, status, "%s: experts.%s.%s: %s", r->plan->config->path, r->name,
                 r->key, reason->message);
}

static hr_outside_file file_of(const reading *r, bool has_training) {
  const hr_outside_parameters *p = r->parameters;
  return (hr_outside_file){.plan = r->plan,
                           .parameters = p,
                           .name = r->name,
                           .path = has_training ? p->validation : p->predictions,
                           .has_training = has_training};
}

/* Whether the model is to predict a row that goes to the bin, which may be
 * HR_UNCOVERED. */
static bool is_asked(const reading *r, int32_t bin) {
  if (r->parameters->bins.count == 0) return true;
  return bin != HR_UNCOVERED && hr_outside_is_for(r->parameters, bin);
}

static const char *bins_of(const reading *r) {
  return r->parameters->bins.count > 0 ? " of its bins" : "";
}

/* Rows without a prediction leave every comparison, so that few predictions would take
 * most rows from all the other models. */
static hr_status check_covers(const reading *r, size_t target, const double *values,
                              hr_error *err) {
  const hr_plan *plan = r->plan;
  size_t covered = 0, said = 0;
  for (size_t i = 0; i < plan->view.test_rows; i++) {
    if (plan->test_bin[i] == HR_UNCOVERED || !is_asked(r, plan->test_bin[i])) continue;
    covered++;
    said += isnan(values[i]) == 0;
  }
  if (covered - said <= covered / 2) return HR_OK;
  return hr_fail(err, HR_ERR_DATA,
                 "%s has predictions of %s for %zu of the %zu test rows in %s bins, and "
                 "every method is compared on these alone; give those of more than half, "
                 "or a test set of the rows that it has as data.test",
                 r->parameters->predictions, hr_study_target_name(&plan->view, target),
                 said, covered, r->parameters->bins.count > 0 ? "its" : "the");
}

/* What does not meet is told, as both arms of every comparison lack it. */
static void tell_missing(const reading *r, size_t target, const double *values) {
  const hr_plan *plan = r->plan;
  size_t asked = 0, missing = 0;
  for (size_t i = 0; i < plan->view.test_rows; i++) {
    if (!is_asked(r, plan->test_route[i])) continue;
    asked++;
    missing += isnan(values[i]) != 0;
  }
  if (missing == 0) return;
  hr_observe_warning(r->observer,
                     "experts.%s: %zu of %zu test rows%s have no prediction of %s in %s; "
                     "they are left out of what is compared",
                     r->name, missing, asked, bins_of(r),
                     hr_study_target_name(&plan->view, target),
                     r->parameters->predictions);
}

/* What was added to the doubts last, for reports, is said now, too. */
static void tell_doubt(const reading *r) {
  hr_doubt *doubt = &r->plan->doubts.items[r->plan->doubts.count - 1];
  hr_observe_warning(r->observer, "%s", doubt->sentence);
  doubt->is_told = true;
}

/* Predictions of test rows, or of training rows, that look like no labels. */
static hr_status tell_odd_values(const reading *r, const hr_outside_file *file,
                                 size_t target, const double *values, hr_error *err) {
  const hr_study_view *view = &r->plan->view;
  const hr_predicted predicted = {
      .expert = r->name,
      .target = hr_study_target_name(view, target),
      .source = file->path,
      .values = values,
      .rows = file->has_training ? view->train.rows : view->test_rows,
      .labels = hr_study_target(view, target),
      .label_rows = view->train.rows,
      .truth = file->has_training ? hr_study_target(view, target)
                                  : r->plan->targets[target].test.target};
  size_t before = r->plan->doubts.count;
  hr_status status = hr_doubt_predictions(&predicted, &r->plan->doubts, err);
  for (size_t i = before; status == HR_OK && i < r->plan->doubts.count; i++) {
    hr_observe_warning(r->observer, "%s", r->plan->doubts.items[i].sentence);
    r->plan->doubts.items[i].is_told = true;
  }
  return status;
}

/* A prediction is of use without a sigma. */
static hr_status tell_unsure(const reading *r, size_t target, const double *values,
                             const double *sigma, hr_error *err) {
  hr_status status = HR_OK;
  const hr_plan *plan = r->plan;
  size_t said = 0, unsure = 0;
  for (size_t i = 0; i < plan->view.test_rows; i++) {
    if (!is_asked(r, plan->test_route[i]) || isnan(values[i])) continue;
    said++;
    unsure += isnan(sigma[i]) != 0;
  }
  if (unsure == 0) return HR_OK;
  const char *name = hr_study_target_name(&plan->view, target);
  const char *file = r->parameters->predictions;
  HR_TRY(hr_doubts_add(&r->plan->doubts, HR_DOUBT_OUTSIDE, false, err,
                       "experts.%s: %zu of %zu predictions of %s in %s have no sigma "
                       "above 0; whether sigma holds is asked of the others",
                       r->name, unsure, said, name, file));
  HR_TRY(hr_doubts_in_chinese(&r->plan->doubts, err,
                              "experts.%s：%s 中 %s 的 %zu 个预测（共 %zu 个）没有大于 0 "
                              "的 σ；σ 是否可信只由其余的预测检验",
                              r->name, file, name, unsure, said));
  tell_doubt(r);
cleanup:
  return status;
}

static hr_status tell_not_validated(const reading *r, size_t target, const double *values,
                                    hr_error *err) {
  hr_status status = HR_OK;
  const hr_study_view *view = &r->plan->view;
  size_t asked = 0, missing = 0;
  for (size_t i = 0; i < view->train.rows; i++) {
    if (!is_asked(r, view->train.bin[i])) continue;
    asked++;
    missing += isnan(values[i]) != 0;
  }
  if (missing == 0) return HR_OK;
  const char *name = hr_study_target_name(view, target);
  const char *file = r->parameters->validation;
  const char *its = r->parameters->bins.count > 0 ? "其分箱的" : "";
  HR_TRY(hr_doubts_add(&r->plan->doubts, HR_DOUBT_OUTSIDE, false, err,
                       "experts.%s: %zu of %zu training rows%s have no prediction of %s "
                       "in %s; its validation is that of the others, which should not be "
                       "the easier ones",
                       r->name, missing, asked, bins_of(r), name, file));
  HR_TRY(hr_doubts_in_chinese(&r->plan->doubts, err,
                              "experts.%s：%s 中没有 %zu 个%s训练行（共 %zu 行）的 %s "
                              "预测；其验证只用其余各行，而它们不应是较易预测的那些",
                              r->name, file, missing, its, asked, name));
  tell_doubt(r);
cleanup:
  return status;
}

static void tell_strangers(const reading *r, const hr_outside_file *file) {
  size_t strangers = 0;
  for (size_t l = 0; l < file->table.rows; l++) {
    strangers += file->row[l] == HR_OUTSIDE_NO_ROW;
  }
  if (strangers > 0) {
    hr_observe_warning(r->observer,
                       "experts.%s: %zu of %zu lines of %s are no %s rows and are not "
                       "used",
                       r->name, strangers, file->table.rows, file->path,
                       hr_outside_file_split(file));
  }
}

/* A network is tried out now, where the runtime is there to run it; where it is not the
 * study goes on without it, as it does without LightGBM. */
static hr_status look_at_network(reading *r, const hr_method *type, hr_error *err) {
  hr_status status = HR_OK;
  r->key = "onnx";
  HR_TRY(hr_onnx_file_print(r->parameters->onnx, &r->out->print, err));
  if (type->available(NULL) != HR_OK) return HR_OK;
  HR_TRY(hr_onnx_model_check(&r->plan->view, r->parameters, &r->key, err));
cleanup:
  return status;
}

/* Predictions are of spectra as their author had them. */
static hr_status tell_unseen_noise(const reading *r, hr_error *err) {
  hr_status status = HR_OK;
  const hr_config *config = r->plan->config;
  const char *file = r->parameters->predictions;
  double level = config->data.noise.level;
  if (strcmp(config->data.noise.test, "generated") != 0 || level == 0) return HR_OK;
  HR_TRY(hr_doubts_add(&r->plan->doubts, HR_DOUBT_OUTSIDE_NOISE, false, err,
                       "experts.%s: its predictions in %s were made before the noise of "
                       "level %g that is drawn for the test spectra here "
                       "(data.noise.test: generated), which the other methods have to "
                       "see through; judge it with data.noise.test: stored, or give the "
                       "network as onnx",
                       r->name, file, level));
  HR_TRY(hr_doubts_in_chinese(
      &r->plan->doubts, err,
      "experts.%s：%s 中的预测早于此处为测试光谱生成的噪声（水平 %g，data.noise.test: "
      "generated），其他方法则面对该噪声；请用 data.noise.test: stored 评判，或以 onnx "
      "给出网络",
      r->name, file, level));
  tell_doubt(r);
cleanup:
  return status;
}

static hr_status read_predictions(reading *r, hr_error *err) {
  hr_status status = HR_OK;
  size_t rows = r->plan->view.test_rows, targets = hr_study_targets(&r->plan->view);
  hr_outside_file file = file_of(r, false);
  bool has_sigma = r->parameters->sigma != NULL;
  HR_TRY(hr_alloc(&r->out->prediction, targets * rows, err));
  if (has_sigma) HR_TRY(hr_alloc(&r->out->sigma, targets * rows, err));
  HR_TRY(hr_outside_file_read(&file, r->observer, &r->key, err));
  tell_strangers(r, &file);
  HR_TRY(tell_unseen_noise(r, err));
  for (size_t t = 0; t < targets; t++) {
    double *values = r->out->prediction + t * rows;
    r->key = "column";
    HR_TRY(hr_outside_take_predictions(&file, t, values, err));
    r->key = "predictions";
    HR_TRY(check_covers(r, t, values, err));
    tell_missing(r, t, values);
    HR_TRY(tell_odd_values(r, &file, t, values, err));
    if (!has_sigma) continue;
    r->key = "sigma";
    HR_TRY(hr_outside_take_sigma(&file, t, r->out->sigma + t * rows, err));
    HR_TRY(tell_unsure(r, t, values, r->out->sigma + t * rows, err));
  }
cleanup:
  hr_outside_file_fini(&file);
  return status;
}

/* Whether the training rows have the numbers of the test rows, one by one, and not all
 * the same one. */
static bool repeats_test_rows(const reading *r) {
  const hr_study_view *view = &r->plan->view;
  const double *test = r->out->prediction, *training = r->out->validation;
  size_t rows = view->test_rows < view->train.rows ? view->test_rows : view->train.rows;
  bool varies = false;
  for (size_t i = 0; i < rows; i++) {
    bool is_none = isnan(test[i]) && isnan(training[i]);
    if (!is_none && test[i] != training[i]) return false;
    varies =
        varies || (i > 0 && !isnan(test[i]) && !isnan(test[0]) && test[i] != test[0]);
  }
  return varies;
}

/* A copy of the predictions is another file, and no validation. */
static hr_status check_is_own(const reading *r, hr_error *err) {
  const hr_outside_parameters *p = r->parameters;
  if (!p->predictions || p->id || !repeats_test_rows(r)) return HR_OK;
  return hr_fail(err, HR_ERR_DATA,
                 "%s has the very predictions of the test rows, which are in %s; give "
                 "those of the training rows, by models that had not seen them, or leave "
                 "validation out",
                 p->validation, p->predictions);
}

static hr_status read_validation(reading *r, hr_error *err) {
  hr_status status = HR_OK;
  size_t rows = r->plan->view.train.rows, targets = hr_study_targets(&r->plan->view);
  hr_outside_file file = file_of(r, true);
  const hr_outside_parameters *p = r->parameters;
  if (!p->validation) return HR_OK;
  r->key = "validation";
  if (p->predictions && !p->id && strcmp(p->validation, p->predictions) == 0) {
    return hr_fail(err, HR_ERR_CONFIG,
                   "%s has the predictions of the test rows, too, and its rows have no "
                   "names; name a label that both sets have as id, or give the training "
                   "rows a file of their own",
                   p->validation);
  }
  HR_TRY(hr_alloc(&r->out->validation, targets * rows, err));
  HR_TRY(hr_outside_file_read(&file, r->observer, &r->key, err));
  tell_strangers(r, &file);
  for (size_t t = 0; t < targets; t++) {
    double *values = r->out->validation + t * rows;
    HR_TRY(hr_outside_take_predictions(&file, t, values, err));
    if (t == 0) HR_TRY(check_is_own(r, err));
    HR_TRY(tell_not_validated(r, t, values, err));
    HR_TRY(tell_odd_values(r, &file, t, values, err));
  }
cleanup:
  hr_outside_file_fini(&file);
  return status;
}

static hr_status read_one(hr_plan *plan, size_t e, const hr_observer *observer,
                          hr_error *err) {
  hr_status status = HR_OK;
  hr_error reason = {.status = HR_OK};
  const hr_config_expert *expert = &plan->config->experts[e];
  reading r = {.plan = plan,
               .observer = observer,
               .parameters = expert->parameters,
               .name = expert->type->name,
               .key = "predictions",
               .out = &plan->outside[e]};
  for (size_t i = 0; i < plan->view.test_rows; i++) {
    r.out->asked += is_asked(&r, plan->test_route[i]);
  }
  if (r.parameters->onnx) {
    HR_TRY(look_at_network(&r, expert->type, &reason));
  } else {
    HR_TRY(read_predictions(&r, &reason));
  }
  HR_TRY(read_validation(&r, &reason));
cleanup:
  return status == HR_OK ? HR_OK : fail(&r, status, &reason, err);
}

hr_status hr_outside_read(hr_plan *plan, const hr_observer *observer, hr_error *err) {
  hr_status status = HR_OK;
  HR_TRY(hr_alloc(&plan->outside, plan->config->expert_count, err));
  for (size_t e = 0; e < plan->config->expert_count; e++) {
    if (!plan->config->experts[e].outside) continue;
    HR_TRY(read_one(plan, e, observer, err));
  }
cleanup:
  return status;
}

void hr_outside_fini(hr_plan *plan) {
  for (size_t e = 0; plan->outside && e < plan->config->expert_count; e++) {
    hr_free(plan->outside[e].prediction);
    hr_free(plan->outside[e].sigma);
    hr_free(plan->outside[e].validation);
  }
  hr_free(plan->outside);
  plan->outside = NULL;
}

static uint64_t print_numbers(uint64_t print, const double *numbers, size_t count) {
  if (!numbers) return print;
  return hr_fingerprint_bytes(print, numbers, count * sizeof *numbers);
}

uint64_t hr_outside_fingerprint(const hr_plan *plan, uint64_t print) {
  const hr_study_view *view = &plan->view;
  size_t targets = hr_study_targets(view);
  for (size_t e = 0; e < plan->config->expert_count; e++) {
    const hr_outside_rows *own = &plan->outside[e];
    uint64_t of_file = own->print;
    if (of_file) print = hr_fingerprint_bytes(print, &of_file, sizeof of_file);
    print = print_numbers(print, own->prediction, targets * view->test_rows);
    print = print_numbers(print, own->sigma, targets * view->test_rows);
    print = print_numbers(print, own->validation, targets * view->train.rows);
  }
  return print;
}
