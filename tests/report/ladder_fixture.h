/* Studies with any ladder: the fixture's forest gets a model of all rows, and what
 * results.json says of the ladder is replaced by what a test plans. */
#ifndef HR_TESTS_REPORT_LADDER_FIXTURE_H
#define HR_TESTS_REPORT_LADDER_FIXTURE_H

#include "core/seal.h"
#include "report/reader.h"
#include "score/fixture.h"
#include "score/ladder.h"
#include "support/check.h"
#include "support/scratch.h"

typedef struct ladder_fixture {
  fixture f;
  scratch s;
  float gated_float[FIXTURE_ROWS];
  double gated[FIXTURE_ROWS];
  hr_gated gate;
} ladder_fixture;

/* With a forest of all rows, above Ridge's. */
static inline void ladder_fixture_init(ladder_fixture *l) {
  fixture_init(&l->f);
  scratch_init(&l->s);
  fixture_give_global_forest(&l->f, 0.5, 0.6);
}

/* A hybrid that a gate routes, with errors of 0.45. */
static inline void ladder_fixture_give_gate(ladder_fixture *l) {
  fixture_predict(&l->f, HR_GLOBAL, 0.45, 31, l->gated_float);
  for (size_t i = 0; i < FIXTURE_ROWS; i++) l->gated[i] = (double)l->gated_float[i];
  l->gate = (hr_gated){.gate = "logistic",
                       .title = "logistic gate",
                       .mixing = "soft",
                       .is_own_mixing = true,
                       .method = HR_NO_METHOD,
                       .prediction = l->gated};
  l->f.input.gated = &l->gate;
  l->f.input.gated_count = 1;
}

static inline void ladder_fixture_write(ladder_fixture *l) {
  hr_error err;
  check_ok(
      hr_results_write(&l->f.input, scratch_name(&l->s, "results.json"), NULL, &err));
}

static inline json_t *ladder_fixture_read(ladder_fixture *l) {
  json_t *root = json_load_file(scratch_name(&l->s, "results.json"), 0, NULL);
  assert_non_null(root);
  return root;
}

/* Seals what was changed, as someone would who means it; takes `root`. */
static inline void ladder_fixture_save(ladder_fixture *l, json_t *root) {
  hr_error err;
  char seal[HR_SEAL_SIZE];
  check_ok(hr_seal_compute(root, seal, &err));
  json_object_set_new(root, "seal", json_string(seal));
  const char *path = scratch_name(&l->s, "results.json");
  assert_int_equal(json_dump_file(root, path, JSON_REAL_PRECISION(17)), 0);
  json_decref(root);
}

/* A rung, and half the width of the interval of the step up to it. */
typedef struct planned_rung {
  hr_rung rung;
  const char *method;
  double r2, half;
} planned_rung;

static inline json_t *planned_step(const planned_rung *from, const planned_rung *to) {
  double delta = to->r2 - from->r2;
  return json_pack("{s:s, s:s, s:s, s:f, s:[f, f]}", "step",
                   hr_step_name(from->rung, to->rung), "from", hr_rung_name(from->rung),
                   "to", hr_rung_name(to->rung), "delta_r2", delta, "delta_r2_ci",
                   delta - to->half, delta + to->half);
}

/* A ladder of those rungs over 206 rows; `without`: an expert without a model of all
 * rows, or NULL. */
static inline json_t *planned_ladder(const planned_rung *plan, size_t count,
                                     const char *without) {
  json_t *rungs = json_array(), *steps = json_array(), *list = json_array();
  const planned_rung *single = NULL, *deployed = NULL, *oracle = NULL;
  for (size_t i = 0; i < count; i++) {
    if (plan[i].rung == HR_RUNG_SINGLE) single = &plan[i];
    if (plan[i].rung == HR_RUNG_DEPLOYED) deployed = &plan[i];
    if (plan[i].rung == HR_RUNG_ORACLE) oracle = &plan[i];
    json_array_append_new(
        rungs, json_pack("{s:s, s:s, s:f, s:[f, f]}", "rung", hr_rung_name(plan[i].rung),
                         "method", plan[i].method, "r2", plan[i].r2, "r2_ci",
                         plan[i].r2 - 0.02, plan[i].r2 + 0.02));
    if (i > 0) json_array_append_new(steps, planned_step(&plan[i - 1], &plan[i]));
  }
  if (single && deployed && oracle) {
    json_array_append_new(steps, planned_step(single, oracle));
  }
  if (without) json_array_append_new(list, json_string(without));
  return json_pack("{s:o, s:o, s:i, s:o, s:[], s:[]}", "rungs", rungs, "steps", steps,
                   "n", 206, "without_global", list, "bins", "octiles");
}

/* Writes the results with that ladder in the place of their own. */
static inline void ladder_fixture_plan(ladder_fixture *l, const planned_rung *plan,
                                       size_t count, const char *without) {
  ladder_fixture_write(l);
  json_t *root = ladder_fixture_read(l);
  json_object_set_new(root, "ladder", planned_ladder(plan, count, without));
  ladder_fixture_save(l, root);
}

#endif
