#include "routing/oracle.h"

#include <math.h>

#include "core/alloc.h"

const hr_task *hr_outcome_task(const hr_outcome *outcome, int bin) {
  for (size_t t = 0; t < outcome->task_count; t++) {
    if (outcome->tasks[t].bin == bin) return &outcome->tasks[t];
  }
  return NULL;
}

const hr_task *hr_outcome_usable(const hr_outcome *outcome, int bin) {
  const hr_task *task = hr_outcome_task(outcome, bin);
  return task && task->status == HR_FIT_OK ? task : NULL;
}

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

static void number_rows(hr_oracle *oracle, size_t *next) {
  for (size_t k = 0; k <= oracle->bin_count; k++) next[k] = 0;
  for (size_t i = 0; i < oracle->test->rows; i++) {
    oracle->position[i] = next[slot_of(oracle->test->route[i], oracle->bin_count)]++;
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
  HR_TRY(hr_alloc(&oracle->position, test->rows, err));
  HR_TRY(hr_alloc(&oracle->row_list, test->rows, err));
  HR_TRY(hr_alloc(&oracle->group_start, bin_count + 2, err));
  HR_TRY(hr_alloc(&next, bin_count + 1, err));
  sort_rows(oracle, next);
  number_rows(oracle, next);
  *out = oracle;
  oracle = NULL;
cleanup:
  hr_free(next);
  hr_oracle_destroy(&oracle);
  return status;
}

void hr_oracle_destroy(hr_oracle **oracle) {
  if (!*oracle) return;
  hr_free((*oracle)->position);
  hr_free((*oracle)->row_list);
  hr_free((*oracle)->group_start);
  hr_free(*oracle);
  *oracle = NULL;
}

size_t hr_oracle_covered(const hr_oracle *oracle) {
  return oracle->group_start[oracle->bin_count];
}

/* The first of a choice's predictions, or NULL where nobody predicts. */
static const float *predictions_of(const hr_oracle *oracle, const hr_choice *choice,
                                   size_t slot) {
  if (choice->kind == HR_CHOICE_NONE) return NULL;
  if (choice->kind == HR_CHOICE_EXPERT && slot == oracle->bin_count) return NULL;
  int bin = choice->kind == HR_CHOICE_GLOBAL ? HR_GLOBAL : (int)slot;
  const hr_task *task = hr_outcome_usable(&oracle->outcomes[choice->expert], bin);
  if (!task || task->test_rows == 0) return NULL;
  return task->predictions + choice->variant * task->test_rows;
}

void hr_oracle_assemble(const hr_oracle *oracle, const hr_choice *choices,
                        double *prediction) {
  for (size_t i = 0; i < oracle->test->rows; i++) prediction[i] = (double)NAN;
  for (size_t slot = 0; slot <= oracle->bin_count; slot++) {
    const float *source = predictions_of(oracle, &choices[slot], slot);
    if (!source) continue;
    bool global = choices[slot].kind == HR_CHOICE_GLOBAL;
    for (size_t i = 0; i < oracle->test->rows; i++) {
      if (slot_of(oracle->test->route[i], oracle->bin_count) != slot) continue;
      prediction[i] = (double)source[global ? i : oracle->position[i]];
    }
  }
}
