/* Which element of how many a program is, from its command line or from Slurm. */
#include "cli/array_option.h"

#include <stdio.h>
#include <stdlib.h>

#include "support/check.h"

static size_t element, count;
static hr_error err;

static void check_read(const char *text, size_t own, size_t of) {
  check_ok(hr_array_option_read(text, &element, &count, &err));
  assert_int_equal(element, own);
  assert_int_equal(count, of);
}

static void check_refused(const char *text, const char *sentence) {
  check_fails(hr_array_option_read(text, &element, &count, &err), HR_ERR_USAGE, sentence);
}

static void two_numbers(void **state) {
  (void)state;
  check_read("0/1", 0, 1);
  check_read("2/7", 2, 7);
  check_read("99999/100000", 99999, 100000);
  static const char *const wrong[] = {
      "",    "7",    "2/",  "/7",       "7/7",   "-1/7",
      "1/0", "2/7x", "a/7", "0/100001", "auto ", "1111111111111111111111111111/7"};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    char sentence[256];
    snprintf(sentence, sizeof sentence,
             "--array %s is not I/N, element I from 0 to N-1 of at most 100000, such as "
             "2/7, or auto",
             wrong[i]);
    check_refused(wrong[i], sentence);
  }
}

static void set(const char *own, const char *of, const char *first, const char *last) {
  static const char *const names[] = {"SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT",
                                      "SLURM_ARRAY_TASK_MIN", "SLURM_ARRAY_TASK_MAX"};
  const char *const values[] = {own, of, first, last};
  for (size_t i = 0; i < 4; i++) {
    assert_int_equal(values[i] ? setenv(names[i], values[i], 1) : unsetenv(names[i]), 0);
  }
}

/* A job that is submitted again alone says nothing of the whole array. */
static void what_slurm_says(void **state) {
  (void)state;
  static const char none[] =
      "--array auto is for jobs of a Slurm job array, and SLURM_ARRAY_TASK_ID or "
      "SLURM_ARRAY_TASK_COUNT is not set; give --array I/N";
  set(NULL, NULL, NULL, NULL);
  check_refused("auto", none);
  set("3", NULL, NULL, NULL);
  check_refused("auto", none);
  set("3", "many", "0", "6");
  check_refused("auto", none);
  set("3", "7", "0", "6");
  check_read("auto", 3, 7);
  set("3", "1", "3", "3");
  check_refused(
      "auto",
      "--array auto takes job arrays 0-(N-1), and this one has 1 jobs from 3 to "
      "3; give --array I/N with the N of the whole array");
  set("1", "7", "1", "7");
  check_refused(
      "auto",
      "--array auto takes job arrays 0-(N-1), and this one has 7 jobs from 1 to "
      "7; give --array I/N with the N of the whole array");
  set("2", "3", "0", "4"); /* 0-4:2 */
  check_refused(
      "auto",
      "--array auto takes job arrays 0-(N-1), and this one has 3 jobs from 0 to "
      "4; give --array I/N with the N of the whole array");
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(two_numbers),
                                     cmocka_unit_test(what_slurm_says)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
