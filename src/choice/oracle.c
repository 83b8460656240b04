/* Sorting test rows by bin, and assembling predictions as choices say. */
#include "choice/oracle.h"

#include <math.h>

#include "core/alloc.h"

/* The slot of a bin or route in arrays that keep the uncovered rows last. */
static size_t slot_of(int32_t bin, size_t bin_count) {
  return bin == HR_UNCOVERED ? bin_count : (size_t)bin;
}

/* Fills group_start and row_list by counting; rows of a group stay in order. */
static void sort_rows(hr_oracle *oracle, size_t *next) {
  const int32_t *bin = oracle->test->bin;
  size_t groups = oracle->bin_count + 1;
  for (size_t i = 0; i < oracle->test->rows; i++) {
    oracle->group_start[slot_of(bin[i], oracle->bin_count) + 1]++;
  }
  for (size_t k = 0; k < groups; k++) {
    oracle->group_start[k + 1] += oracle->group_start[k];
    next[k] = oracle->group_start[k];
  }
  for (size_t i = 0; i < oracle->test->rows; i++) {
    oracle->row_list[next[slot_of(bin[i], oracle->bin_count)]++] = i;
  }
}

hr_status hr_oracle_create(const hr_split_view *test, size_t bin_count,
                           const hr_outcome *outcomes, size_t outcome_count,
                           hr_oracle **out, hr_error *err) {
  hr_status status = HR_OK;
  hr_oracle *oracle = NULL;
  size_t *next = NULL;
  HR_TRY(hr_alloc(&oracle, 1, err));
  oracle->test = test;
  oracle->outcomes = outcomes;
  oracle->outcome_count = outcome_count;
  oracle->bin_count = bin_count;
  HR_TRY(hr_alloc(&oracle->row_list, test->rows, err));
  HR_TRY(hr_alloc(&oracle->group_start, bin_count + 2, err));
  HR_TRY(hr_alloc(&next, bin_count + 1, err));
  sort_rows(oracle, next);
  *out = oracle;
  oracle = NULL;
cleanup:
  hr_free(next);
  hr_oracle_destroy(&oracle);
  return status;
}

void hr_oracle_destroy(hr_oracle **oracle) {
  if (!*oracle) return;
  hr_free((*oracle)->row_list);
  hr_free((*oracle)->group_start);
  hr_free(*oracle);
  *oracle = NULL;
}

size_t hr_oracle_covered(const hr_oracle *oracle) {
  return oracle->group_start[oracle->bin_count];
}

/* The predictions that a choice takes, or NULL where nobody predicts. */
static const hr_predictions *predictions_of(const hr_oracle *oracle,
                                            const hr_choice *choice, size_t slot) {
  if (choice->kind == HR_CHOICE_NONE) return NULL;
  if (choice->kind == HR_CHOICE_EXPERT && slot == oracle->bin_count) return NULL;
  const hr_outcome *outcome = &oracle->outcomes[choice->expert];
  bool global = choice->kind == HR_CHOICE_GLOBAL;
  if (!hr_outcome_usable(outcome, global ? HR_GLOBAL : (int)slot)) return NULL;
  return global ? &outcome->global : &outcome->own;
}

void hr_oracle_assemble(const hr_oracle *oracle, const hr_choice *choices,
                        double *prediction) {
  for (size_t i = 0; i < oracle->test->rows; i++) prediction[i] = (double)NAN;
  for (size_t slot = 0; slot <= oracle->bin_count; slot++) {
    const hr_predictions *source = predictions_of(oracle, &choices[slot], slot);
    if (!source) continue;
    for (size_t i = 0; i < oracle->test->rows; i++) {
      if (slot_of(oracle->test->route[i], oracle->bin_count) != slot) continue;
      prediction[i] = (double)hr_predictions_at(source, choices[slot].variant, i);
    }
  }
}
