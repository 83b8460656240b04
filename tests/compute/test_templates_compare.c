/* That an answer does not depend on what else is asked, nor on who else asks. */
#include <pthread.h>
#include <stdlib.h>

#include "support/few_templates.h"

enum { ROWS = HR_QUERY_ROWS };

/* Plain, smooth by components, and rough ones by components: most are weighed again. */
enum { PLAIN, SMOOTH, ROUGH, WAYS };

typedef struct fixture {
  few_templates smooth, rough;
  hr_templates *templates[WAYS];
} fixture;

static int set_up(void **state) {
  fixture *f = calloc(1, sizeof *f);
  hr_templates_options options = {.weigh = HR_WEIGH_PIXELS};
  few_templates_init(&f->smooth, 0);
  few_templates_init(&f->rough, 0.001F);
  f->templates[PLAIN] = few_templates_make(&f->rough, &options);
  options.weigh = HR_WEIGH_COMPONENTS;
  f->templates[ROUGH] = few_templates_make(&f->rough, &options);
  options.least_effective = 20;
  f->templates[SMOOTH] = few_templates_make(&f->smooth, &options);
  *state = f;
  return 0;
}

static int tear_down(void **state) {
  fixture *f = *state;
  for (size_t way = 0; way < WAYS; way++) hr_templates_destroy(&f->templates[way]);
  free(f);
  return 0;
}

static hr_query query_of(const fixture *f) {
  const few_templates *s = &f->smooth;
  return (hr_query){.rows = ROWS,
                    .x = s->x,
                    .error = s->error,
                    .level = 1,
                    .group = s->group,
                    .fold = s->fold};
}

static void compare(const hr_templates *templates, const hr_query *query,
                    hr_posterior *own, hr_posterior *all) {
  hr_error err;
  hr_templates_workspace *work = NULL;
  check_ok(hr_templates_workspace_create(templates, &work, &err));
  check_ok(hr_templates_compare(templates, work, query, own, all, &err));
  hr_templates_workspace_destroy(&work);
}

static void an_answer_does_not_depend_on_what_else_is_asked(void **state) {
  const fixture *f = *state;
  hr_posterior own[ROWS], all[ROWS], other[ROWS], unused[ROWS];
  for (size_t way = 0; way < WAYS; way++) {
    hr_query query = query_of(f);
    int32_t group[ROWS];
    compare(f->templates[way], &query, own, all);
    query.own_only = true;
    compare(f->templates[way], &query, other, NULL);
    assert_memory_equal(own, other, sizeof own);
    query.own_only = false;
    query.group = group;
    for (size_t r = 0; r < ROWS; r++) group[r] = HR_NO_GROUP;
    compare(f->templates[way], &query, unused, other);
    assert_memory_equal(all, other, sizeof all);
    for (size_t r = 0; r < ROWS; r++) {
      int32_t own_group = f->smooth.group[r];
      bool moves = r % 2 == 0 && own_group != HR_NO_GROUP;
      group[r] = moves ? (own_group + 1) % FEW_GROUPS : own_group;
    }
    compare(f->templates[way], &query, other, unused);
    assert_memory_equal(all, unused, sizeof all);
    for (size_t r = 1; r < ROWS; r += 2) {
      assert_memory_equal(&own[r], &other[r], sizeof own[r]);
    }
  }
}

/* One comparison answers for all groups, as one a group does. */
static void several_groups_are_answered_as_one_by_one(void **state) {
  const fixture *f = *state;
  enum { TURNS = FEW_GROUPS + 1 };
  static hr_posterior several[ROWS][TURNS], all[ROWS], one[ROWS], unused[ROWS];
  static int32_t groups[ROWS][TURNS], group[ROWS];
  for (size_t way = 0; way < WAYS; way++) {
    hr_query query = query_of(f);
    for (size_t i = 0; i < ROWS * TURNS; i++) {
      size_t r = i / TURNS, turn = i % TURNS;
      groups[r][turn] = turn < r % TURNS ? (int32_t)turn : HR_NO_GROUP;
    }
    query.group = &groups[0][0];
    query.own_groups = TURNS;
    compare(f->templates[way], &query, &several[0][0], all);
    query.group = group;
    query.own_groups = 0;
    for (size_t turn = 0; turn < TURNS; turn++) {
      for (size_t r = 0; r < ROWS; r++) group[r] = groups[r][turn];
      compare(f->templates[way], &query, one, unused);
      assert_memory_equal(all, unused, sizeof all);
      for (size_t r = 0; r < ROWS; r++) {
        assert_memory_equal(&several[r][turn], &one[r], sizeof one[r]);
      }
    }
  }
}

/* Else the tests above would not reach them. */
static void some_rows_are_weighed_again_and_some_are_not(void **state) {
  const fixture *f = *state;
  hr_posterior own[ROWS], all[ROWS];
  size_t again = 0, only_one = 0;
  hr_query query = query_of(f);
  compare(f->templates[ROUGH], &query, own, all);
  for (size_t r = 0; r < ROWS; r++) {
    again += all[r].error == 0;
    only_one += !isnan(own[r].mean) && (own[r].error == 0) != (all[r].error == 0);
  }
  assert_true(again > 20 && again < ROWS - 20 && only_one > 10);
}

typedef struct caller {
  const fixture *fixture;
  hr_posterior own[ROWS], all[ROWS];
} caller;

static void *call(void *context) {
  caller *c = context;
  hr_query query = query_of(c->fixture);
  compare(c->fixture->templates[SMOOTH], &query, c->own, c->all);
  return NULL;
}

static void two_threads_compare_with_the_same_templates(void **state) {
  const fixture *f = *state;
  caller *callers = calloc(3, sizeof *callers);
  pthread_t threads[2];
  for (size_t i = 0; i < 3; i++) callers[i].fixture = f;
  for (size_t i = 0; i < 2; i++) {
    assert_int_equal(pthread_create(&threads[i], NULL, call, &callers[i]), 0);
  }
  for (size_t i = 0; i < 2; i++) pthread_join(threads[i], NULL);
  call(&callers[2]);
  for (size_t i = 0; i < 2; i++) {
    assert_memory_equal(callers[i].own, callers[2].own, sizeof callers[2].own);
    assert_memory_equal(callers[i].all, callers[2].all, sizeof callers[2].all);
  }
  free(callers);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_answer_does_not_depend_on_what_else_is_asked),
      cmocka_unit_test(several_groups_are_answered_as_one_by_one),
      cmocka_unit_test(some_rows_are_weighed_again_and_some_are_not),
      cmocka_unit_test(two_threads_compare_with_the_same_templates),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
