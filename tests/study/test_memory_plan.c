#include "study/memory_plan.h"

#include <math.h>

#include "core/random.h"
#include "support/check.h"

static hr_cost cost(double memory, double gathered, double sampled) {
  return (hr_cost){
      .memory_bytes = memory, .gathered_bytes = gathered, .sampled_bytes = sampled};
}

static hr_memory_plan account_of(const hr_cost *costs, size_t count) {
  hr_memory_plan account = {0};
  for (size_t i = 0; i < count; i++) hr_memory_plan_add(&account, &costs[i]);
  return account;
}

static void whoever_waits_keeps_what_was_gathered(void **state) {
  (void)state;
  const hr_cost costs[] = {cost(100, 40, 0), cost(70, 30, 25)};
  hr_memory_plan account = account_of(costs, 2);
  check_near(hr_memory_plan_memory(&account), 130, 0); /* 100 beside the second's 30 */
  hr_memory_plan_sort(&account);
  assert_int_equal(account.turn[0], 1);
  assert_int_equal(account.turn[1], 0);
  check_near(hr_memory_plan_memory(&account), 110, 0); /* 70 beside 40, then 100 alone */
  const hr_cost sampled[] = {cost(50, 40, 0), cost(70, 30, 45)};
  account = account_of(sampled, 2);
  check_near(hr_memory_plan_memory(&account), 115, 0); /* while samples are taken */
}

static void nobody_needs_nothing(void **state) {
  (void)state;
  hr_memory_plan account = {0};
  hr_memory_plan_sort(&account);
  check_near(hr_memory_plan_memory(&account), 0, 0);
}

static void equals_keep_their_order(void **state) {
  (void)state;
  const hr_cost costs[] = {cost(9, 4, 0), cost(6, 1, 0), cost(2, 1, 0), cost(8, 3, 0)};
  hr_memory_plan account = account_of(costs, 4);
  hr_memory_plan_sort(&account);
  const size_t expected[] = {2, 0, 1, 3};
  for (size_t i = 0; i < 4; i++) assert_int_equal(account.turn[i], expected[i]);
}

/* The least that any order of the turns needs, by trying them all. */
static double least_of(hr_memory_plan account, size_t first) {
  if (first == account.count) return hr_memory_plan_memory(&account);
  double least = INFINITY;
  for (size_t i = first; i < account.count; i++) {
    hr_memory_plan other = account;
    other.turn[first] = account.turn[i];
    other.turn[i] = account.turn[first];
    least = fmin(least, least_of(other, first + 1));
  }
  return least;
}

static void no_order_needs_less(void **state) {
  (void)state;
  size_t gained = 0;
  for (uint64_t trial = 0; trial < 200; trial++) {
    hr_memory_plan account = {0};
    for (uint32_t i = 0; i < 5; i++) {
      double gathered = hr_uniform(7, 0, trial, 2 * i);
      hr_cost one = cost(gathered + hr_uniform(7, 0, trial, 2 * i + 1), gathered, 0);
      hr_memory_plan_add(&account, &one);
    }
    double unsorted = hr_memory_plan_memory(&account);
    hr_memory_plan_sort(&account);
    check_near(hr_memory_plan_memory(&account), least_of(account, 0), 1e-12);
    gained += hr_memory_plan_memory(&account) < unsorted;
  }
  assert_true(gained > 50);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(whoever_waits_keeps_what_was_gathered),
      cmocka_unit_test(nobody_needs_nothing),
      cmocka_unit_test(equals_keep_their_order),
      cmocka_unit_test(no_order_needs_less),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
