/* Learning, training and keeping gates. */
#include "study/gates.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "config/gates.h"
#include "core/alloc.h"
#include "core/file.h"
#include "core/observe.h"
#include "study/pass.h"

static const hr_config_gate *config_of(const hr_plan *plan, size_t g) {
  return &plan->config->gates[g];
}

/* What it learns from; NULL of a gate that learns nothing. */
static const hr_gate_inputs *inputs_of(const hr_config_gate *gate) {
  return hr_gate_kind_inputs(gate->kind, gate->parameters);
}

static hr_gate_table table_of(const hr_config_gate *gate) {
  hr_gate_table table;
  hr_config_gate_table(gate, &table);
  return table;
}

static hr_gate_plan plan_of(const hr_plan *plan, const hr_gate_inputs *inputs,
                            const hr_gate_table *table, const char *key) {
  const hr_study_view *view = &plan->view;
  return (hr_gate_plan){.compute = view->compute,
                        .grid = {.key = key,
                                 .wave_angstrom = view->wave_angstrom,
                                 .pixels = view->pixels,
                                 .base = plan->conditions.rows.base},
                        .table = table,
                        .rows = view->train.rows,
                        .bin = view->train.bin,
                        .bin_count = view->bin_count,
                        .most_rows = (size_t)inputs->most_rows,
                        .seed = view->seed,
                        .observer = view->observer};
}

static void key_of(const hr_config_gate *gate, char key[64]) {
  snprintf(key, 64, "gates.%s.features", gate->kind->name);
}

/* --- before anything is read --- */

hr_status hr_study_gates_check(const hr_plan *plan, hr_error *err) {
  const hr_config *config = plan->config;
  if (config->gate_count == 0) return HR_OK;
  if (config->run.model && strcmp(config->run.model, "none") == 0) {
    return hr_fail(err, HR_ERR_CONFIG,
                   "%s: gates mix what the models of the bundle say, and run.model: none "
                   "keeps none; take compact",
                   config->path);
  }
  for (size_t g = 0; g < config->gate_count; g++) {
    const hr_gate_inputs *inputs = inputs_of(config_of(plan, g));
    char key[64];
    if (!inputs) continue;
    key_of(config_of(plan, g), key);
    const hr_gate_table table = table_of(config_of(plan, g));
    hr_error reason = {.status = HR_OK};
    hr_status status = hr_gate_table_place(&table, key, plan->view.wave_angstrom,
                                           plan->view.pixels, NULL, &reason);
    if (status != HR_OK) {
      return hr_fail(err, status, "%s: %s", config->path, reason.message);
    }
  }
  return HR_OK;
}

void hr_study_gates_estimate(const hr_plan *plan, hr_cost *cost) {
  for (size_t g = 0; g < plan->config->gate_count; g++) {
    const hr_gate_inputs *inputs = inputs_of(config_of(plan, g));
    if (!inputs) continue;
    const hr_gate_table table = table_of(config_of(plan, g));
    const hr_gate_plan learner = plan_of(plan, inputs, &table, "");
    cost->memory_bytes += hr_gate_learner_bytes(&learner);
  }
  if (plan->config->gate_count > 0) cost->memory_bytes += hr_gated_rows_bytes(plan);
}

/* --- learning --- */

typedef struct sampling {
  hr_gate_learner *learner;
  const hr_sample *sample;
} sampling;

static hr_status show_sample(void *context, const hr_block *block, hr_error *err) {
  const sampling *s = context;
  return hr_gate_learner_sample(s->learner, block, s->sample->rows + block->first_row,
                                err);
}

static hr_status read_sample(const hr_plan *plan, hr_gate_learner *learner,
                             hr_error *err) {
  hr_status status = HR_OK;
  hr_sample *sample = NULL;
  size_t rows = hr_gate_learner_sample_rows(learner);
  if (rows == 0) return HR_OK;
  const hr_sample_wish wish = {rows, 0, plan->view.seed};
  HR_TRY(hr_sample_create(&plan->view.train, plan->view.bin_count, &wish, &sample, err));
  sampling s = {learner, sample};
  const hr_pass pass = {.plan = plan,
                        .training = true,
                        .stage = "sampling training spectra",
                        .sample = sample,
                        .visit = show_sample,
                        .context = &s};
  HR_TRY(hr_pass_run(&pass, NULL, err));
cleanup:
  hr_sample_destroy(&sample);
  return status;
}

hr_status hr_study_gates_init(hr_study_gates *gates, const hr_plan *plan, hr_error *err) {
  hr_status status = HR_OK;
  *gates = (hr_study_gates){.plan = plan, .count = plan->config->gate_count};
  for (size_t g = 0; g < gates->count; g++) {
    const hr_gate_inputs *inputs = inputs_of(config_of(plan, g));
    char key[64];
    if (!inputs) continue;
    key_of(config_of(plan, g), key);
    const hr_gate_table table = table_of(config_of(plan, g));
    const hr_gate_plan learner = plan_of(plan, inputs, &table, key);
    HR_TRY(hr_gate_learner_create(&learner, &gates->learners[g], err));
    HR_TRY(read_sample(plan, gates->learners[g], err));
  }
cleanup:
  return status;
}

void hr_study_gates_fini(hr_study_gates *gates) {
  for (size_t g = 0; g < gates->count; g++) hr_gate_learner_destroy(&gates->learners[g]);
  for (size_t g = 0; g < gates->trained_count; g++) {
    hr_free(gates->trained[g].name);
    hr_free(gates->trained[g].title);
    hr_free(gates->trained[g].folder);
    hr_free(gates->trained[g].mixing);
  }
  hr_gated_rows_fini(&gates->rows);
  *gates = (hr_study_gates){0};
}

bool hr_study_gates_want_rows(const hr_study_gates *gates) {
  for (size_t g = 0; g < gates->count; g++) {
    if (gates->learners[g]) return true;
  }
  return false;
}

hr_status hr_study_gates_observe(hr_study_gates *gates, const hr_block *block,
                                 hr_error *err) {
  hr_status status = HR_OK;
  for (size_t g = 0; g < gates->count; g++) {
    if (!gates->learners[g]) continue;
    HR_TRY(hr_gate_learner_learn(gates->learners[g], block, err));
  }
cleanup:
  return status;
}

/* --- training --- */

static hr_status save(const hr_gate *gate, const char *out_dir, const char *name,
                      hr_error *err) {
  hr_status status = HR_OK;
  char *model = NULL, *folder = NULL;
  HR_TRY(hr_join_path(out_dir, "model", &model, err));
  HR_TRY(hr_join_path(model, name, &folder, err));
  HR_TRY(hr_make_folders(folder, err));
  HR_TRY(hr_gate_save(gate, folder, err));
cleanup:
  hr_free(folder);
  hr_free(model);
  return status;
}

static void tell(const hr_study_gates *gates, const char *title,
                 const hr_gate_card *card) {
  hr_observe_info(gates->plan->view.observer,
                  "%s: of %zu held-out training rows %.1f %% in the true bin, log-loss "
                  "%.4f (%.4f at temperature 1, now %.3f), trained on %zu in %.1f s",
                  title, card->held_out_rows, 100 * card->held_out.accuracy,
                  card->held_out.log_loss, card->untempered.log_loss, card->temperature,
                  card->train_rows, card->seconds);
}

/* Trains gate number g into the folder; the templates' needs no training. */
static hr_status train_gate(hr_study_gates *gates, size_t g, const char *out_dir,
                            const char *folder, hr_error *err) {
  hr_status status = HR_OK;
  gates->temperature[gates->trained_count] = 1;
  const hr_config_gate *config = config_of(gates->plan, g);
  hr_gate *gate = NULL;
  hr_gate_card card;
  if (!gates->learners[g]) return HR_OK;
  HR_TRY(hr_gate_learner_finish_logistic(gates->learners[g], config->parameters, &gate,
                                         &card, err));
  HR_TRY(save(gate, out_dir, folder, err));
  gates->temperature[gates->trained_count] = card.temperature;
  tell(gates, config->kind->title, &card);
cleanup:
  hr_gate_destroy(&gate);
  hr_gate_learner_destroy(&gates->learners[g]);
  return status;
}

static hr_status describe(hr_study_gates *gates, const hr_config_gate *config,
                          const char *folder, hr_error *err) {
  hr_status status = HR_OK;
  const hr_gate_parameters *own = config->parameters;
  gates->uses_error[gates->trained_count] = config->kind == &hr_gate_bayes_kind;
  hr_bundle_gate *out = &gates->trained[gates->trained_count++];
  out->temperature = 1;
  out->fallback_below = own->fallback_below;
  HR_TRY(hr_copy_text(config->kind->name, &out->name, err));
  HR_TRY(hr_copy_text(config->kind->title, &out->title, err));
  HR_TRY(hr_copy_text(folder, &out->folder, err));
  HR_TRY(hr_copy_text(own->mixing, &out->mixing, err));
cleanup:
  return status;
}

hr_status hr_study_gates_train(hr_study_gates *gates, const char *out_dir,
                               hr_error *err) {
  hr_status status = HR_OK;
  for (size_t g = 0; g < gates->count; g++) {
    const hr_config_gate *config = config_of(gates->plan, g);
    char folder[64] = "";
    hr_error reason = {.status = HR_OK};
    if (gates->learners[g])
      snprintf(folder, sizeof folder, "gate-%s", config->kind->name);
    status = train_gate(gates, g, out_dir, folder, &reason);
    if (status == HR_ERR_EMPTY || status == HR_ERR_NUMERIC) {
      hr_observe_warning(gates->plan->view.observer, "%s is left out: %s",
                         config->kind->title, reason.message);
      continue;
    }
    if (status != HR_OK) return hr_fail(err, status, "%s", reason.message);
    HR_TRY(describe(gates, config, folder, err));
  }
  status = HR_OK;
cleanup:
  return status;
}

/* --- the test rows --- */

static hr_status show_test(void *context, const hr_block *block, hr_error *err) {
  return hr_gated_rows_observe(context, block, err);
}

hr_status hr_study_gates_predict(hr_study_gates *gates, const char *out_dir,
                                 hr_error *err) {
  hr_status status = HR_OK;
  if (gates->trained_count == 0) return HR_OK;
  const hr_pass pass = {.plan = gates->plan,
                        .stage = "predicting by gates",
                        .visit = show_test,
                        .context = &gates->rows};
  HR_TRY(hr_gated_rows_init(&gates->rows, gates->plan, out_dir, err));
  HR_TRY(hr_pass_run(&pass, NULL, err));
cleanup:
  hr_gated_rows_close(&gates->rows);
  return status;
}
