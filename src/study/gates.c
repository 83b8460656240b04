/* Learning, training and keeping gates. */
#include "study/gates.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "config/gates.h"
#include "core/alloc.h"
#include "core/file.h"
#include "core/observe.h"
#include "core/text.h"
#include "methods/net/learner.h"
#include "study/gate_experts.h"
#include "study/gate_hidden.h"
#include "study/pass.h"

static const hr_config_gate *config_of(const hr_plan *plan, size_t g) {
  return &plan->config->gates[g];
}

/* What it learns from; NULL of a gate that learns nothing. */
static const hr_gate_inputs *inputs_of(const hr_config_gate *gate) {
  return hr_gate_kind_inputs(gate->kind, gate->parameters);
}

static bool needs_experts(const hr_config_gate *gate) {
  return gate->kind == &hr_gate_mlp_kind;
}

static bool looks_at_trunk(const hr_config_gate *gate) {
  const hr_gate_inputs *inputs = inputs_of(gate);
  return inputs && inputs->trunk > 0;
}

/* Whether it is trained when the bundle's models are there. */
static bool waits(const hr_config_gate *gate) {
  return needs_experts(gate) || looks_at_trunk(gate);
}

/* The usual windows are for spectra of any range; what was asked for by name is refused
 * where it is not there. */
static hr_gate_table table_of(const hr_plan *plan, const hr_config_gate *gate) {
  hr_gate_table table;
  bool is_there = hr_config_gate_table(gate, &table);
  if (is_there && strcmp(table.name, "default") == 0) {
    hr_gate_table_fit(&table, plan->view.wave_angstrom, plan->view.pixels);
  }
  return table;
}

static hr_gate_plan plan_of(const hr_plan *plan, const hr_gate_inputs *inputs,
                            const hr_gate_table *table, const char *key) {
  const hr_study_view *view = &plan->view;
  const hr_vit_parameters *vit = hr_config_trunk(plan->config);
  bool has_trunk = inputs->trunk > 0 && vit;
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
                        .observer = view->observer,
                        .trunk = has_trunk ? (size_t)inputs->trunk : 0,
                        .trunk_width = has_trunk ? (size_t)vit->hidden_size : 0,
                        .fold = view->train.fold};
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
    const hr_gate_table table = table_of(plan, config_of(plan, g));
    hr_error reason = {.status = HR_OK};
    hr_status status = hr_gate_table_place(&table, key, plan->view.wave_angstrom,
                                           plan->view.pixels, NULL, &reason);
    if (status != HR_OK) {
      return hr_fail(err, status, "%s: %s", config->path, reason.message);
    }
  }
  return HR_OK;
}

/* The rows of validation that fits keep, of every method, and what the experts take. */
static double experts_bytes(const hr_plan *plan) {
  size_t of_fit = sizeof(size_t) + sizeof(float), methods = plan->config->expert_count;
  size_t row = of_fit * methods + sizeof(float) * plan->view.bin_count;
  return (double)(plan->view.train.rows * row) + hr_gate_experts_bytes(plan);
}

/* Of the expert that takes longest to predict a row. */
static double most_row_operations(const hr_plan *plan) {
  double most = 0;
  for (size_t e = 0; e < plan->config->expert_count; e++) {
    const hr_config_expert *expert = &plan->config->experts[e];
    hr_cost own = {0};
    if (!expert->type->estimate) continue;
    expert->type->estimate(&plan->view, expert->parameters, &own);
    most = fmax(most, own.row_operations);
  }
  return most;
}

/* How many answers of experts a gate takes at least, beside those that the study has: the
 * Bayes gate asks which bins, and both it and the logistic one a bin or so beside the own
 * (1.4 both together, of the simulator's stars); the MLP gate leaves weight in more, and
 * asks all bins roughly about the rows that it is trained on, which takes as long as one
 * that is not rough. */
static double count_answers(const hr_plan *plan, size_t g) {
  const hr_config_gate *gate = config_of(plan, g);
  double test = (double)plan->view.test_rows;
  if (!needs_experts(gate)) return test;
  const hr_gate_mlp_parameters *own = gate->parameters;
  double asked = fmin((double)own->most_asked, (double)plan->view.train.rows);
  return test + asked;
}

/* To take the rows that it learns from and the test rows through the trunk, at most. */
static double trunk_operations(const hr_plan *plan, const hr_gate_inputs *inputs) {
  const hr_study_view *view = &plan->view;
  hr_net_design design;
  if (inputs->trunk == 0) return 0;
  if (hr_net_design_of(&hr_vit_networks, view, hr_config_trunk(plan->config), &design,
                       NULL) != HR_OK) {
    return 0; /* the expert says why */
  }
  double rows = (double)view->train.rows / (double)view->fold_count;
  rows = fmin(rows, (double)inputs->most_rows) + (double)view->test_rows;
  return rows * design.kind->operations(&design);
}

void hr_study_gates_estimate(const hr_plan *plan, hr_cost *cost) {
  double operations = plan->config->gate_count > 0 ? most_row_operations(plan) : 0;
  for (size_t g = 0; g < plan->config->gate_count; g++) {
    const hr_gate_inputs *inputs = inputs_of(config_of(plan, g));
    cost->operations += operations * count_answers(plan, g);
    if (!inputs) continue;
    const hr_gate_table table = table_of(plan, config_of(plan, g));
    const hr_gate_plan learner = plan_of(plan, inputs, &table, "");
    cost->memory_bytes += hr_gate_learner_bytes(&learner);
    cost->operations += trunk_operations(plan, inputs);
    if (needs_experts(config_of(plan, g))) cost->memory_bytes += experts_bytes(plan);
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
    const hr_gate_table table = table_of(plan, config_of(plan, g));
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

static void tell_mlp(const hr_study_gates *gates, const char *title,
                     const hr_gate_card *card) {
  hr_observe_info(
      gates->plan->view.observer,
      "%s: of %zu held-out training rows %.1f %% in the true bin, mean squared "
      "error of the mixture %.4g (%.4g of those trained on), trained on %zu in "
      "%zu epoch%s and %.1f s",
      title, card->held_out_rows, 100 * card->held_out.accuracy, card->held_out_mse,
      card->train_mse, card->train_rows, card->iterations, hr_plural(card->iterations),
      card->seconds);
}

/* A gate on its way. */
typedef struct gate_work {
  size_t number;      /* of the configuration */
  const char *folder; /* in the bundle's; "": it is not trained */
  const char *out_dir;
  const hr_study_bundle *trained; /* NULL: the experts are not there yet */
} gate_work;

/* On the first target, whatever the study has beside it. */
static hr_status finish_mlp(const hr_study_gates *gates, const gate_work *work,
                            hr_gate **out, hr_gate_card *card, hr_error *err) {
  hr_status status = HR_OK;
  const hr_plan *plan = gates->plan;
  hr_gate_learner *learner = gates->learners[work->number];
  const hr_gate_mlp_parameters *parameters = config_of(plan, work->number)->parameters;
  hr_gate_experts experts = {.plan = plan,
                             .trained = work->trained,
                             .out_dir = work->out_dir,
                             .most_asked = (size_t)parameters->most_asked};
  double *y = NULL;
  if (!hr_study_has_bundle(plan->config, work->out_dir)) {
    return hr_fail(err, HR_ERR_EMPTY, "there is no expert to ask");
  }
  experts.count = hr_gate_learner_rows(learner, &experts.rows);
  HR_TRY(hr_alloc(&y, experts.count, err));
  HR_TRY(hr_alloc(&experts.prediction, experts.count * plan->view.bin_count, err));
  HR_TRY(hr_gate_experts_predict(&experts, err));
  for (size_t n = 0; n < experts.count; n++) {
    y[n] = plan->view.train.target[experts.rows[n]];
  }
  const hr_gate_mlp_target target = {0, y, experts.prediction};
  HR_TRY(hr_gate_learner_finish_mlp(learner, parameters, &target, out, card, err));
cleanup:
  hr_free(y);
  hr_free(experts.prediction);
  return status;
}

/* Shows the learner what the trunk makes of its rows. */
static hr_status take_trunk(const hr_study_gates *gates, const gate_work *work,
                            hr_error *err) {
  hr_status status = HR_OK;
  const hr_plan *plan = gates->plan;
  hr_gate_learner *learner = gates->learners[work->number];
  hr_gate_hidden hidden = {.plan = plan, .out_dir = work->out_dir};
  if (!hr_study_has_bundle(plan->config, work->out_dir)) {
    return hr_fail(err, HR_ERR_EMPTY, "there is no trunk to look at");
  }
  hidden.width = (size_t)hr_config_trunk(plan->config)->hidden_size;
  hidden.count = hr_gate_learner_rows(learner, &hidden.rows);
  HR_TRY(hr_alloc(&hidden.values, hidden.count * hidden.width, err));
  HR_TRY(hr_gate_hidden_find(&hidden, err));
  HR_TRY(hr_gate_learner_take_trunk(learner, hidden.values, err));
cleanup:
  hr_free(hidden.values);
  return status;
}

/* Trains the gate into its folder. */
static hr_status train_gate(hr_study_gates *gates, const gate_work *work, hr_error *err) {
  hr_status status = HR_OK;
  gates->temperature[gates->trained_count] = 1;
  const hr_config_gate *config = config_of(gates->plan, work->number);
  hr_gate_learner **learner = &gates->learners[work->number];
  hr_gate *gate = NULL;
  hr_gate_card card;
  if (!*learner) return HR_OK;
  if (looks_at_trunk(config)) HR_TRY(take_trunk(gates, work, err));
  if (needs_experts(config)) {
    HR_TRY(finish_mlp(gates, work, &gate, &card, err));
  } else {
    HR_TRY(
        hr_gate_learner_finish_logistic(*learner, config->parameters, &gate, &card, err));
  }
  HR_TRY(save(gate, work->out_dir, work->folder, err));
  gates->temperature[gates->trained_count] = card.temperature;
  if (needs_experts(config)) {
    tell_mlp(gates, config->kind->title, &card);
  } else {
    tell(gates, config->kind->title, &card);
  }
cleanup:
  hr_gate_destroy(&gate);
  hr_gate_learner_destroy(learner);
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

static hr_status train_all(hr_study_gates *gates, const char *out_dir,
                           const hr_study_bundle *trained, hr_error *err) {
  hr_status status = HR_OK;
  for (size_t g = 0; g < gates->count; g++) {
    const hr_config_gate *config = config_of(gates->plan, g);
    char folder[64] = "";
    hr_error reason = {.status = HR_OK};
    if (waits(config) != (trained != NULL)) continue;
    if (gates->learners[g])
      snprintf(folder, sizeof folder, "gate-%s", config->kind->name);
    const gate_work work = {g, folder, out_dir, trained};
    status = train_gate(gates, &work, &reason);
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

hr_status hr_study_gates_train(hr_study_gates *gates, const char *out_dir,
                               hr_error *err) {
  return train_all(gates, out_dir, NULL, err);
}

bool hr_study_gates_keep_validation(const hr_plan *plan) {
  for (size_t g = 0; g < plan->config->gate_count; g++) {
    if (needs_experts(config_of(plan, g))) return true;
  }
  return false;
}

hr_settings hr_study_gate_settings(const hr_config *config, const char *name) {
  for (size_t g = 0; g < config->gate_count; g++) {
    const hr_gate_kind *kind = config->gates[g].kind;
    if (strcmp(kind->name, name) != 0) continue;
    return (hr_settings){kind->fields, kind->field_count, config->gates[g].parameters};
  }
  return (hr_settings){.parameters = NULL};
}

bool hr_study_gates_want_experts(const hr_study_gates *gates) {
  for (size_t g = 0; g < gates->count; g++) {
    if (waits(config_of(gates->plan, g))) return true;
  }
  return false;
}

/* Of the trained kinds the last waits always, so the order of the configuration stays. */
hr_status hr_study_gates_train_on_experts(hr_study_gates *gates, const char *out_dir,
                                          const hr_study_bundle *trained, hr_error *err) {
  return train_all(gates, out_dir, trained, err);
}

/* --- the test rows --- */

static hr_status show_test(void *context, const hr_block *block, hr_error *err) {
  return hr_gated_rows_observe(context, block, err);
}

hr_status hr_study_gates_predict(hr_study_gates *gates, const hr_gated_known *known,
                                 const char *out_dir, hr_error *err) {
  hr_status status = HR_OK;
  if (gates->trained_count == 0) return HR_OK;
  const hr_pass pass = {.plan = gates->plan,
                        .stage = "predicting by gates",
                        .visit = show_test,
                        .context = &gates->rows};
  HR_TRY(hr_gated_rows_init(&gates->rows, gates->plan, known, out_dir, err));
  HR_TRY(hr_pass_run(&pass, NULL, err));
cleanup:
  hr_gated_rows_close(&gates->rows);
  return status;
}
