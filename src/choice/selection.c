/* Choosing among tasks: the merit of each is compared bin by bin. */
#include "choice/selection.h"

#include <math.h>

#include "methods/outside/outside.h"

const char *hr_selection_name(hr_selection selection) {
  return selection == HR_SELECT_BY_CV ? "cv" : "test";
}

/* A choice on the way, with its merit: larger is better. */
typedef struct best_choice {
  hr_choice choice;
  double merit;
} best_choice;

static void offer(best_choice *best, size_t expert, size_t variant, double merit) {
  bool better = best->choice.kind == HR_CHOICE_NONE || merit > best->merit;
  if (!better) return;
  best->choice = (hr_choice){HR_CHOICE_EXPERT, expert, variant};
  best->merit = merit;
}

static void offer_by_cv(best_choice *best, size_t expert, const hr_fit *fit) {
  double r2 = fit->cv_r2 ? fit->cv_r2[fit->chosen] : (double)NAN;
  offer(best, expert, fit->chosen, isnan(r2) ? -(double)INFINITY : r2);
}

/* The best R2 on the rows of one bin is the least squared error there, which is defined
 * even where R2 is not. */
static void offer_by_test(best_choice *best, size_t expert, const hr_fit *fit,
                          const double *sse) {
  for (size_t v = 0; v < fit->variant_count; v++) {
    if (!isnan(sse[v])) offer(best, expert, v, -sse[v]);
  }
}

static void offer_expert(best_choice *best, const hr_candidates *candidates, bool on_test,
                         size_t e, size_t k) {
  const hr_fit *fit = hr_outcome_usable(&candidates->outcomes[e], (int)k);
  if (!fit) return;
  if (on_test) {
    const hr_test_errors *test = candidates->test;
    size_t start = test->start[e * candidates->bin_count + k];
    offer_by_test(best, e, fit, test->sse + start);
  } else {
    offer_by_cv(best, e, fit);
  }
}

/* Whether the task of expert number e is one of those that `expert` means. */
static bool is_asked(const hr_candidates *candidates, int expert, size_t e, size_t k) {
  const hr_outcome *outcome = &candidates->outcomes[e];
  if (expert >= 0) return e == (size_t)expert;
  if (expert == HR_OWN_EXPERTS && hr_method_is_outside(outcome->type)) return false;
  return hr_outcome_competes(outcome, (int)k);
}

void hr_select(const hr_candidates *candidates, hr_selection selection, int expert,
               hr_choice *choices) {
  for (size_t k = 0; k < candidates->bin_count; k++) {
    best_choice best = {.choice = {.kind = HR_CHOICE_NONE}};
    bool on_test = selection == HR_SELECT_BY_TEST && candidates->test &&
                   candidates->test->rows[k] > 0;
    for (size_t e = 0; e < candidates->outcome_count; e++) {
      if (!is_asked(candidates, expert, e, k)) continue;
      offer_expert(&best, candidates, on_test, e, k);
    }
    choices[k] = best.choice;
  }
  choices[candidates->bin_count] = (hr_choice){.kind = HR_CHOICE_NONE};
}
