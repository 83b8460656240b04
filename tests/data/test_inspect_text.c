/* The report of a made-up inspection, to the letter. */
#include "core/alloc.h"
#include "data/inspect_parts.h"
#include "support/check.h"
#include "support/fail_alloc.h"

static void check_report(hr_inspection *it, const char *expected) {
  hr_error err = {0};
  check_ok(hr_inspect_write_text(it, &err));
  assert_string_equal(it->text, expected);
  hr_free(it->text);
  it->text = NULL;
}

static void a_dataset_is_reported(void **state) {
  (void)state;
  hr_inspected_array arrays[] = {
      {"/dataset/arrays/flux/value", "f32", "20000 x 4096", "contiguous"},
      {"/spectrumdataset/wave", "f64", "4096", "chunks of 512, gzip"},
  };
  hr_inspected_label labels[] = {{"T_eff", 3800, 5912.25, 0},
                                 {"a long name", (double)NAN, (double)NAN, 20000}};
  char *problems[] = {"flux is below 0 at 3 of 20 pixels"};
  hr_inspection it = {.path = "a\x1b.h5",
                      .file_bytes = 655360000,
                      .arrays = arrays,
                      .array_count = 2,
                      .is_dataset = true,
                      .rows = 20000,
                      .pixels = 4096,
                      .first_wave_angstrom = 7100,
                      .last_wave_angstrom = 8738.004,
                      .labels = labels,
                      .label_count = 2,
                      .snr = {sizeof(hr_inspect_distribution), 20000, 8, 2.5, 1, 2, 6,
                              7.75, 10, 12, 15.5},
                      .has_bins = true,
                      .bin_rows = {10, 11, 12, 13, 14, 15, 16, 17, 18},
                      .uncovered_rows = 19874,
                      .spectra_read = true,
                      .problems = problems,
                      .problem_count = 1};
  check_report(&it,
               "a\\x1B.h5 (655.4 MB)\n"
               "20000 spectra of 4096 pixels, 7100.00 to 8738.00 A\n"
               "\n"
               "Arrays\n"
               "  /dataset/arrays/flux/value  f32  20000 x 4096  contiguous\n"
               "  /spectrumdataset/wave       f64  4096          chunks of 512, gzip\n"
               "\n"
               "Labels\n"
               "  column            minimum       maximum    unusable\n"
               "  T_eff                3800       5912.25           0\n"
               "  a long name             -             -       20000\n"
               "\n"
               "SNR\n"
               "  mean 8.00, sd 2.50, range 1.00 to 15.50\n"
               "  quantiles 5 %: 2.00, 25 %: 6.00, 50 %: 7.75, 75 %: 10.00, 95 %: 12.00\n"
               "\n"
               "Rows per bin (T_eff 3750, 4500, 5250, 6000 K; M_H -2, -1, 0, 0.5 dex)\n"
               "  0  Cool Poor           10\n"
               "  1  Cool Solar          11\n"
               "  2  Cool Rich           12\n"
               "  3  Mid Poor            13\n"
               "  4  Mid Solar           14\n"
               "  5  Mid Rich            15\n"
               "  6  Hot Poor            16\n"
               "  7  Hot Solar           17\n"
               "  8  Hot Rich            18\n"
               "     uncovered        19874\n"
               "\n"
               "Problems\n"
               "  - flux is below 0 at 3 of 20 pixels\n");
}

/* What is not a dataset has no labels and no bins; without spectra nothing is promised.
 */
static void other_files_are_reported(void **state) {
  (void)state;
  hr_inspection it = {.path = "a.h5", .file_bytes = 999};
  check_report(&it,
               "a.h5 (999 bytes)\n"
               "\n"
               "Arrays\n"
               "\n"
               "Problems\n"
               "  none found; spectra were not read\n");
  it.is_dataset = it.spectra_read = true;
  it.rows = it.pixels = 1;
  it.file_bytes = 2000000000000;
  it.snr =
      (hr_inspect_distribution){sizeof it.snr, 1, 8, (double)NAN, 8, 8, 8, 8, 8, 8, 8};
  check_report(&it,
               "a.h5 (2.0 TB)\n"
               "1 spectrum of 1 pixel, 0.00 to 0.00 A\n"
               "\n"
               "Arrays\n"
               "\n"
               "Labels\n"
               "  column       minimum       maximum    unusable\n"
               "\n"
               "SNR\n"
               "  mean 8.00, range 8.00 to 8.00\n"
               "  quantiles 5 %: 8.00, 25 %: 8.00, 50 %: 8.00, 75 %: 8.00, 95 %: 8.00\n"
               "\n"
               "Problems\n"
               "  none\n");
}

static hr_status write_report(void) {
  hr_inspection it = {.path = "a.h5"};
  hr_status status = hr_inspect_write_text(&it, NULL);
  hr_free(it.text);
  return status;
}

static void memory_may_run_out(void **state) {
  (void)state;
  check_alloc_failures(write_report());
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_dataset_is_reported),
      cmocka_unit_test(other_files_are_reported),
      cmocka_unit_test(memory_may_run_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
