#include "run/account.h"

#include <math.h>

void hr_account_add(hr_account *account, const hr_cost *cost) {
  if (account->count == HR_ACCOUNT_MOST) return;
  account->turn[account->count] = account->count;
  account->cost[account->count++] = *cost;
}

static double needed_beyond(const hr_cost *cost) {
  return cost->memory_bytes - cost->gathered_bytes;
}

void hr_account_sort(hr_account *account) {
  for (size_t i = 0; i < account->count; i++) {
    size_t expert = account->turn[i], at = i;
    double own = needed_beyond(&account->cost[expert]);
    for (; at > 0; at--) {
      size_t before = account->turn[at - 1];
      double theirs = needed_beyond(&account->cost[before]);
      if (theirs < own || (theirs <= own && before < expert)) break;
      account->turn[at] = before;
    }
    account->turn[at] = expert;
  }
}

double hr_account_memory(const hr_account *account) {
  double gathered = 0, sampled = 0, training = 0;
  for (size_t i = account->count; i-- > 0;) { /* from the last turn back */
    const hr_cost *cost = &account->cost[account->turn[i]];
    training = fmax(training, cost->memory_bytes + gathered);
    gathered += cost->gathered_bytes;
    sampled += cost->sampled_bytes;
  }
  return fmax(training, gathered + sampled);
}
