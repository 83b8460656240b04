#include "study/sample.h"

#include <stdlib.h>

#include "support/check.h"

enum { ROWS = 10000, BINS = 3 };

/* Bin 0 is common, bin 1 rare, bin 2 has 30 rows, all at the end; a third is uncovered.
 */
static void make_bins(int32_t *bin) {
  for (size_t i = 0; i < ROWS; i++) {
    bin[i] = i >= ROWS - 30 ? 2 : i % 3 == 0 ? HR_UNCOVERED : i % 10 == 1 ? 1 : 0;
  }
}

static hr_sample *draw_for(const int32_t *bin, const hr_sample_wish *wish) {
  hr_split_view train = {.rows = ROWS, .bin = bin};
  hr_sample *sample = NULL;
  hr_error err;
  check_ok(hr_sample_create(&train, BINS, wish, &sample, &err));
  return sample;
}

static hr_sample *draw(const int32_t *bin, size_t rows_per_bin, uint64_t seed) {
  const hr_sample_wish wish = {rows_per_bin, 0, seed};
  return draw_for(bin, &wish);
}

static void every_bin_gets_its_rows(void **state) {
  (void)state;
  static int32_t bin[ROWS];
  size_t taken[BINS] = {0}, streamed = 0, late = 0;
  make_bins(bin);
  hr_sample *sample = draw(bin, 200, 1);
  for (size_t i = 0; i < ROWS; i++) {
    bool read = sample->runs[i / HR_SAMPLE_RUN];
    streamed += read;
    if (!sample->rows[i]) continue;
    assert_true(read);
    assert_int_not_equal(bin[i], HR_UNCOVERED);
    taken[bin[i]]++;
    late += bin[i] == 0 && i >= ROWS / 2;
  }
  assert_int_equal(taken[0], 200);
  assert_int_equal(taken[1], 200);
  assert_int_equal(taken[2], 30);
  assert_int_equal(streamed, sample->streamed);
  assert_true(streamed < ROWS / 2);
  assert_true(late > 0 && late < 200); /* not the first ones of the file */
  hr_sample_destroy(&sample);
}

static void the_seed_decides(void **state) {
  (void)state;
  static int32_t bin[ROWS];
  make_bins(bin);
  hr_sample *a = draw(bin, 100, 1), *b = draw(bin, 100, 1), *c = draw(bin, 100, 2);
  assert_memory_equal(a->rows, b->rows, ROWS);
  assert_int_not_equal(memcmp(a->rows, c->rows, ROWS), 0);
  hr_sample_destroy(&a);
  hr_sample_destroy(&b);
  hr_sample_destroy(&c);
}

static void a_large_sample_is_everything_covered(void **state) {
  (void)state;
  static int32_t bin[ROWS];
  make_bins(bin);
  hr_sample *sample = draw(bin, ROWS, 1);
  for (size_t i = 0; i < ROWS; i++) {
    assert_int_equal(sample->rows[i], bin[i] != HR_UNCOVERED);
  }
  hr_sample_destroy(&sample);
}

/* The bins' samples stay what they are without it; where one bin has all rows, its sample
 * is that of all rows. */
static void all_rows_have_a_sample_of_their_own(void **state) {
  (void)state;
  static int32_t bin[ROWS];
  const hr_sample_wish wish = {200, 300, 1};
  size_t all = 0, uncovered = 0, late = 0;
  make_bins(bin);
  hr_sample *with = draw_for(bin, &wish), *without = draw(bin, 200, 1);
  for (size_t i = 0; i < ROWS; i++) {
    bool is_of_all = with->rows[i] & HR_CHOSEN_OF_ALL;
    assert_int_equal(with->rows[i] & HR_CHOSEN_OF_BIN, without->rows[i]);
    all += is_of_all;
    uncovered += is_of_all && bin[i] == HR_UNCOVERED;
    late += is_of_all && i >= ROWS / 2;
    if (is_of_all) assert_true(with->runs[i / HR_SAMPLE_RUN]);
  }
  assert_int_equal(all, 300);
  assert_in_range(uncovered, 75, 125); /* a third */
  assert_true(late > 0 && late < 300);
  hr_sample_destroy(&with);
  hr_sample_destroy(&without);
  for (size_t i = 0; i < ROWS; i++) bin[i] = 1;
  const hr_sample_wish same = {300, 300, 1};
  with = draw_for(bin, &same);
  for (size_t i = 0; i < ROWS; i++)
    assert_in_set(with->rows[i], ((uintmax_t[]){0, 3}), 2);
  hr_sample_destroy(&with);
  const hr_sample_wish none_of_bins = {0, ROWS + 1, 1};
  with = draw_for(bin, &none_of_bins);
  for (size_t i = 0; i < ROWS; i++) assert_int_equal(with->rows[i], HR_CHOSEN_OF_ALL);
  assert_int_equal(with->streamed, ROWS);
  hr_sample_destroy(&with);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_bin_gets_its_rows),
      cmocka_unit_test(the_seed_decides),
      cmocka_unit_test(a_large_sample_is_everything_covered),
      cmocka_unit_test(all_rows_have_a_sample_of_their_own),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
