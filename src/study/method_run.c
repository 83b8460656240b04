/* The life of a method in a study; what goes wrong with it alone ends it, not the study.
 */
#include "study/method_run.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/observe.h"
#include "session/task_folders.h"
#include "study/bundle.h"
#include "study/division.h"

/* Of all targets and slots. */
static size_t count_of(const hr_method_run *run) {
  return run->targets * run->slots;
}

static void destroy_learner(hr_method_run *run) {
  if (run->learner) run->type->destroy(&run->learner);
}

static void drop_trained(hr_method_run *run) {
  for (size_t s = 0; run->trained && s < count_of(run); s++) {
    hr_trained_fini(&run->trained[s]);
  }
  hr_free(run->trained);
  run->trained = NULL;
  hr_test_rows_fini(&run->test_rows);
}

/* What the cards hold beside the fits is not needed once it is scattered. */
static void drop_cards(hr_method_run *run) {
  for (size_t s = 0; run->cards && s < count_of(run); s++) hr_card_fini(&run->cards[s]);
  hr_free(run->cards);
  run->cards = NULL;
}

static void drop_fits(hr_method_run *run) {
  drop_cards(run);
  for (size_t s = 0; run->fits && s < count_of(run); s++) hr_fit_fini(&run->fits[s]);
  hr_free(run->fits);
  run->fits = NULL;
}

void hr_method_run_fini(hr_method_run *run) {
  if (!run->type) return;
  for (size_t t = 0; run->outcomes && t < run->targets; t++) {
    hr_predictions_fini(&run->outcomes[t].own);
    hr_predictions_fini(&run->outcomes[t].global);
  }
  for (size_t t = 0; run->draws && t < run->targets; t++) {
    hr_row_draws_fini(&run->draws[t]);
  }
  hr_free(run->draws);
  run->draws = NULL;
  hr_free(run->outcomes);
  run->outcomes = NULL;
  destroy_learner(run);
  drop_trained(run);
  drop_fits(run);
  for (size_t t = 0; run->target_dirs && t < run->targets; t++) {
    hr_free(run->target_dirs[t]);
  }
  hr_free(run->target_dirs);
  hr_free(run->homes);
  run->target_dirs = NULL;
  run->homes = NULL;
}

static hr_status keep_model(void *context, const hr_model *model, const hr_fit *fit,
                            hr_error *err) {
  const hr_method_run *run = context;
  const hr_card_content content = {.fit = fit, .model = model};
  return hr_card_write(&run->homes[fit->target], HR_STAGE_TRAINED, &content, err);
}

/* The slot's place among those of the method. */
static size_t place_of(const hr_method_run *run, int slot) {
  return slot == HR_GLOBAL ? run->slots - 1 : (size_t)slot;
}

/* The path of a file in the folder of a task, which is made. */
static hr_status place_file(const hr_task_home *home, size_t s, const char *name,
                            char **path, hr_error *err) {
  hr_status status = HR_OK;
  char *folder = NULL;
  HR_TRY(hr_task_folder(home, s, &folder, err));
  HR_TRY(hr_make_folders(folder, err));
  HR_TRY(hr_join_path(folder, name, path, err));
cleanup:
  hr_free(folder);
  return status;
}

static void remove_file(const hr_task_home *home, size_t s, const char *name) {
  char *folder = NULL, *path = NULL;
  bool has_path = hr_task_folder(home, s, &folder, NULL) == HR_OK &&
                  hr_join_path(folder, name, &path, NULL) == HR_OK;
  if (has_path) unlink(path);
  hr_free(folder);
  hr_free(path);
}

static hr_status open_state(void *context, size_t target, int slot, char **path,
                            hr_error *err) {
  const hr_method_run *run = context;
  return place_file(&run->homes[target], place_of(run, slot), HR_TRAINING_STATE, path,
                    err);
}

static void remove_state(void *context, size_t target, int slot) {
  const hr_method_run *run = context;
  remove_file(&run->homes[target], place_of(run, slot), HR_TRAINING_STATE);
}

/* What is gathered serves all targets, and lies with the first. */
static hr_status place_gathered(void *context, int slot, char **path, hr_error *err) {
  const hr_method_run *run = context;
  return place_file(&run->homes[0], place_of(run, slot), HR_GATHERED_FILE, path, err);
}

/* The home and the slot of task number i of all targets and slots. */
static const hr_task_home *home_of(const hr_method_run *run, size_t i) {
  return &run->homes[i / run->slots];
}

/* Reads all cards; *whole: they are all there, *failed: how many slots failed. */
static hr_status load_cards(hr_method_run *run, bool *whole, size_t *failed,
                            hr_error *err) {
  hr_status status = HR_OK;
  size_t count = count_of(run);
  *whole = true;
  *failed = 0;
  HR_TRY(hr_alloc(&run->cards, count, err));
  HR_TRY(hr_alloc(&run->fits, count, err));
  for (size_t s = 0; *whole && s < count; s++) {
    HR_TRY(hr_card_read(home_of(run, s), HR_STAGE_DONE, s % run->slots, &run->cards[s],
                        whole, err));
    run->fits[s] = run->cards[s].fit;
    run->cards[s].fit = (hr_fit){.status = HR_FIT_OK};
    *failed += run->fits[s].status == HR_FIT_FAILED;
  }
cleanup:
  return status;
}

/* What parts of the study have left for the slot of all rows, which is there now. */
static void drop_gathered(const hr_method_run *run) {
  for (size_t s = 0; run->type->slots_apart && s < run->slots; s++) {
    remove_file(&run->homes[0], s, HR_GATHERED_FILE);
  }
}

static hr_status drop_records(const hr_method_run *run, hr_task_stage stage,
                              hr_error *err) {
  hr_status status = HR_OK;
  for (size_t t = 0; status == HR_OK && t < count_of(run); t++) {
    status = hr_card_drop(home_of(run, t), stage, t % run->slots, err);
  }
  return status;
}

/* The predictions of one slot by row number. */
static void scatter_slot(const hr_method_run *run, size_t s, hr_predictions *out) {
  const hr_fit *fit = &run->fits[s];
  const hr_card *card = &run->cards[s];
  for (size_t i = 0, at = 0; i < out->rows && at < fit->test_rows; i++) {
    if (fit->slot != HR_GLOBAL && run->test->route[i] != fit->slot) continue;
    for (size_t v = 0; v < fit->variant_count; v++) {
      float value = card->predictions[v * fit->test_rows + at];
      out->mean[v * out->rows + i] = isfinite(value) ? value : NAN;
    }
    if (card->variance) out->variance[i] = card->variance[at];
    at++;
  }
}

/* For a target those of the global model, or of all the others. */
static hr_status scatter(const hr_method_run *run, size_t target, bool global,
                         hr_predictions *out, hr_error *err) {
  hr_status status = HR_OK;
  size_t variants = 0, first = target * run->slots, end = first + run->slots;
  bool has_variance = false;
  for (size_t s = first; s < end; s++) {
    const hr_fit *fit = &run->fits[s];
    if (fit->status != HR_FIT_OK || (fit->slot == HR_GLOBAL) != global) continue;
    if (fit->variant_count > variants) variants = fit->variant_count;
    has_variance = has_variance || run->cards[s].variance;
  }
  if (variants == 0) goto cleanup;
  HR_TRY(hr_predictions_init(out, variants, run->test->rows, has_variance, err));
  for (size_t s = first; s < end; s++) {
    const hr_fit *fit = &run->fits[s];
    if (fit->status != HR_FIT_OK || (fit->slot == HR_GLOBAL) != global) continue;
    scatter_slot(run, s, out);
  }
cleanup:
  return status;
}

_Static_assert((int)HR_OUTCOME_DRAWS == (int)HR_PREDICT_DRAWS,
               "draws are those of models");

/* The draws of all slots together. */
static hr_status gather_draws(hr_method_run *run, size_t target, hr_error *err) {
  hr_status status = HR_OK;
  hr_row_draws *parts = NULL, *draws = &run->draws[target];
  hr_outcome *outcome = &run->outcomes[target];
  HR_TRY(hr_alloc(&parts, run->slots, err));
  for (size_t s = 0; s < run->slots; s++) {
    parts[s] = run->cards[target * run->slots + s].draws;
  }
  HR_TRY(hr_row_draws_merge(parts, run->slots, draws, err));
  outcome->draws = draws->value;
  outcome->draw_rows = draws->row;
  outcome->draw_row_count = draws->count;
cleanup:
  hr_free(parts);
  return status;
}

/* Where a slot failed, the others keep the record of their training for a run that tries
 * again. */
static hr_status set_done(hr_method_run *run, size_t failed, hr_error *err) {
  hr_status status = HR_OK;
  run->state = HR_METHOD_RUN_DONE;
  for (size_t t = 0; t < run->targets; t++) {
    hr_outcome *outcome = &run->outcomes[t];
    outcome->fits = run->fits + t * run->slots;
    outcome->fit_count = run->slots;
    HR_TRY(scatter(run, t, false, &outcome->own, err));
    HR_TRY(scatter(run, t, true, &outcome->global, err));
    HR_TRY(gather_draws(run, t, err));
  }
  drop_cards(run);
  if (failed > 0) goto cleanup;
  HR_TRY(drop_records(run, HR_STAGE_TRAINED, err));
  drop_gathered(run);
cleanup:
  return status;
}

static bool has_models(const hr_method_run *run) {
  return hr_study_has_models(run->config, run->out_dir, run->type, run->fits,
                             count_of(run));
}

static hr_status init_targets(hr_method_run *run, const hr_plan *plan, const char *study,
                              hr_error *err) {
  hr_status status = HR_OK;
  HR_TRY(hr_alloc(&run->homes, run->targets, err));
  HR_TRY(hr_alloc(&run->target_dirs, run->targets, err));
  HR_TRY(hr_alloc(&run->outcomes, run->targets, err));
  HR_TRY(hr_alloc(&run->draws, run->targets, err));
  for (size_t t = 0; t < run->targets; t++) {
    HR_TRY(hr_plan_target_dir(plan, run->out_dir, t, &run->target_dirs[t], err));
    run->homes[t] = (hr_task_home){run->target_dirs[t], t, study, run->type, &run->view};
    run->outcomes[t].type = run->type;
    run->outcomes[t].parameters = run->parameters;
    if (run->type->prior) run->outcomes[t].prior = run->type->prior(run->parameters);
  }
cleanup:
  return status;
}

hr_status hr_method_run_init(hr_method_run *run, const hr_plan *plan,
                             const hr_config_expert *expert, const char *out_dir,
                             const char *study, hr_error *err) {
  hr_status status = HR_OK;
  bool whole = false;
  size_t failed = 0;
  *run = (hr_method_run){.view = plan->view,
                         .test = &plan->test_split,
                         .parameters = expert->parameters,
                         .config = plan->config,
                         .out_dir = out_dir,
                         .type = expert->type};
  run->targets = hr_study_targets(&plan->view);
  run->slots = hr_method_slots(run->type, run->parameters, plan->view.bin_count);
  run->view.keeper = (hr_keeper){run, keep_model};
  run->view.store = (hr_store){run, open_state, remove_state, place_gathered};
  if (plan->share) {
    size_t number = (size_t)(expert - plan->config->experts);
    bool is_divided = hr_division_splits(expert->type);
    if (is_divided) run->view.wanted = plan->share->wanted[number];
    if (!plan->share->has[number]) {
      run->state = HR_METHOD_RUN_ELSEWHERE;
      goto cleanup;
    }
  }
  if (hr_study_is_control(expert->type)) run->view.test_bin = plan->test_bin;
  if (expert->outside) {
    run->view.outside = &plan->outside[expert - plan->config->experts];
  }
  HR_TRY(init_targets(run, plan, study, err));
  HR_TRY(load_cards(run, &whole, &failed, err));
  if (whole && failed == 0 && has_models(run)) {
    HR_TRY(set_done(run, failed, err));
    goto cleanup;
  }
  /* All of them predict again, and are not to be counted as done until they have. */
  drop_fits(run);
  HR_TRY(drop_records(run, HR_STAGE_DONE, err));
cleanup:
  return status;
}

/* Writes every task as failed, for `reason`. */
static hr_status write_failed(const hr_method_run *run, const char *reason,
                              hr_error *err) {
  hr_status status = HR_OK;
  const hr_study_view *view = &run->view;
  size_t rows[HR_MOST_BINS + 1], test_rows[HR_MOST_BINS + 1];
  hr_count_bins(view->train.bin, view->train.rows, view->bin_count, rows);
  hr_count_bins(run->test->route, run->test->rows, view->bin_count, test_rows);
  for (size_t i = 0; i < count_of(run); i++) {
    int slot = hr_method_slot(run->type, view->bin_count, i % run->slots);
    hr_fit fit = {.slot = slot, .target = i / run->slots, .status = HR_FIT_FAILED};
    fit.train_rows = slot == HR_GLOBAL ? view->train.rows : rows[slot];
    fit.test_rows = slot == HR_GLOBAL ? run->test->rows : test_rows[slot];
    snprintf(fit.note, sizeof fit.note, "%s", reason);
    HR_TRY(hr_card_write(home_of(run, i), HR_STAGE_DONE, &(hr_card_content){.fit = &fit},
                         err));
  }
cleanup:
  return status;
}

/* Whether it only trains what is wanted of it. */
static bool is_part(const hr_method_run *run) {
  return run->view.wanted != NULL;
}

/* Ends an expert whose step ended with `failure`; what concerns it alone does not end the
 * study. */
static hr_status give_up(hr_method_run *run, hr_status failure, const hr_error *reason,
                         hr_error *err) {
  hr_status status = HR_OK;
  if (failure != HR_ERR_MEMORY && failure != HR_ERR_NUMERIC) {
    return hr_fail(err, failure, "%s", reason->message);
  }
  destroy_learner(run);
  drop_trained(run);
  hr_observe_warning(run->view.observer, "the expert %s is given up: %s", run->type->name,
                     reason->message);
  if (is_part(run)) { /* who puts the elements together tries again, and writes it */
    run->state = HR_METHOD_RUN_TRAINED;
    goto cleanup;
  }
  HR_TRY(write_failed(run, reason->message, err));
  HR_TRY(hr_method_run_finish(run, err));
cleanup:
  return status;
}

/* Takes back the model of task number s, where an earlier run kept it; one that cannot be
 * is trained again. */
static hr_status resume_model(hr_method_run *run, size_t s, hr_error *err) {
  hr_status status = HR_OK;
  const hr_method *type = run->type;
  hr_card card = {.predictions = NULL};
  hr_error reason = {.status = HR_OK};
  char *folder = NULL;
  bool found = false;
  const hr_task_home *home = home_of(run, s);
  HR_TRY(hr_card_read(home, HR_STAGE_TRAINED, s % run->slots, &card, &found, err));
  if (!found) goto cleanup;
  HR_TRY(hr_task_folder(home, s % run->slots, &folder, err));
  if (type->resume(run->learner, &card.fit, folder, &reason) != HR_OK) {
    hr_observe_warning(run->view.observer,
                       "the model in %s cannot be taken back and is trained again: %s",
                       folder, reason.message);
  }
cleanup:
  hr_card_fini(&card);
  hr_free(folder);
  return status;
}

static hr_status begin(hr_method_run *run, hr_error *err) {
  hr_status status = HR_OK;
  const hr_method *type = run->type;
  HR_TRY(type->begin(&run->view, run->parameters, &run->learner, err));
  for (size_t s = 0; type->resume && s < count_of(run); s++) {
    if (!hr_study_wants(&run->view, s % run->slots)) continue; /* another's */
    HR_TRY(resume_model(run, s, err));
  }
cleanup:
  return status;
}

hr_status hr_method_run_begin(hr_method_run *run, hr_error *err) {
  const hr_method *type = run->type;
  const hr_observer *observer = run->view.observer;
  hr_error reason = {.status = HR_OK};
  if (run->state != HR_METHOD_RUN_WAITING) return HR_OK;
  if (!type->begin) {
    run->state = HR_METHOD_RUN_ABSENT;
    hr_observe_warning(observer, "the expert %s is not in this build: skipped",
                       type->name);
    return HR_OK;
  }
  if (type->available && type->available(&run->reason) != HR_OK) {
    run->state = HR_METHOD_RUN_ABSENT;
    for (size_t t = 0; t < run->targets; t++) {
      run->outcomes[t].reason = run->reason.message;
    }
    hr_observe_warning(observer, "the expert %s is skipped: %s", type->name,
                       run->reason.message);
    return HR_OK;
  }
  run->state = HR_METHOD_RUN_WORKING;
  hr_status status = begin(run, &reason);
  return status == HR_OK ? HR_OK : give_up(run, status, &reason, err);
}

bool hr_method_run_wants_rows(const hr_method_run *run) {
  const hr_method *type = run->type;
  if (run->state != HR_METHOD_RUN_WORKING) return false;
  return !type->is_trained || !type->is_trained(run->learner);
}

typedef struct sampling {
  hr_method_run *run;
  const hr_sample *sample;
} sampling;

static hr_status show_sample(void *context, const hr_block *block, hr_error *err) {
  const sampling *s = context;
  hr_method_run *run = s->run;
  hr_error reason = {.status = HR_OK};
  if (run->state != HR_METHOD_RUN_WORKING) return HR_OK;
  const hr_method *type = run->type;
  const uint8_t *chosen = s->sample->rows + block->first_row;
  hr_status status = type->sample(run->learner, block, chosen, &reason);
  return status == HR_OK ? HR_OK : give_up(run, status, &reason, err);
}

/* The rows of slots that are not wanted are in no bin: none of them is sampled, and the
 * sample of each of the others is what it is anyway. bin: room for that, freed with
 * hr_free. */
static hr_status hide_unwanted(const hr_method_run *run, int32_t **bin,
                               hr_split_view *train, hr_error *err) {
  if (!is_part(run)) return HR_OK;
  hr_status status = hr_alloc(bin, train->rows, err);
  for (size_t i = 0; status == HR_OK && i < train->rows; i++) {
    int32_t own = train->bin[i];
    bool is_wanted = own != HR_UNCOVERED && hr_study_wants(&run->view, (size_t)own);
    (*bin)[i] = is_wanted ? own : HR_UNCOVERED;
  }
  if (status == HR_OK) train->bin = *bin;
  return status;
}

hr_status hr_method_run_sample(hr_method_run *run, const hr_plan *plan, hr_error *err) {
  hr_status status = HR_OK;
  const hr_method *type = run->type;
  hr_sample *sample = NULL;
  int32_t *bin = NULL;
  if (!hr_method_run_wants_rows(run) || !type->sample_rows) return HR_OK;
  size_t rows = type->sample_rows(run->learner);
  bool of_all = hr_method_has_global(type, run->parameters) &&
                hr_study_wants(&run->view, plan->view.bin_count);
  const hr_sample_wish wish = {rows, of_all ? rows : 0, plan->view.seed};
  hr_split_view train = plan->view.train;
  HR_TRY(hide_unwanted(run, &bin, &train, err));
  HR_TRY(hr_sample_create(&train, plan->view.bin_count, &wish, &sample, err));
  sampling s = {run, sample};
  const hr_pass pass = {.plan = plan,
                        .training = true,
                        .stage = "sampling training spectra",
                        .sample = sample,
                        .visit = show_sample,
                        .context = &s};
  HR_TRY(hr_pass_run(&pass, NULL, err));
cleanup:
  hr_sample_destroy(&sample);
  hr_free(bin);
  return status;
}

hr_status hr_method_run_observe(hr_method_run *run, const hr_block *block,
                                hr_error *err) {
  hr_error reason = {.status = HR_OK};
  if (!hr_method_run_wants_rows(run)) return HR_OK;
  const hr_method *type = run->type;
  hr_status status = type->learn(run->learner, block, &reason);
  return status == HR_OK ? HR_OK : give_up(run, status, &reason, err);
}

static hr_status show_test(void *context, const hr_block *block, hr_error *err) {
  hr_method_run *run = context;
  hr_error reason = {.status = HR_OK};
  if (run->state != HR_METHOD_RUN_WORKING) return HR_OK;
  hr_status status = hr_test_rows_observe(&run->test_rows, block, &reason);
  return status == HR_OK ? HR_OK : give_up(run, status, &reason, err);
}

/* Trains; what the learner holds beside its models is free from then on. */
static hr_status train(hr_method_run *run, hr_error *err) {
  hr_status status = HR_OK;
  const hr_method *type = run->type;
  HR_TRY(hr_alloc(&run->trained, count_of(run), err));
  HR_TRY(type->finish(run->learner, run->trained, err));
  destroy_learner(run);
  for (size_t i = 0; i < count_of(run); i++) {
    run->trained[i].fit.target = i / run->slots;
  }
  HR_TRY(hr_test_rows_init(&run->test_rows, &run->view, run->test, run->trained,
                           run->slots, err));
cleanup:
  return status;
}

/* Rows that a model from elsewhere is not given are told where it is judged, too. */
static void tell_kept_back(hr_method_run *run) {
  char note[160];
  if (run->state != HR_METHOD_RUN_WORKING) return; /* it was given up */
  size_t count = hr_test_rows_kept_back(&run->test_rows);
  if (count == 0) return;
  snprintf(note, sizeof note,
           "%zu of %zu test rows have a pixel whose flux is no number, and no prediction",
           count, run->test->rows);
  hr_observe_warning(run->view.observer,
                     "experts.%s: %s of it; they are left out of what is compared",
                     run->type->name, note);
  for (size_t i = 0; i < count_of(run); i++) {
    if (run->trained[i].model) hr_fit_add_note(&run->trained[i].fit, note);
  }
}

/* Trains what is wanted, which the keeper has then, and nothing more. */
static hr_status train_part(hr_method_run *run, hr_error *err) {
  hr_status status = HR_OK;
  hr_error reason = {.status = HR_OK};
  HR_TRY(hr_alloc(&run->trained, count_of(run), err));
  hr_status trained = run->type->finish(run->learner, run->trained, &reason);
  if (trained != HR_OK) {
    HR_TRY(give_up(run, trained, &reason, err));
    goto cleanup;
  }
  destroy_learner(run);
  drop_trained(run);
  run->state = HR_METHOD_RUN_TRAINED;
cleanup:
  return status;
}

hr_status hr_method_run_predict(hr_method_run *run, const hr_plan *plan, hr_error *err) {
  hr_error reason = {.status = HR_OK};
  char stage[96];
  if (run->state != HR_METHOD_RUN_WORKING) return HR_OK;
  if (is_part(run)) return train_part(run, err);
  hr_status status = train(run, &reason);
  if (status != HR_OK) return give_up(run, status, &reason, err);
  snprintf(stage, sizeof stage, "predicting test spectra, %s", run->type->title);
  const hr_pass pass = {.plan = plan, .stage = stage, .visit = show_test, .context = run};
  status = hr_pass_run(&pass, NULL, err);
  if (status == HR_OK) tell_kept_back(run);
  return status;
}

static hr_status write_trained(hr_method_run *run, hr_trained *trained, hr_error *err) {
  hr_status status = HR_OK;
  hr_fit *fit = &trained->fit;
  hr_slot_rows rows;
  const hr_model_type *kind = trained->model ? trained->model->type : NULL;
  size_t variants = trained->model ? trained->model->variant_count : 0;
  HR_TRY(
      hr_slot_rows_init(&rows, &run->test_rows, fit->target, fit->slot, variants, err));
  fit->test_rows = rows.rows;
  if (kind && kind->remark && rows.rows > 0) {
    kind->remark(trained->model, rows.median_effective, fit->note, sizeof fit->note);
  }
  const hr_card_content content = {.fit = fit,
                                   .model = trained->model,
                                   .predictions = rows.predictions,
                                   .variance = rows.variance,
                                   .details = rows.details,
                                   .draws = &rows.draws};
  HR_TRY(hr_card_write(&run->homes[fit->target], HR_STAGE_DONE, &content, err));
cleanup:
  hr_slot_rows_fini(&rows);
  return status;
}

static hr_status write_cards(hr_method_run *run, hr_error *err) {
  hr_status status = HR_OK;
  if (!run->trained) goto cleanup;
  HR_TRY(hr_study_save_models(run->config, run->out_dir, run->type, run->trained,
                              count_of(run), err));
  for (size_t s = 0; s < count_of(run); s++) {
    HR_TRY(write_trained(run, &run->trained[s], err));
  }
cleanup:
  return status;
}

hr_status hr_method_run_finish(hr_method_run *run, hr_error *err) {
  hr_status status = HR_OK;
  bool whole = false;
  size_t failed = 0;
  if (run->state != HR_METHOD_RUN_WORKING) return HR_OK;
  HR_TRY(write_cards(run, err));
  drop_trained(run);
  HR_TRY(load_cards(run, &whole, &failed, err));
  if (!whole) {
    status = hr_fail(err, HR_ERR_IO,
                     "the tasks of %s in %s are not what was written; the disk, or "
                     "another program, changed them",
                     run->type->name, run->out_dir);
    goto cleanup;
  }
  HR_TRY(set_done(run, failed, err));
cleanup:
  return status;
}
