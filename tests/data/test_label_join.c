/* Labels out of tables find their rows: by the star, by the number of the row, in order.
 */
#include "data/label_join.h"

#include <math.h>

#include "support/fail_alloc.h"
#include "support/scratch.h"
#include "support/shards.h"

static scratch s;
static hr_error err;
static hr_dataset *dataset;
static hr_strings tables, labels;
static hr_label_taken taken;
static char expected[1024];

static int prepare(void **state) {
  (void)state;
  scratch_init(&s);
  return 0;
}

static int tidy(void **state) {
  (void)state;
  hr_dataset_destroy(&dataset);
  hr_strings_fini(&tables);
  hr_strings_fini(&labels);
  hr_label_taken_fini(&taken);
  scratch_fini(&s);
  return 0;
}

/* Two files of two stars each, 10, 20, 30 and 40, with an array of names beside. */
static void open_stars(shard_dtype dtype, double factor) {
  hr_strings paths = {0};
  hr_dataset_destroy(&dataset);
  for (size_t k = 0; k < 2; k++) {
    const double star[] = {(20 * (double)k + 10) * factor,
                           (20 * (double)k + 20) * factor};
    const int64_t names[] = {20 * (int64_t)k + 10, 20 * (int64_t)k + 20};
    const hsize_t two = 2;
    shard_spec spec = shard_spec_default(scratch_name(&s, k == 0 ? "a.h5" : "b.h5"));
    spec.rows = 2;
    spec.label_dtype = dtype;
    spec.columns[0] = (shard_column){"star", star};
    spec.columns[1] = (shard_column){"log_g", NULL};
    spec.column_count = 2;
    shard_write(&spec);
    hid_t file = H5Fopen(spec.path, H5F_ACC_RDWR, H5P_DEFAULT);
    hid_t space = H5Screate_simple(1, &two, NULL);
    hid_t set = H5Dcreate2(file, "/names", H5T_NATIVE_INT64, space, H5P_DEFAULT,
                           H5P_DEFAULT, H5P_DEFAULT);
    H5Dwrite(set, H5T_NATIVE_INT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, names);
    H5Dclose(set);
    H5Sclose(space);
    H5Fclose(file);
    check_ok(hr_strings_append(&paths, scratch_name(&s, k == 0 ? "a.h5" : "b.h5"), &err));
  }
  check_ok(hr_dataset_create(&paths, NULL, &dataset, &err));
  hr_strings_fini(&paths);
}

static void name_table(const char *name, const char *text) {
  scratch_write(&s, name, text);
  check_ok(hr_strings_append(&tables, scratch_name(&s, name), &err));
}

static hr_status join_by(const char *id) {
  const hr_label_wish wish = {
      .set = "training", .tables = &tables, .id = id, .labels = &labels};
  hr_label_taken_fini(&taken);
  return hr_label_join(dataset, &wish, NULL, &taken, &err);
}

static void wish_for(const char *label) {
  check_ok(hr_strings_append(&labels, label, &err));
}

static void check_values(const char *label, const double values[4]) {
  const double *own = NULL;
  check_ok(hr_dataset_label(dataset, label, false, &own, &err));
  for (size_t i = 0; i < 4; i++) {
    if (isnan(values[i])) assert_true(isnan(own[i]));
    if (!isnan(values[i])) check_near(own[i], values[i], 0);
  }
}

static void stars_find_their_lines(void **state) {
  (void)state;
  const double joined[] = {1, 2, (double)NAN, 4};
  open_stars(SHARD_I32, 1);
  name_table("one.csv", "log_g,star\n4,40\n9,50\n1,10\n7,\n");
  name_table("two.csv", "star,log_g\n20,2\n");
  wish_for("log_g");
  wish_for("T_eff");
  wish_for("log_g");
  check_ok(join_by("star"));
  check_values("log_g", joined);
  assert_int_equal(taken.labels.count, 1);
  assert_string_equal(taken.labels.items[0], "log_g");
  assert_int_equal(taken.names.count, 2);
  assert_int_equal(taken.without, 1);
  open_stars(SHARD_F64, 1);
  check_ok(join_by("star"));
  check_values("log_g", joined);
}

/* Floats name stars where the file keeps them to the last digit. */
static void names_in_floats_are_exact_or_refused(void **state) {
  (void)state;
  const double joined[] = {1, 2, (double)NAN, 4};
  wish_for("log_g");
  open_stars(SHARD_I32, 1);
  name_table("t.csv", "star,log_g\n40.0,4\n1e1,1\n20,2\n9007199254740991.0,0\n");
  check_ok(join_by("star"));
  check_values("log_g", joined);
  open_stars(SHARD_I32, 1);
  scratch_write(&s, "t.csv", "star,log_g\n40.0,4\n9007199254740992.0,1\n");
  snprintf(expected, sizeof expected,
           "%s/t.csv: line 3 has no star that is an integer to the last digit; write it "
           "as 64-bit integers",
           s.path);
  check_fails(join_by("star"), HR_ERR_DATA, expected);
  scratch_write(&s, "t.csv", "star,log_g\n10,1\n");
  for (int wide = 0; wide < 2; wide++) {
    open_stars(wide ? SHARD_F64 : SHARD_F32, (wide ? 0x1p53 : 0x1p24) / 20);
    snprintf(
        expected, sizeof expected,
        "%s/a.h5 keeps star as floating-point numbers, which do not hold that of row "
        "1 to its last digit; write it as 64-bit integers",
        s.path);
    check_fails(join_by("star"), HR_ERR_DATA, expected);
  }
}

/* The spectra's own names may stand in an array. */
static void an_array_names_stars_too(void **state) {
  (void)state;
  const double joined[] = {1, 2, 3, 4};
  open_stars(SHARD_I32, 1);
  name_table("t.csv", "names,log_g\n40,4\n30,3\n10,1\n20,2\n");
  wish_for("log_g");
  check_ok(join_by("/names"));
  check_values("log_g", joined);
  snprintf(expected, sizeof expected,
           "%s/a.h5: /spectrumdataset/wave does not have one number for each of the 2 "
           "spectra; name an array of one as data.labels_id",
           s.path);
  check_fails(join_by("/spectrumdataset/wave"), HR_ERR_DATA, expected);
}

static void tables_may_call_labels_otherwise(void **state) {
  (void)state;
  char *label[] = {"log_g", "id"}, *column[] = {"LOGG", "star"};
  const hr_strings renamed = {.items = label, .count = 2};
  const hr_strings columns = {.items = column, .count = 2};
  const double joined[] = {1, 2, (double)NAN, 4};
  hr_label_wish wish = {.set = "test",
                        .tables = &tables,
                        .id = "id",
                        .labels = &labels,
                        .renamed = &renamed,
                        .columns = &columns};
  open_stars(SHARD_I32, 1);
  name_table("t.csv", "LOGG,star\n4,40\n1,10\n2,20\n");
  wish_for("log_g");
  check_ok(hr_label_join(dataset, &wish, NULL, &taken, &err));
  check_values("log_g", joined);
}

static void lines_go_by_their_number_or_place(void **state) {
  (void)state;
  const double joined[] = {1, 2, (double)NAN, 4};
  const double placed[] = {1, 2, 3, 4};
  open_stars(SHARD_I32, 1);
  wish_for("log_g");
  name_table("rows.csv", "row,log_g\n3,4\n0,1\n1,2\n");
  check_ok(join_by(NULL));
  check_values("log_g", joined);
  hr_strings_fini(&tables);
  name_table("first.csv", "log_g\n1\n2\n");
  name_table("second.csv", "row,log_g\n1,4\n0,3\n");
  check_ok(join_by(NULL));
  check_values("log_g", placed);
}

static void refuses(const char *id, const char *sentence) {
  snprintf(expected, sizeof expected, "%s/%s", s.path, sentence);
  check_fails(join_by(id), HR_ERR_DATA, expected);
}

/* A table by itself, and what is said of it. */
static void refuses_table(const char *id, const char *text, const char *sentence) {
  hr_strings_fini(&tables);
  name_table("t.csv", text);
  refuses(id, sentence);
}

static void rows_that_do_not_fit_are_refused(void **state) {
  (void)state;
  open_stars(SHARD_I32, 1);
  wish_for("log_g");
  refuses_table(
      NULL, "log_g\n1\n2\n3\n",
      "t.csv has 3 rows, and is for 4 training spectra; give it a column row, "
      "their number from 0, or name what both have of a star as data.labels_id");
  refuses_table(
      NULL, "log_g\n1\n",
      "t.csv has 1 row, and is for 4 training spectra; give it a column row, "
      "their number from 0, or name what both have of a star as data.labels_id");
  refuses_table(
      NULL, "row,log_g\n4,1\n",
      "t.csv: line 2 has no row that is a number of 0 to 3, as of the 4 training "
      "spectra that the table is for");
  snprintf(expected, sizeof expected,
           "%s/t.csv: line 2 and %s/t.csv: line 3 are the same row; keep one of them",
           s.path, s.path);
  hr_strings_fini(&tables);
  name_table("t.csv", "row,log_g\n1,1\n1,1\n");
  check_fails(join_by(NULL), HR_ERR_DATA, expected);
  name_table("u.csv", "log_g\n1\n");
  name_table("v.csv", "log_g\n1\n");
  check_fails(join_by(NULL), HR_ERR_DATA,
              "data.labels names 3 tables for 2 training files; name one for each, one "
              "for all, or what names a star as data.labels_id");
}

static void stars_that_do_not_meet_are_refused(void **state) {
  (void)state;
  open_stars(SHARD_I32, 1);
  wish_for("log_g");
  name_table("t.csv", "star,log_g\n5,1\n");
  snprintf(
      expected, sizeof expected,
      "no line of %s/t.csv has the star of one of the training rows; name a table of "
      "these stars as data.labels, or another column as data.labels_id",
      s.path);
  check_fails(join_by("star"), HR_ERR_DATA, expected);
  refuses_table(
      "star", "star,log_g\n10.5,1\n",
      "t.csv: line 2 has no star that is an integer to the last digit; write it "
      "as 64-bit integers");
  refuses("gaia",
          "a.h5 has no label column gaia, by which data.labels_id joins the tables; name "
          "one that every file of spectra has, or an array by its path, such as /gaia");
  hr_strings_fini(&tables);
  name_table("t.csv", "star,log_g\n10,1\n20,1\n10,2\n");
  snprintf(expected, sizeof expected,
           "%s/t.csv: line 2 and %s/t.csv: line 4 have the same star; keep one line of "
           "every star",
           s.path, s.path);
  check_fails(join_by("star"), HR_ERR_DATA, expected);
  open_stars(SHARD_F64, 0x1p54);
  refuses("star",
          "a.h5 keeps star as floating-point numbers, which do not hold that of row 0 to "
          "its last digit; write it as 64-bit integers");
}

static void arrays_have_no_names(void **state) {
  (void)state;
  static const char head[] =
      "\x93NUMPY\1\0\x76\0{'descr': '<f8', 'fortran_order': False, 'shape': (0,), }";
  open_stars(SHARD_I32, 1);
  wish_for("log_g");
  char bytes[128];
  memset(bytes, ' ', sizeof bytes);
  memcpy(bytes, head, sizeof head - 1);
  bytes[127] = '\n';
  FILE *file = fopen(scratch_name(&s, "t.npy"), "wb");
  assert_int_equal(fwrite(bytes, 1, sizeof bytes, file), sizeof bytes);
  fclose(file);
  check_ok(hr_strings_append(&tables, scratch_name(&s, "t.npy"), &err));
  refuses(
      "star",
      "t.npy is an array, whose columns have no names; give labels as CSV, ECSV, FITS "
      "or HDF5");
}

/* Every table has to have what one of them has. */
static void tables_are_of_one_kind(void **state) {
  (void)state;
  open_stars(SHARD_I32, 1);
  wish_for("log_g");
  name_table("t.csv", "star,log_g\n10,1\n");
  name_table("u.csv", "star,logg\n20,1\n");
  refuses("star", "u.csv has no column log_g; it has star, logg; did you mean logg?");
}

static void memory_can_run_out(void **state) {
  (void)state;
  open_stars(SHARD_I32, 1);
  name_table("t.csv", "star,log_g\n10,1\n");
  wish_for("log_g");
  check_alloc_failures(join_by("star"));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, prepare, tidy)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(stars_find_their_lines),
      TEST(names_in_floats_are_exact_or_refused),
      TEST(an_array_names_stars_too),
      TEST(tables_may_call_labels_otherwise),
      TEST(lines_go_by_their_number_or_place),
      TEST(rows_that_do_not_fit_are_refused),
      TEST(stars_that_do_not_meet_are_refused),
      TEST(arrays_have_no_names),
      TEST(tables_are_of_one_kind),
      TEST(memory_can_run_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
