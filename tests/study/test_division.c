/* Who does what of a study, and that nobody's machine has a say in it. */
#include "study/division.h"

#include <string.h>

#include "support/small_plan.h"

static hr_plan *plan;
static hr_error err;

/* LightGBM may grow bins of five rows and one model of all; the CNN needs more. */
static const char experts[] =
    "experts:\n"
    "  ridge:\n"
    "  posterior:\n"
    "  lightgbm: {min_child_samples: 2, n_estimators: 50, global: true}\n"
    "  cnn: {bins: [1], pool_size: 1, channels: [2], kernel_size: 2}\n";

static void make(const char *rest) {
  small_plan_configure(rest);
  check_ok(hr_plan_create(plan_config, NULL, &plan, &err));
}

static int tidy(void **state) {
  (void)state;
  hr_plan_destroy(&plan);
  return 0;
}

/* Pieces are those of whole experts, and slots of those that keep models. */
static void a_piece_is_what_cannot_be_parted(void **state) {
  (void)state;
  hr_division d;
  make(experts);
  check_ok(hr_division_make(plan, 1, &d, &err));
  enum { KNOWN = 8 };
  const int slots[KNOWN] = {0, 1, 2, HR_EVERY_SLOT, 0, 1, 2, 1};
  const size_t of[KNOWN] = {0, 0, 0, 1, 2, 2, 2, 3};
  assert_true(d.count >= KNOWN); /* and the controls */
  for (size_t i = 0; i < KNOWN; i++) {
    assert_int_equal(d.pieces[i].expert, of[i]);
    assert_int_equal(d.pieces[i].slot, slots[i]);
    assert_int_equal(d.pieces[i].element, 0);
  }
  for (size_t i = KNOWN; i < d.count; i++) {
    assert_int_equal(d.pieces[i].slot, HR_EVERY_SLOT);
  }
  assert_true(hr_division_splits(plan_config->experts[2].type));
  assert_true(hr_division_splits(plan_config->experts[0].type));
  assert_false(hr_division_splits(plan_config->experts[1].type));
  hr_division_fini(&d);
}

/* Every piece once, however many elements; loads are the sums of theirs, and none is more
 * than the least without its own largest piece. */
static void each_has_its_share(void **state) {
  (void)state;
  make(experts);
  for (size_t n = 1; n < 12; n++) {
    hr_division d;
    hr_share *share = calloc(1, sizeof *share);
    size_t found = 0;
    double least = 0;
    assert_non_null(share);
    check_ok(hr_division_make(plan, n, &d, &err));
    for (size_t e = 0; e < n; e++)
      least = e == 0 || d.load[e] < least ? d.load[e] : least;
    for (size_t e = 0; e < n; e++) {
      double load = 0, smallest = 0;
      hr_division_share(&d, e, share);
      for (size_t i = 0; i < d.count; i++) {
        const hr_piece *p = &d.pieces[i];
        if (p->element != e) continue;
        found++;
        load += p->operations;
        if (!(smallest > 0) || p->operations < smallest) smallest = p->operations;
        assert_true(share->has[p->expert]);
        if (p->slot >= 0) assert_true(share->wanted[p->expert][p->slot]);
      }
      check_near(d.load[e], load, 1e-9 * load);
      assert_true(load - smallest <= least * (1 + 1e-9));
    }
    assert_int_equal(found, d.count);
    hr_division_fini(&d);
    free(share);
  }
}

/* A share wants the slots of its pieces and no other. */
static void a_share_wants_its_own_slots(void **state) {
  (void)state;
  hr_share *share = calloc(1, sizeof *share);
  hr_piece pieces[] = {{2, 1, 5, 0}, {2, 0, 4, 1}, {0, HR_EVERY_SLOT, 3, 1}};
  const hr_division d = {.elements = 2, .count = 3, .pieces = pieces};
  assert_non_null(share);
  hr_division_share(&d, 0, share);
  assert_false(share->has[0]);
  assert_true(share->has[2]);
  assert_false(share->wanted[2][0]);
  assert_true(share->wanted[2][1]);
  hr_division_share(&d, 1, share);
  assert_true(share->has[0]);
  assert_true(share->wanted[0][0] && share->wanted[0][HR_MOST_BINS]);
  assert_false(share->wanted[2][1]);
  free(share);
}

static void what_a_machine_has_changes_nothing(void **state) {
  (void)state;
  hr_division before, after;
  make(experts);
  check_ok(hr_division_make(plan, 3, &before, &err));
  plan->view.memory_bytes = 1 << 20;
  plan->view.low_memory = HR_LOW_MEMORY_FOLDS;
  check_ok(hr_division_make(plan, 3, &after, &err));
  assert_int_equal(before.count, after.count);
  for (size_t i = 0; i < before.count; i++) {
    assert_int_equal(before.pieces[i].element, after.pieces[i].element);
  }
  hr_division_fini(&before);
  hr_division_fini(&after);
}

static void more_elements_than_pieces_have_nothing(void **state) {
  (void)state;
  hr_division d;
  make("experts: {posterior: }\ncontrols: {placebo: false, leakage: false}\n");
  check_ok(hr_division_make(plan, 5, &d, &err));
  assert_int_equal(d.count, 1);
  for (size_t e = 1; e < 5; e++) assert_true(d.load[e] == 0);
  hr_division_fini(&d);
  size_t n = 0;
  check_ok(hr_division_suggest(plan, &n, &err));
  assert_int_equal(n, 1);
}

/* As many as bring the longest to the largest piece, and no more. */
static void as_many_elements_as_help(void **state) {
  (void)state;
  size_t n = 0;
  hr_division d;
  double largest = 0, longest = 0;
  make(experts);
  check_ok(hr_division_suggest(plan, &n, &err));
  assert_true(n >= 1);
  for (size_t of = n; of + 1 >= n && of > 0; of--) {
    check_ok(hr_division_make(plan, of, &d, &err));
    longest = 0;
    for (size_t i = 0; i < d.count; i++) {
      if (d.pieces[i].operations > largest) largest = d.pieces[i].operations;
    }
    for (size_t e = 0; e < of; e++) longest = d.load[e] > longest ? d.load[e] : longest;
    if (of == n) assert_true(longest <= 1.1 * largest || n == d.count);
    if (of + 1 == n) assert_true(longest > 1.1 * largest);
    hr_division_fini(&d);
  }
}

static void tasks_have_the_names_of_their_folders(void **state) {
  (void)state;
  static const char *const expected[] = {"0-ridge", "1-ridge", "global-ridge",
                                         "global-lightgbm"};
  hr_strings tasks = {0};
  make(experts);
  const hr_piece whole = {.expert = 0, .slot = HR_EVERY_SLOT};
  const hr_piece one = {.expert = 2, .slot = 2};
  check_ok(hr_piece_tasks(plan, &whole, &tasks, &err));
  check_ok(hr_piece_tasks(plan, &one, &tasks, &err));
  assert_int_equal(tasks.count, 4);
  for (size_t i = 0; i < 4; i++) assert_string_equal(tasks.items[i], expected[i]);
  hr_strings_fini(&tasks);
}

/* What is done is nobody's; the rest is dealt as if there were nothing else. */
static void what_is_done_is_not_dealt(void **state) {
  (void)state;
  hr_division all, rest;
  bool is_done[64] = {true, false, false, true};
  make(experts);
  check_ok(hr_division_make(plan, 2, &all, &err));
  check_ok(hr_division_make_rest(plan, 2, is_done, &rest, &err));
  assert_int_equal(rest.count, all.count - 2);
  assert_int_equal(rest.pieces[0].expert, all.pieces[1].expert);
  assert_int_equal(rest.pieces[1].slot, all.pieces[2].slot);
  assert_int_equal(rest.pieces[2].slot, all.pieces[4].slot);
  double load = 0;
  for (size_t i = 0; i < rest.count; i++) load += rest.pieces[i].operations;
  check_near(rest.load[0] + rest.load[1], load, 1e-6 * load);
  hr_division_fini(&all);
  hr_division_fini(&rest);
}

#define TEST(name) cmocka_unit_test_teardown(name, tidy)

int main(void) {
  const struct CMUnitTest tests[] = {TEST(a_piece_is_what_cannot_be_parted),
                                     TEST(each_has_its_share),
                                     TEST(a_share_wants_its_own_slots),
                                     TEST(what_a_machine_has_changes_nothing),
                                     TEST(more_elements_than_pieces_have_nothing),
                                     TEST(as_many_elements_as_help),
                                     TEST(what_is_done_is_not_dealt),
                                     TEST(tasks_have_the_names_of_their_folders)};
  return cmocka_run_group_tests(tests, small_plan_set_up, small_plan_tear_down);
}
