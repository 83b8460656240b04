#include "headroom/inspect.h"

#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "data/inspect_parts.h"
#include "support/check.h"
#include "support/shards.h"

enum { ROWS = 5, PIXELS = 4 };

static const double T_eff[ROWS] = {4000, 5000, 6000, 4500, 3000};
static const double log_g[ROWS] = {1, 2, NAN, 4, 5};
static const double M_H[ROWS] = {-2, -1.5, 0.5, 0.75, -1};
static const double snr[ROWS] = {3, 9, 5, 1, 7};

static shard_spec study_spec(const char *path) {
  shard_spec spec = shard_spec_default(path);
  spec.rows = ROWS;
  spec.pixels = PIXELS;
  spec.columns[0] = (shard_column){"T_eff", T_eff};
  spec.columns[1] = (shard_column){"log_g", log_g};
  spec.columns[2] = (shard_column){"M_H", M_H};
  spec.columns[3] = (shard_column){"snr", snr};
  spec.column_count = 4;
  return spec;
}

/* The expected text with the path and size of the file in its first line. */
static void check_text(const hr_inspection *inspection, const char *expected) {
  char whole[4096];
  double size = (double)inspection->file_bytes / 1000;
  snprintf(whole, sizeof whole, "%s (%.1f kB)\n%s", inspection->path, size, expected);
  assert_string_equal(inspection->text, whole);
}

static void a_good_file_is_described(void **state) {
  (void)state;
  char path[256];
  hr_error err = {0};
  hr_inspection *it = NULL;
  static const double finite[ROWS] = {1, 2, 3, 4, 5};
  shard_spec spec = study_spec(shard_path(path, sizeof path, "inspect.h5"));
  spec.columns[1].values = finite;
  spec.dtype = SHARD_F32_BIG;
  spec.chunk_rows = 2;
  spec.chunk_pixels = 4;
  spec.gzip = true;
  spec.frame = SHARD_FIXED;
  shard_write(&spec);
  check_ok(hr_inspect(path, NULL, &it, &err));
  assert_true(it->is_dataset && it->has_bins && it->spectra_read);
  assert_true(it->is_usable);
  assert_int_equal(it->problem_count, 0);
  check_text(it,
             "5 spectra of 4 pixels, 7100.00 to 7101.20 A\n"
             "\n"
             "Arrays\n"
             "  /dataset/arrays/error/value    f32 big-endian    5 x 4  chunks of 2 x 4, "
             "shuffle, gzip\n"
             "  /dataset/arrays/flux/value     f32 big-endian    5 x 4  chunks of 2 x 4, "
             "shuffle, gzip\n"
             "  /dataset/params/axis0          text of 32 bytes  4      contiguous\n"
             "  /dataset/params/block0_items   text of 32 bytes  4      contiguous\n"
             "  /dataset/params/block0_values  f64               5 x 4  contiguous\n"
             "  /spectrumdataset/wave          f64               4      contiguous\n"
             "\n"
             "Labels\n"
             "  column       minimum       maximum    unusable\n"
             "  T_eff           3000          6000           0\n"
             "  log_g              1             5           0\n"
             "  M_H               -2          0.75           0\n"
             "  snr                1             9           0\n"
             "\n"
             "SNR\n"
             "  mean 5.00, sd 3.16, range 1.00 to 9.00\n"
             "  quantiles 5 %: 1.40, 25 %: 3.00, 50 %: 5.00, 75 %: 7.00, 95 %: 8.60\n"
             "\n"
             "Rows per bin (T_eff 3750, 4500, 5250, 6000 K; M_H -2, -1, 0, 0.5 dex)\n"
             "  0  Cool Poor            1\n"
             "  1  Cool Solar           0\n"
             "  2  Cool Rich            0\n"
             "  3  Mid Poor             1\n"
             "  4  Mid Solar            0\n"
             "  5  Mid Rich             0\n"
             "  6  Hot Poor             0\n"
             "  7  Hot Solar            0\n"
             "  8  Hot Rich             1\n"
             "     uncovered            2\n"
             "\n"
             "Problems\n"
             "  none\n");
  hr_inspection_destroy(&it);
  assert_null(it);
  unlink(path);
}

static void problems_are_sentences(void **state) {
  (void)state;
  char path[256];
  hr_error err = {0};
  hr_inspection *it = NULL;
  double flux[ROWS * PIXELS], error[ROWS * PIXELS];
  for (int i = 0; i < ROWS * PIXELS; i++) flux[i] = 1, error[i] = 0.1;
  flux[3] = -1, flux[9] = NAN, flux[17] = INFINITY; /* rows 0, 2, 4 */
  error[0] = error[1] = NAN, error[19] = 0;
  for (int i = 4; i < 8; i++) error[i] = i == 6 ? -1 : 0;
  shard_spec spec = study_spec(shard_path(path, sizeof path, "inspect.h5"));
  spec.flux = flux;
  spec.error = error;
  shard_write(&spec);
  check_ok(hr_inspect(path, NULL, &it, &err));
  assert_int_equal(it->problem_count, 6);
  assert_string_equal(it->problems[0],
                      "the label log_g is NaN or infinite in 1 of 5 rows; a study "
                      "refuses that where it is the target");
  assert_true(it->is_usable); /* as a test set, or without row 1 */
  assert_string_equal(it->problems[1],
                      "1 of 5 rows have no good pixel, the first is row 1 (counted from "
                      "0); a study refuses such training rows unless "
                      "data.reject_outliers is true, and predicts nothing for such test "
                      "rows");
  assert_string_equal(it->problems[2],
                      "the flux is NaN, infinite or absurdly large at 2 of 20 pixels; no "
                      "noise is drawn there, experts that use the error leave them out, "
                      "and the others take the mean of good training rows");
  assert_memory_equal(it->problems[3], "the error is NaN or infinite at 2 of 20", 39);
  assert_memory_equal(it->problems[4], "the error is 0 or below at 5 of 20", 34);
  assert_string_equal(
      it->problems[5],
      "the flux is below 0 at 9.1 % of pixels; a study takes that for the "
      "rule and does not clip it, unless data.clip says otherwise");
  assert_non_null(strstr(it->text, "\nProblems\n  - the label log_g is NaN"));
  hr_inspection_destroy(&it);

  const hr_inspect_options brief = {.size = sizeof brief, .skip_spectra = true};
  check_ok(hr_inspect(path, &brief, &it, &err));
  assert_false(it->spectra_read);
  assert_true(it->is_usable);
  assert_int_equal(it->problem_count, 1);
  hr_inspection_destroy(&it);
  unlink(path);
}

static void a_file_that_is_no_dataset_is_listed_all_the_same(void **state) {
  (void)state;
  char path[256];
  hr_error err = {0};
  hr_inspection *it = NULL;
  shard_spec spec = study_spec(shard_path(path, sizeof path, "inspect.h5"));
  spec.flux_path = NULL;
  shard_write(&spec);
  check_ok(hr_inspect(path, NULL, &it, &err));
  assert_false(it->is_dataset);
  assert_false(it->is_usable);
  assert_int_equal(it->array_count, 3);
  assert_string_equal(it->arrays[1].path, "/dataset/params/table");
  assert_string_equal(it->arrays[1].type, "compound of 1");
  assert_int_equal(it->problem_count, 1);
  assert_non_null(strstr(it->problems[0], "/dataset/arrays/flux"));
  assert_null(strstr(it->text, "Labels"));
  hr_inspection_destroy(&it);
  unlink(path);
}

static void labels_without_bins_are_told(void **state) {
  (void)state;
  char path[256];
  hr_error err = {0};
  hr_inspection *it = NULL;
  shard_spec spec = study_spec(shard_path(path, sizeof path, "inspect.h5"));
  spec.columns[2].name = "metallicity";
  spec.columns[1].values = snr;
  spec.columns[3].name = "SNR";
  shard_write(&spec);
  check_ok(hr_inspect(path, NULL, &it, &err));
  assert_false(it->has_bins);
  assert_false(it->is_usable);
  assert_int_equal(it->snr.rows, 0);
  assert_int_equal(it->problem_count, 1);
  assert_string_equal(it->problems[0],
                      "there is no label M_H, so rows cannot be put into the bins of a "
                      "study");
  hr_inspection_destroy(&it);
  unlink(path);
}

static void labels_and_rows_decide_whether_a_study_can_read_it(void **state) {
  (void)state;
  char path[256];
  hr_error err = {0};
  hr_inspection *it = NULL;
  static const double broken[ROWS] = {NAN, 5, 5, 5, INFINITY};
  double flux[ROWS * PIXELS], noisy[ROWS * PIXELS];
  for (int i = 0; i < ROWS * PIXELS; i++) flux[i] = i < 2 * PIXELS ? 0 : 1, noisy[i] = 1;
  noisy[15] = NAN; /* a study can draw the noise itself */
  shard_spec spec = study_spec(shard_path(path, sizeof path, "inspect.h5"));
  spec.columns[1].name = "a\nb\x1b[2J";
  spec.columns[3].values = broken;
  spec.flux = flux;
  spec.noisy = noisy;
  spec.with_noisy = true;
  spec.frame = SHARD_FIXED;
  shard_write(&spec);
  check_ok(hr_inspect(path, NULL, &it, &err));
  assert_true(it->is_usable);
  assert_int_equal(it->problem_count, 4); /* no study uses the label with NaN */
  assert_string_equal(it->problems[0],
                      "the label snr is NaN or infinite in 2 of 5 rows, which are left "
                      "out where rows are sorted by signal-to-noise ratio");
  assert_string_equal(it->problems[1],
                      "there is no label log_g; a study of this file must name another "
                      "one as data.target");
  assert_int_equal(it->dark_rows, 2);
  assert_memory_equal(it->problems[3], "the flux is NaN, infinite or absurdly", 37);
  assert_string_equal(it->problems[2],
                      "the flux of 2 of 5 rows is 0 or below in every pixel; a study "
                      "would use these rows, remove them");
  assert_non_null(strstr(it->text, "\n  a\\x0Ab\\x1B[2J "));
  assert_null(strchr(it->text, '\x1b'));
  hr_inspection_destroy(&it);

  spec.columns[0].values = broken;
  shard_write(&spec);
  check_ok(hr_inspect(path, NULL, &it, &err));
  assert_false(it->is_usable);
  assert_string_equal(
      it->problems[0],
      "the label T_eff is NaN or infinite in 2 of 5 rows; a study refuses that");
  hr_inspection_destroy(&it);
  unlink(path);
}

static void a_file_that_cannot_be_opened_is_a_failure(void **state) {
  (void)state;
  hr_error err = {0};
  hr_inspection *it = NULL;
  check_fails(hr_inspect("/nowhere/a.h5", NULL, &it, &err), HR_ERR_MISSING,
              "cannot open /nowhere/a.h5: No such file or directory");
  assert_null(it);
}

typedef struct watch {
  uint64_t done, total, bytes;
  bool stop;
} watch;

static void note(void *context, const hr_progress *progress) {
  watch *w = context;
  w->done = progress->done;
  w->total = progress->total;
  w->bytes = progress->bytes;
}

static bool asked_to_stop(void *context) {
  return ((const watch *)context)->stop;
}

static void progress_is_told_and_it_can_be_stopped(void **state) {
  (void)state;
  char path[256];
  hr_error err = {0};
  hr_inspection *it = NULL;
  watch w = {0};
  const hr_observer observer = {
      .context = &w, .progress = note, .interrupted = asked_to_stop};
  const hr_inspect_options options = {.size = sizeof options, .observer = &observer};
  shard_spec spec = study_spec(shard_path(path, sizeof path, "inspect.h5"));
  shard_write(&spec);
  check_ok(hr_inspect(path, &options, &it, &err));
  assert_int_equal(w.done, ROWS);
  assert_int_equal(w.total, ROWS);
  assert_int_equal(w.bytes, 2 * ROWS * PIXELS * sizeof(double));
  hr_inspection_destroy(&it);
  w.stop = true;
  check_fails(hr_inspect(path, &options, &it, &err), HR_ERR_INTERRUPTED,
              "interrupted while reading spectra");
  assert_null(it);
  unlink(path);
}

/* What lies in other files is told, and not looked at. */
static void values_in_other_files_are_a_problem(void **state) {
  (void)state;
  char path[256], problem[512];
  hr_error err = {0};
  hr_inspection *it = NULL;
  shard_spec spec = study_spec(shard_path(path, sizeof path, "inspect.h5"));
  spec.flux_path = NULL;
  shard_write(&spec);
  hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
  H5Gclose(shard_make_group(file, "/dataset/arrays/flux"));
  hid_t space = H5Screate_simple(2, (hsize_t[2]){ROWS, PIXELS}, NULL);
  hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
  assert_true(H5Pset_virtual(creation, space, "other.h5", "/flux", space) >= 0);
  H5Dclose(H5Dcreate2(file, "/dataset/arrays/flux/value", H5T_IEEE_F32LE, space,
                      H5P_DEFAULT, creation, H5P_DEFAULT));
  H5Pclose(creation);
  creation = H5Pcreate(H5P_DATASET_CREATE);
  assert_true(H5Pset_external(creation, "/etc/passwd", 0, H5F_UNLIMITED) >= 0);
  H5Dclose(H5Dcreate2(file, "/far", H5T_IEEE_F32LE, space, H5P_DEFAULT, creation,
                      H5P_DEFAULT));
  H5Pclose(creation);
  H5Sclose(space);
  H5Fclose(file);
  check_ok(hr_inspect(path, NULL, &it, &err));
  assert_false(it->is_usable);
  assert_string_equal(it->arrays[1].path, "/dataset/arrays/flux/value");
  assert_string_equal(it->arrays[1].shape, "not looked at");
  assert_string_equal(it->arrays[1].storage, "virtual");
  assert_string_equal(it->arrays[3].path, "/far");
  assert_string_equal(it->arrays[3].storage, "external");
  snprintf(problem, sizeof problem,
           "%s: /dataset/arrays/flux/value is a virtual dataset, whose values lie in "
           "other files; write them into one, for example with h5repack -l CONTI",
           path);
  assert_string_equal(it->problems[0], problem);
  hr_inspection_destroy(&it);
  unlink(path);
}

/* They may be in a table of their own. */
static void labels_need_not_be_there(void **state) {
  (void)state;
  char path[256], expected[512];
  hr_error err = {0};
  hr_inspection *it = NULL;
  shard_spec spec = study_spec(shard_path(path, sizeof path, "bare.h5"));
  spec.frame = SHARD_NO_FRAME;
  shard_write(&spec);
  check_ok(hr_inspect(path, NULL, &it, &err));
  assert_true(it->is_usable && it->is_dataset && it->spectra_read);
  assert_false(it->has_bins);
  assert_int_equal(it->label_count, 0);
  assert_int_equal(it->problem_count, 1);
  snprintf(expected, sizeof expected,
           "%s holds no pandas DataFrame; write the labels with DataFrame.to_hdf(file, "
           "'dataset/params'), or name a table of labels as data.labels",
           path);
  assert_string_equal(it->problems[0], expected);
  hr_inspection_destroy(&it);
  unlink(path);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(values_in_other_files_are_a_problem),
      cmocka_unit_test(a_good_file_is_described),
      cmocka_unit_test(problems_are_sentences),
      cmocka_unit_test(a_file_that_is_no_dataset_is_listed_all_the_same),
      cmocka_unit_test(labels_without_bins_are_told),
      cmocka_unit_test(labels_need_not_be_there),
      cmocka_unit_test(labels_and_rows_decide_whether_a_study_can_read_it),
      cmocka_unit_test(a_file_that_cannot_be_opened_is_a_failure),
      cmocka_unit_test(progress_is_told_and_it_can_be_stopped),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
