/* A small study with a file of predictions, v.csv, and one of validation, o.csv. */
#ifndef HR_TESTS_OUTSIDE_PLAN_H
#define HR_TESTS_OUTSIDE_PLAN_H

#include "support/check.h"
#include "support/small_plan.h"

/* Test rows have log_g 8, 9 .. 15; the first four are in bin 0, the next three in bin 1,
 * the last in none. Training rows have 12, 13 .. 23: six, five, one. */
static hr_error err;
static hr_plan *plan;

static inline int outside_tear_down(void **state) {
  hr_plan_destroy(&plan);
  return small_plan_tear_down(state);
}

static inline void outside_write(const char *name, const char *text) {
  char path[256];
  snprintf(path, sizeof path, "%s/%s", plan_scratch.path, name);
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  assert_true(fputs(text, file) >= 0);
  assert_int_equal(fclose(file), 0);
}

/* A study with v.csv, read as `more` says; NULL: as it was. */
static inline hr_status outside_make_told(const char *text, const char *more,
                                          const hr_observer *observer) {
  char rest[512];
  if (text) outside_write("v.csv", text);
  snprintf(rest, sizeof rest, "experts: {ridge: {}, cat: {predictions: v.csv%s}}\n",
           more);
  small_plan_configure(rest);
  return hr_plan_create(plan_config, observer, &plan, &err);
}

static inline hr_status outside_make(const char *text, const char *more) {
  return outside_make_told(text, more, NULL);
}

/* What the plan has of it. */
static inline const hr_outside_rows *outside_said(void) {
  assert_int_equal(plan_config->expert_count - plan_config->control_count, 2);
  assert_null(plan->outside[0].prediction);
  return &plan->outside[1];
}

static inline void outside_check(const double *values, const double *expected,
                                 size_t count) {
  for (size_t i = 0; i < count; i++) {
    bool is_none = isnan(expected[i]) != 0;
    assert_true(is_none ? isnan(values[i]) != 0 : values[i] == expected[i]);
  }
}

static inline void check_said(const double *expected) {
  outside_check(outside_said()->prediction, expected, PLAN_TEST);
}

/* FILE and OTHER in `sentence` stand for the paths of v.csv and o.csv. */
static inline void outside_refused(const char *text, const char *more, hr_status status,
                                   const char *sentence) {
  char expected[768], paths[2][256], *at;
  static const char *const marks[] = {"FILE", "OTHER"};
  snprintf(paths[0], sizeof paths[0], "%s/v.csv", plan_scratch.path);
  snprintf(paths[1], sizeof paths[1], "%s/o.csv", plan_scratch.path);
  snprintf(expected, sizeof expected, "x.yaml: experts.cat.%s", sentence);
  for (size_t m = 0; m < 2; m++) {
    while ((at = strstr(expected, marks[m])) != NULL) {
      char rest[512];
      snprintf(rest, sizeof rest, "%s", at + strlen(marks[m]));
      snprintf(at, sizeof expected - (size_t)(at - expected), "%s%s", paths[m], rest);
    }
  }
  check_fails(outside_make(text, more), status, expected);
  assert_null(plan);
}

#endif
