/* The rungs, the steps between them, and both by bin and by octile of SNR. */
#include "score/results_ladder.h"

#include "score/rungs.h"

typedef struct writer {
  hr_json_builder *json;
  const hr_evaluation *evaluation;
  hr_rungs rungs;
} writer;

static void put_score(writer *w, json_t *object, const char *key, const char *interval,
                      hr_score score) {
  bool is_defined = !isnan(score.value);
  hr_json_put_number(w->json, object, key, score.value);
  hr_json_put_pair(w->json, object, interval,
                   is_defined ? score.interval.low : (double)NAN,
                   is_defined ? score.interval.high : (double)NAN);
}

/* What stands on a rung: a forecast's name, or what the ceiling is that of. */
static const char *name_of(const writer *w, hr_rung rung) {
  const hr_evaluation *evaluation = w->evaluation;
  if (rung != HR_RUNG_CEILING) {
    return evaluation->forecasts.items[evaluation->ladder.forecast[rung]].name;
  }
  return evaluation->ceiling.has_posterior ? "posterior" : "fisher";
}

static void put_step(writer *w, json_t *steps, hr_rung from, hr_rung to,
                     const hr_rung_rows *rows) {
  json_t *object = hr_json_append(w->json, steps, json_object());
  hr_json_put_text(w->json, object, "step", hr_step_name(from, to));
  hr_json_put_text(w->json, object, "from", hr_rung_name(from));
  hr_json_put_text(w->json, object, "to", hr_rung_name(to));
  put_score(w, object, "delta_r2", "delta_r2_ci",
            hr_rungs_step(&w->rungs, from, to, rows));
}

/* The rungs below `end` and steps over some rows, into `object`. */
static void put_rungs(writer *w, json_t *object, const hr_rung_rows *rows, hr_rung end) {
  hr_rung below = HR_RUNGS;
  json_t *rungs = hr_json_put(w->json, object, "rungs", json_array());
  json_t *steps = hr_json_put(w->json, object, "steps", json_array());
  hr_json_put_count(w->json, object, "n", rows->count);
  for (hr_rung rung = 0; rung < end; rung++) {
    if (!hr_rungs_has(&w->rungs, rung)) continue;
    json_t *one = hr_json_append(w->json, rungs, json_object());
    hr_json_put_text(w->json, one, "rung", hr_rung_name(rung));
    hr_json_put_text(w->json, one, "method", name_of(w, rung));
    put_score(w, one, "r2", "r2_ci", hr_rungs_r2(&w->rungs, rung, rows));
    if (below < HR_RUNGS) put_step(w, steps, below, rung, rows);
    below = rung;
  }
}

static void put_rows(writer *w, json_t *object, const hr_rung_rows *rows) {
  put_rungs(w, object, rows, HR_RUNGS);
  bool is_split = hr_rungs_has(&w->rungs, HR_RUNG_DEPLOYED) &&
                  hr_rungs_has(&w->rungs, HR_RUNG_SINGLE);
  json_t *steps = json_object_get(object, "steps");
  if (is_split) put_step(w, steps, HR_RUNG_SINGLE, HR_RUNG_ORACLE, rows);
}

/* Whether all that needs no truth, which is what stands below the oracle, predicts every
 * row. */
static bool are_deployable_complete(const writer *w) {
  for (hr_rung rung = 0; rung < HR_RUNG_ORACLE; rung++) {
    size_t f = w->evaluation->ladder.forecast[rung];
    if (f == HR_NO_METHOD) continue;
    if (!w->evaluation->methods[f].complete[HR_SCOPE_ALL]) return false;
  }
  return true;
}

/* Over all rows, as new stars come: what is deployable is not asked for a bin. */
static void put_all_rows(writer *w, json_t *ladder) {
  hr_rung_rows rows = hr_rungs_all(&w->rungs);
  if (!hr_rungs_has(&w->rungs, HR_RUNG_DEPLOYED) || !are_deployable_complete(w)) return;
  put_rungs(w, hr_json_put(w->json, ladder, "all", json_object()), &rows, HR_RUNG_ORACLE);
}

static void put_groups(writer *w, json_t *ladder) {
  json_t *bins = hr_json_put(w->json, ladder, "bins", json_array());
  for (size_t k = 0; k < w->evaluation->input->bin_count; k++) {
    hr_rung_rows rows = hr_rungs_bin(&w->rungs, k);
    put_rows(w, hr_json_append(w->json, bins, json_object()), &rows);
  }
  json_t *octiles = hr_json_put(w->json, ladder, "octiles", json_array());
  for (size_t j = 0; w->evaluation->octile_bootstrap && j < HR_SNR_OCTILES; j++) {
    hr_rung_rows rows = hr_rungs_octile(&w->rungs, j);
    put_rows(w, hr_json_append(w->json, octiles, json_object()), &rows);
  }
}

static void put_without_global(writer *w, json_t *ladder) {
  const hr_results_input *input = w->evaluation->input;
  json_t *list = hr_json_put(w->json, ladder, "without_global", json_array());
  for (size_t e = 0; e < input->outcome_count && e < 64; e++) {
    if (!(w->evaluation->ladder.without_global >> e & 1)) continue;
    hr_json_append(w->json, list, json_string(input->outcomes[e].type->name));
  }
}

/* Only where there are any. */
static void put_from_elsewhere(writer *w, json_t *ladder) {
  const hr_results_input *input = w->evaluation->input;
  if (w->evaluation->ladder.from_elsewhere == 0) return;
  json_t *list = hr_json_put(w->json, ladder, "from_elsewhere", json_array());
  for (size_t e = 0; e < input->outcome_count && e < 64; e++) {
    if (!(w->evaluation->ladder.from_elsewhere >> e & 1)) continue;
    hr_json_append(w->json, list, json_string(input->outcomes[e].type->name));
  }
}

void hr_results_write_ladder(hr_json_builder *json, const hr_evaluation *evaluation,
                             json_t *root) {
  writer w = {json, evaluation, hr_rungs_of(evaluation)};
  json_t *ladder = hr_json_put(json, root, "ladder", json_object());
  hr_rung_rows rows = hr_rungs_covered(&w.rungs);
  put_rows(&w, ladder, &rows);
  put_all_rows(&w, ladder);
  put_without_global(&w, ladder);
  put_from_elsewhere(&w, ladder);
  put_groups(&w, ladder);
}
