/* Random orders of training rows. */
#include "methods/shuffle.h"

#include "core/alloc.h"
#include "support/fail_alloc.h"
#include "support/small_study.h"

static small_study s;

static int set_up(void **state) {
  (void)state;
  small_study_init(&s);
  return 0;
}

static hr_ranked_row *shuffle(bool grouped) {
  hr_error err;
  hr_ranked_row *rows = NULL;
  check_ok(hr_shuffle_rows(&s.view, HR_STREAM_HELD_OUT, grouped, &rows, &err));
  return rows;
}

/* Every row once, ascending by group and key; keys are those of the rows. */
static void check_order(const hr_ranked_row *rows, bool grouped) {
  bool seen[SMALL_TRAIN] = {false};
  for (size_t i = 0; i < SMALL_TRAIN; i++) {
    size_t row = rows[i].row;
    assert_false(seen[row]);
    seen[row] = true;
    assert_int_equal(rows[i].group, grouped ? hr_row_group(&s.view, row) : 0);
    check_near(rows[i].key, hr_uniform(s.view.seed, HR_STREAM_HELD_OUT, row, 0), 0);
    if (i == 0) continue;
    assert_true(rows[i].group >= rows[i - 1].group);
    assert_true(rows[i].group > rows[i - 1].group || rows[i].key > rows[i - 1].key);
  }
}

static void orders_are_permutations(void **state) {
  (void)state;
  hr_ranked_row *all = shuffle(false), *grouped = shuffle(true);
  check_order(all, false);
  check_order(grouped, true);
  assert_int_equal(grouped[SMALL_TRAIN - 1].group, SMALL_BINS); /* the uncovered ones */
  hr_free(all);
  hr_free(grouped);
}

static void shuffling_depends_on_the_seed(void **state) {
  (void)state;
  hr_error err;
  hr_ranked_row *a = NULL, *b = NULL;
  check_ok(hr_shuffle_rows(&s.view, HR_STREAM_HELD_OUT, true, &a, &err));
  s.view.seed++;
  check_ok(hr_shuffle_rows(&s.view, HR_STREAM_HELD_OUT, true, &b, &err));
  s.view.seed--;
  size_t moved = 0;
  for (size_t i = 0; i < SMALL_TRAIN; i++) {
    assert_int_equal(a[i].group, b[i].group);
    assert_int_equal(a[i].group, hr_row_group(&s.view, a[i].row));
    moved += a[i].row != b[i].row;
  }
  assert_true(moved > SMALL_TRAIN / 2);
  hr_free(a);
  hr_free(b);
}

static size_t choose(size_t most, int32_t **slot) {
  hr_error err;
  size_t count = 0;
  check_ok(hr_shuffle_choose(&s.view, most, slot, &err));
  for (size_t i = 0; i < SMALL_TRAIN; i++) {
    assert_true((*slot)[i] == SMALL_BINS || (*slot)[i] == HR_UNCOVERED);
    count += (*slot)[i] == SMALL_BINS;
  }
  assert_int_equal(count, hr_shuffle_chosen_rows(&s.view, most));
  return count;
}

static void rows_are_chosen_from_all(void **state) {
  (void)state;
  int32_t *few = NULL, *more = NULL, *all = NULL;
  size_t in_second_half = 0;
  assert_int_equal(choose(0, &all), SMALL_TRAIN);
  hr_free(all);
  assert_int_equal(choose(SMALL_TRAIN + 1, &all), SMALL_TRAIN);
  assert_int_equal(choose(20, &few), 20);
  assert_int_equal(choose(40, &more), 40);
  for (size_t i = 0; i < SMALL_TRAIN; i++) {
    if (few[i] != HR_UNCOVERED) assert_int_equal(more[i], SMALL_BINS);
    in_second_half += few[i] != HR_UNCOVERED && i >= SMALL_TRAIN / 2;
  }
  assert_in_range(in_second_half, 3, 17);
  hr_free(few);
  hr_free(more);
  hr_free(all);
}

static hr_status choose_and_forget(void) {
  hr_error err;
  int32_t *slot = NULL;
  hr_status status = hr_shuffle_choose(&s.view, 20, &slot, &err);
  hr_free(slot);
  return status;
}

static hr_status shuffle_and_forget(void) {
  hr_error err;
  hr_ranked_row *rows = NULL;
  hr_status status = hr_shuffle_rows(&s.view, HR_STREAM_HELD_OUT, false, &rows, &err);
  hr_free(rows);
  return status;
}

static void memory_may_run_out(void **state) {
  (void)state;
  check_alloc_failures(shuffle_and_forget());
  check_alloc_failures(choose_and_forget());
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(orders_are_permutations),
      cmocka_unit_test(shuffling_depends_on_the_seed),
      cmocka_unit_test(rows_are_chosen_from_all),
      cmocka_unit_test(memory_may_run_out),
  };
  return cmocka_run_group_tests(tests, set_up, NULL);
}
