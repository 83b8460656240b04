/* The ceilings, and every method beside them. */
#include "score/results_ceiling.h"

#include <stdio.h>

#include "core/observe.h"

/* One end of a 95 % interval. In bins all of them together have this chance, so that nine
 * bins do not raise nine times the false alarms (Bonferroni). */
static const double false_alarm = 0.025;

typedef struct writer {
  hr_json_builder *json;
  const hr_evaluation *evaluation;
} writer;

static void put_r2_max(writer *w, json_t *object, double r2, hr_interval interval) {
  bool defined = !isnan(r2);
  hr_json_put_number(w->json, object, "r2_max", r2);
  hr_json_put_pair(w->json, object, "r2_max_ci", defined ? interval.low : (double)NAN,
                   defined ? interval.high : (double)NAN);
}

static void put_range(writer *w, json_t *object, hr_ceiling_kind kind,
                      hr_group_range range) {
  const hr_evaluation *evaluation = w->evaluation;
  const size_t *start = evaluation->groups.group_start;
  size_t first = start[range.first], rows = start[range.end] - first;
  hr_metrics metrics = hr_metrics_compute(evaluation->input->test->target,
                                          evaluation->ceiling.prediction[kind],
                                          evaluation->groups.row_list + first, rows);
  hr_json_put_count(w->json, object, "n", rows);
  put_r2_max(
      w, object, metrics.r2,
      hr_bootstrap_r2(evaluation->bootstrap, evaluation->method_count + kind, range));
}

static void put_octile(writer *w, json_t *object, hr_ceiling_kind kind, size_t j) {
  const hr_evaluation *evaluation = w->evaluation;
  const hr_octiles *octiles = &evaluation->octiles;
  size_t rows = octiles->start[j + 1] - octiles->start[j];
  hr_metrics metrics = hr_metrics_compute(evaluation->input->test->target,
                                          evaluation->ceiling.prediction[kind],
                                          octiles->row_list + octiles->start[j], rows);
  hr_json_put_count(w->json, object, "n", rows);
  put_r2_max(
      w, object, metrics.r2,
      hr_bootstrap_r2(evaluation->octile_bootstrap, kind, (hr_group_range){j, j + 1}));
}

/* One kind of ceiling: over the rows that it is a bound for, by bin, by octile. */
static void write_kind(writer *w, json_t *parent, const char *name, hr_ceiling_kind kind,
                       hr_scope scope) {
  const hr_evaluation *evaluation = w->evaluation;
  json_t *object = hr_json_put(w->json, parent, name, json_object());
  put_range(w, object, kind, hr_evaluation_range(evaluation, scope));
  json_t *bins = hr_json_put(w->json, object, "bins", json_array());
  for (size_t k = 0; k < evaluation->input->bin_count; k++) {
    put_range(w, hr_json_append(w->json, bins, json_object()), kind,
              (hr_group_range){k, k + 1});
  }
  json_t *octiles = hr_json_put(w->json, object, "octiles", json_array());
  for (size_t j = 0; evaluation->octile_bootstrap && j < HR_SNR_OCTILES; j++) {
    put_octile(w, hr_json_append(w->json, octiles, json_object()), kind, j);
  }
}

static const char *prior_name(hr_prior prior) {
  if (prior == HR_PRIOR_NONE) return NULL;
  return prior == HR_PRIOR_GRID ? "grid" : "training";
}

static void write_posterior(writer *w, json_t *ceiling) {
  const hr_evaluation *evaluation = w->evaluation;
  if (!evaluation->ceiling.has_posterior) {
    hr_json_put_text(w->json, ceiling, "expert", NULL);
    hr_json_put_text(w->json, ceiling, "prior", NULL);
    hr_json_put(w->json, ceiling, "routed", json_null());
    hr_json_put(w->json, ceiling, "global", json_null());
    return;
  }
  size_t expert = evaluation->ceiling.expert;
  hr_json_put_text(w->json, ceiling, "expert",
                   evaluation->input->outcomes[expert].type->name);
  hr_json_put_text(w->json, ceiling, "prior",
                   prior_name(evaluation->input->outcomes[expert].prior));
  write_kind(w, ceiling, "routed", HR_CEILING_ROUTED, HR_SCOPE_COVERED);
  write_kind(w, ceiling, "global", HR_CEILING_GLOBAL, HR_SCOPE_ALL);
}

static void write_fisher(writer *w, json_t *ceiling) {
  const hr_fisher_bound *bound = w->evaluation->input->fisher;
  hr_json_put_text(w->json, ceiling, "fisher_note", w->evaluation->input->fisher_note);
  if (!bound) {
    hr_json_put(w->json, ceiling, "fisher", json_null());
    return;
  }
  json_t *fisher = hr_json_put(w->json, ceiling, "fisher", json_object());
  /* C of score/fisher.h: the training labels' covariance, of a Gaussian. */
  hr_json_put_text(w->json, fisher, "prior", "gaussian");
  hr_json_put_count(w->json, fisher, "rows_without", bound->rows_without);
  hr_json_put_number(w->json, fisher, "misfit", bound->misfit);
  write_kind(w, fisher, "routed", HR_CEILING_FISHER_ROUTED, HR_SCOPE_COVERED);
  write_kind(w, fisher, "global", HR_CEILING_FISHER_GLOBAL, HR_SCOPE_ALL);
}

/* A method over the rows that its ceiling is a bound for: who is not told the bin is
 * judged on all rows, since covered rows are chosen by their labels. */
static hr_efficiency judge_overall(const hr_evaluation *evaluation, size_t m,
                                   bool by_fisher) {
  bool is_global = !hr_forecast_is_told_bin(evaluation->methods[m].forecast);
  hr_scope scope = is_global ? HR_SCOPE_ALL : HR_SCOPE_COVERED;
  hr_ceiling_kind kind =
      by_fisher ? (is_global ? HR_CEILING_FISHER_GLOBAL : HR_CEILING_FISHER_ROUTED)
                : (is_global ? HR_CEILING_GLOBAL : HR_CEILING_ROUTED);
  return hr_evaluation_efficiency(evaluation, m, kind,
                                  hr_evaluation_range(evaluation, scope), false_alarm);
}

/* In a bin, whoever is told it knows most: the routed ceiling binds all methods. */
static hr_efficiency judge_bin(const hr_evaluation *evaluation, size_t m, size_t k,
                               bool by_fisher) {
  return hr_evaluation_efficiency(
      evaluation, m, by_fisher ? HR_CEILING_FISHER_ROUTED : HR_CEILING_ROUTED,
      (hr_group_range){k, k + 1}, false_alarm / (double)evaluation->input->bin_count);
}

static bool is_judged(const hr_method_score *method) {
  return method->forecast->listed && method->complete[HR_SCOPE_COVERED];
}

static void put_efficiency(writer *w, json_t *object, const hr_efficiency *posterior,
                           const hr_efficiency *fisher) {
  hr_json_put_count(w->json, object, "n", posterior->rows);
  put_r2_max(w, object, posterior->r2_max, posterior->r2_max_interval);
  hr_json_put_number(w->json, object, "efficiency", posterior->efficiency);
  hr_json_put_number(w->json, object, "excess", posterior->excess);
  hr_json_put_pair(w->json, object, "excess_ci", posterior->excess_interval.low,
                   posterior->excess_interval.high);
  hr_json_put_bool(w->json, object, "exceeds", posterior->exceeds);
  hr_json_put_number(w->json, object, "fisher_efficiency", fisher->efficiency);
}

/* Tells of a method above the ceiling; whether there is something to tell. */
static bool warn(const hr_evaluation *evaluation, size_t m, const char *where,
                 const hr_efficiency *found) {
  if (!found->exceeds) return false;
  hr_observe_warning(evaluation->input->observer,
                     "the R² of %s is above the posterior ceiling, the most that the "
                     "noise allows,%s by %s [%s, %s]: a leak, a prior or errors "
                     "that are not the data's, or too few templates",
                     evaluation->methods[m].forecast->name, where,
                     HR_DECIMALS(found->excess, 4),
                     HR_DECIMALS(found->excess_interval.low, 4),
                     HR_DECIMALS(found->excess_interval.high, 4));
  return true;
}

/* Whether the method is above the posterior's ceiling anywhere. */
static bool write_method(writer *w, json_t *array, size_t m) {
  const hr_evaluation *evaluation = w->evaluation;
  const hr_method_score *method = &evaluation->methods[m];
  hr_efficiency posterior = judge_overall(evaluation, m, false);
  hr_efficiency fisher = judge_overall(evaluation, m, true);
  json_t *object = hr_json_append(w->json, array, json_object());
  hr_json_put_text(w->json, object, "method", method->forecast->name);
  hr_json_put_text(w->json, object, "rows",
                   hr_forecast_is_told_bin(method->forecast) ? "covered" : "all");
  put_efficiency(w, object, &posterior, &fisher);
  bool exceeds = warn(evaluation, m, "", &posterior);
  json_t *bins = hr_json_put(w->json, object, "bins", json_array());
  for (size_t k = 0; k < evaluation->input->bin_count; k++) {
    char where[64];
    posterior = judge_bin(evaluation, m, k, false);
    fisher = judge_bin(evaluation, m, k, true);
    put_efficiency(w, hr_json_append(w->json, bins, json_object()), &posterior, &fisher);
    snprintf(where, sizeof where, " in bin %zu,", k);
    if (warn(evaluation, m, where, &posterior)) exceeds = true;
  }
  return exceeds;
}

void hr_results_write_ceiling(hr_json_builder *json, const hr_evaluation *evaluation,
                              json_t *root) {
  writer w = {json, evaluation};
  bool exceeded = false;
  if (!evaluation->ceiling.has_posterior && !evaluation->ceiling.has_fisher) {
    hr_json_put(json, root, "ceiling", json_null());
    return;
  }
  json_t *ceiling = hr_json_put(json, root, "ceiling", json_object());
  write_posterior(&w, ceiling);
  write_fisher(&w, ceiling);
  json_t *methods = hr_json_put(json, ceiling, "methods", json_array());
  for (size_t m = 0; m < evaluation->method_count; m++) {
    if (!is_judged(&evaluation->methods[m])) continue;
    if (write_method(&w, methods, m)) exceeded = true;
  }
  hr_json_put_bool(json, ceiling, "exceeded", exceeded);
}
