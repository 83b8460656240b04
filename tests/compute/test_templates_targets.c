/* Labels of several targets: the answers are those of templates with one of them alone.
 */
#include <stdlib.h>

#include "compute/templates_parts.h"
#include "support/few_templates.h"

enum { ROWS = HR_QUERY_ROWS, TARGETS = 3 };

typedef struct answers {
  hr_posterior own[ROWS * TARGETS], all[ROWS * TARGETS];
} answers;

static const hr_templates_options ways[] = {
    {.weigh = HR_WEIGH_PIXELS},
    {.weigh = HR_WEIGH_PIXELS, .least_effective = 30},
    {.weigh = HR_WEIGH_COMPONENTS},
    {.weigh = HR_WEIGH_COMPONENTS, .amplitude = HR_AMPLITUDE_FLAT, .least_effective = 30},
};
enum { WAYS = sizeof ways / sizeof ways[0] };

static hr_templates *make(const few_templates *s, size_t way, size_t targets) {
  hr_templates_options options = ways[way];
  options.targets = targets;
  return few_templates_make(s, &options);
}

/* Templates of which target number `target` is the only one. */
static hr_templates *make_alone(const few_templates *s, size_t way, size_t target) {
  few_templates *other = malloc(sizeof *other);
  memcpy(other, s, sizeof *other);
  for (size_t i = 0; i < FEW_TEMPLATES; i++) {
    other->label[i].y = few_templates_label(i, target);
  }
  hr_templates *t = make(other, way, 1);
  free(other);
  return t;
}

static void compare(const few_templates *s, const hr_templates *t, answers *out) {
  hr_error err;
  hr_templates_workspace *work = NULL;
  const hr_query query = {.rows = ROWS,
                          .x = s->x,
                          .error = s->error,
                          .level = 0.7,
                          .group = s->group,
                          .fold = s->fold};
  check_ok(hr_templates_workspace_create(t, &work, &err));
  check_ok(hr_templates_compare(t, work, &query, out->own, out->all, &err));
  hr_templates_workspace_destroy(&work);
}

static few_templates *make_rows(float roughness) {
  few_templates *s = calloc(1, sizeof *s);
  few_templates_init(s, roughness);
  for (size_t r = 0; r < ROWS; r++) s->fold[r] = r % 3 ? HR_NO_FOLD : (uint8_t)(r % 5);
  return s;
}

static bool is_same(const hr_posterior *a, const hr_posterior *b) {
  return memcmp(a, b, sizeof *a) == 0;
}

static void the_first_target_is_what_it_is_alone(void **state) {
  const few_templates *s = *state;
  static answers alone, together;
  for (size_t way = 0; way < WAYS; way++) {
    hr_templates *one = make(s, way, 1), *three = make(s, way, TARGETS);
    assert_int_equal(hr_templates_targets(three), TARGETS);
    compare(s, one, &alone);
    compare(s, three, &together);
    for (size_t r = 0; r < ROWS; r++) {
      assert_true(is_same(&together.own[r * TARGETS], &alone.own[r]));
      assert_true(is_same(&together.all[r * TARGETS], &alone.all[r]));
    }
    hr_templates_destroy(&one);
    hr_templates_destroy(&three);
  }
}

static void check_answer(const hr_posterior *found, const hr_posterior *alone) {
  if (isnan(alone->mean)) {
    assert_true(isnan(found->mean) && isnan(found->variance) && isnan(found->chi2));
    return;
  }
  check_near(found->mean, alone->mean, 1e-3); /* the spread is 10 */
  check_near(found->variance, alone->variance, 1e-3 * alone->variance + 1e-4);
  check_near(found->effective, alone->effective, 1e-3 * alone->effective);
  check_near(found->chi2, alone->chi2, 1e-6);
}

static void the_others_are_too_but_for_rounding(void **state) {
  const few_templates *s = *state;
  static answers alone, together;
  for (size_t way = 0; way < WAYS; way++) {
    hr_templates *three = make(s, way, TARGETS);
    compare(s, three, &together);
    for (size_t target = 1; target < TARGETS; target++) {
      hr_templates *one = make_alone(s, way, target);
      compare(s, one, &alone);
      for (size_t r = 0; r < ROWS; r++) {
        check_answer(&together.own[r * TARGETS + target], &alone.own[r]);
        check_answer(&together.all[r * TARGETS + target], &alone.all[r]);
      }
      hr_templates_destroy(&one);
    }
    hr_templates_destroy(&three);
  }
}

/* A label that is the same everywhere is known exactly: its spectra are never compared
 * over pixels, whatever those of the other target are. */
static void each_target_is_as_exact_as_it_has_to_be(void **state) {
  (void)state;
  few_templates *s = make_rows(0.004F);
  static answers found;
  hr_error err;
  hr_templates *t = NULL;
  size_t over_pixels = 0;
  const hr_templates_options options = {.targets = 2};
  check_ok(hr_templates_create(FEW_TEMPLATES, FEW_PIXELS, &options, hr_compute_default(),
                               &t, &err));
  for (size_t i = 0; i < FEW_TEMPLATES; i++) {
    hr_templates_put(t, i, s->f + i * FEW_PIXELS, &s->label[i]);
    hr_templates_put_target(t, i, 1, 7);
  }
  check_ok(hr_templates_finish(t, NULL, &err));
  compare(s, t, &found);
  for (size_t r = 0; r < ROWS; r++) {
    over_pixels += found.all[2 * r].error == 0;
    check_near(found.all[2 * r + 1].mean, 7, 1e-6);
    check_near(found.all[2 * r + 1].variance, 0, 1e-9);
  }
  assert_true(over_pixels > 0);
  hr_templates_destroy(&t);
  free(s);
}

static void more_targets_than_there_can_be_are_refused(void **state) {
  (void)state;
  hr_error err;
  hr_templates *t = NULL;
  const hr_templates_options options = {.targets = HR_MOST_TEMPLATE_TARGETS + 1};
  check_fails(hr_templates_create(2, 3, &options, hr_compute_default(), &t, &err),
              HR_ERR_USAGE, "templates of 65 targets, but at most 64 can be");
}

static int set_up(void **state) {
  *state = make_rows(0.001F);
  return 0;
}

static int tear_down(void **state) {
  free(*state);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_first_target_is_what_it_is_alone),
      cmocka_unit_test(the_others_are_too_but_for_rounding),
      cmocka_unit_test(each_target_is_as_exact_as_it_has_to_be),
      cmocka_unit_test(more_targets_than_there_can_be_are_refused),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
