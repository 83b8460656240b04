/* Scoring every variant on the rows of its bin. */
#include "score/variant_scores.h"

#include "core/alloc.h"

/* What scoring one task needs. */
typedef struct scoring {
  const hr_row_groups *groups;
  const double *target;
  double *scratch; /* [rows] predictions by row */
} scoring;

static void score_fit(const scoring *s, const hr_fit *fit, const hr_predictions *own,
                      hr_metrics *out) {
  size_t first = s->groups->group_start[fit->slot];
  size_t rows = s->groups->group_rows[fit->slot];
  const size_t *row_list = s->groups->row_list + first;
  for (size_t v = 0; v < fit->variant_count; v++) {
    for (size_t i = 0; i < rows; i++) {
      s->scratch[row_list[i]] = (double)hr_predictions_at(own, v, row_list[i]);
    }
    out[v] = hr_metrics_compute(s->target, s->scratch, row_list, rows);
  }
}

/* Task i in the order of `start`, or NULL. */
static const hr_fit *fit_at(const hr_candidates *candidates, size_t i) {
  size_t expert = i / candidates->bin_count, bin = i % candidates->bin_count;
  return hr_outcome_usable(&candidates->outcomes[expert], (int)bin);
}

hr_status hr_variant_scores_init(hr_variant_scores *scores,
                                 const hr_candidates *candidates,
                                 const hr_row_groups *groups, const double *target,
                                 hr_error *err) {
  hr_status status = HR_OK;
  size_t bins = candidates->bin_count, fits = candidates->outcome_count * bins;
  size_t total = 0;
  scoring s = {groups, target, NULL};
  *scores = (hr_variant_scores){.bin_count = bins};
  HR_TRY(hr_alloc(&scores->start, fits, err));
  for (size_t i = 0; i < fits; i++) {
    const hr_fit *fit = fit_at(candidates, i);
    scores->start[i] = total;
    total += fit ? fit->variant_count : 0;
  }
  HR_TRY(hr_alloc(&scores->items, total, err));
  HR_TRY(hr_alloc(&scores->sse, total, err));
  HR_TRY(hr_alloc(&s.scratch, groups->rows, err));
  for (size_t i = 0; i < fits; i++) {
    const hr_fit *fit = fit_at(candidates, i);
    if (!fit) continue;
    score_fit(&s, fit, &candidates->outcomes[i / bins].own,
              scores->items + scores->start[i]);
  }
  for (size_t v = 0; v < total; v++) scores->sse[v] = scores->items[v].sse;
cleanup:
  hr_free(s.scratch);
  return status;
}

void hr_variant_scores_fini(hr_variant_scores *scores) {
  hr_free(scores->items);
  hr_free(scores->sse);
  hr_free(scores->start);
  *scores = (hr_variant_scores){0};
}

const hr_metrics *hr_variant_scores_at(const hr_variant_scores *scores, size_t expert,
                                       size_t bin) {
  return scores->items + scores->start[expert * scores->bin_count + bin];
}

hr_test_errors hr_variant_scores_errors(const hr_variant_scores *scores,
                                        const hr_row_groups *groups) {
  return (hr_test_errors){scores->sse, scores->start, groups->group_rows};
}
