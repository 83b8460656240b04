/* Scoring every variant, and choosing among them. */
#include "score/selection.h"

#include "core/alloc.h"

/* Scores all variants of one usable task; scratch: [rows] predictions by row. */
static void score_task(const hr_oracle *oracle, const hr_task *task,
                       const hr_predictions *own, hr_metrics *out, double *scratch) {
  size_t first = oracle->group_start[task->bin];
  size_t rows = oracle->group_start[task->bin + 1] - first;
  const size_t *row_list = oracle->row_list + first;
  for (size_t v = 0; v < task->variant_count; v++) {
    for (size_t i = 0; i < rows; i++) {
      scratch[row_list[i]] = (double)hr_predictions_at(own, v, row_list[i]);
    }
    out[v] = hr_metrics_compute(oracle->test->target, scratch, row_list, rows);
  }
}

static size_t count_variants(const hr_oracle *oracle, size_t *start) {
  size_t total = 0;
  for (size_t i = 0; i < oracle->outcome_count * oracle->bin_count; i++) {
    size_t expert = i / oracle->bin_count, bin = i % oracle->bin_count;
    const hr_task *task = hr_outcome_usable(&oracle->outcomes[expert], (int)bin);
    start[i] = total;
    total += task ? task->variant_count : 0;
  }
  return total;
}

hr_status hr_variant_scores_create(const hr_oracle *oracle, hr_variant_scores **out,
                                   hr_error *err) {
  hr_status status = HR_OK;
  hr_variant_scores *scores = NULL;
  double *scratch = NULL;
  size_t tasks = oracle->outcome_count * oracle->bin_count;
  HR_TRY(hr_alloc(&scores, 1, err));
  scores->oracle = oracle;
  HR_TRY(hr_alloc(&scores->start, tasks, err));
  HR_TRY(hr_alloc(&scores->items, count_variants(oracle, scores->start), err));
  HR_TRY(hr_alloc(&scratch, oracle->test->rows, err));
  for (size_t i = 0; i < tasks; i++) {
    size_t expert = i / oracle->bin_count, bin = i % oracle->bin_count;
    const hr_task *task = hr_outcome_usable(&oracle->outcomes[expert], (int)bin);
    if (!task) continue;
    score_task(oracle, task, &oracle->outcomes[expert].own,
               scores->items + scores->start[i], scratch);
  }
  *out = scores;
  scores = NULL;
cleanup:
  hr_free(scratch);
  hr_variant_scores_destroy(&scores);
  return status;
}

void hr_variant_scores_destroy(hr_variant_scores **scores) {
  if (!*scores) return;
  hr_free((*scores)->items);
  hr_free((*scores)->start);
  hr_free(*scores);
  *scores = NULL;
}

const hr_metrics *hr_variant_scores_at(const hr_variant_scores *scores, size_t expert,
                                       size_t bin) {
  return scores->items + scores->start[expert * scores->oracle->bin_count + bin];
}

/* A choice on the way, with its merit: larger is better. */
typedef struct candidate {
  hr_choice choice;
  double merit;
} candidate;

static void offer(candidate *best, size_t expert, size_t variant, double merit) {
  bool better = best->choice.kind == HR_CHOICE_NONE || merit > best->merit;
  if (!better) return;
  best->choice = (hr_choice){HR_CHOICE_EXPERT, expert, variant};
  best->merit = merit;
}

static void offer_by_cv(candidate *best, size_t expert, const hr_task *task) {
  double r2 = task->cv_r2 ? task->cv_r2[task->chosen] : (double)NAN;
  offer(best, expert, task->chosen, isnan(r2) ? -(double)INFINITY : r2);
}

/* The best R2 on the rows of one bin is the least squared error there, which is defined
 * even where R2 is not. */
static void offer_by_test(candidate *best, size_t expert, const hr_task *task,
                          const hr_metrics *scores) {
  for (size_t v = 0; v < task->variant_count; v++) {
    if (!isnan(scores[v].sse)) offer(best, expert, v, -scores[v].sse);
  }
}

void hr_select(const hr_variant_scores *scores, hr_selection selection, int expert,
               hr_choice *choices) {
  const hr_oracle *oracle = scores->oracle;
  for (size_t k = 0; k < oracle->bin_count; k++) {
    candidate best = {.choice = {.kind = HR_CHOICE_NONE}};
    bool has_rows = oracle->group_start[k + 1] > oracle->group_start[k];
    for (size_t e = 0; e < oracle->outcome_count; e++) {
      if (expert != HR_ALL_EXPERTS && e != (size_t)expert) continue;
      const hr_task *task = hr_outcome_usable(&oracle->outcomes[e], (int)k);
      if (!task) continue;
      if (expert == HR_ALL_EXPERTS && task->convergence == HR_NOT_CONVERGED) continue;
      if (selection == HR_SELECT_BY_TEST && has_rows) {
        offer_by_test(&best, e, task, hr_variant_scores_at(scores, e, k));
      } else {
        offer_by_cv(&best, e, task);
      }
    }
    choices[k] = best.choice;
  }
  choices[oracle->bin_count] = (hr_choice){.kind = HR_CHOICE_NONE};
}
