/* Frames in PyTables' 'table' layout, put together by hand. */
#include "data/frame_layout.h"
#include "support/frames.h"

/* The table of a default frame with its names replaced; NULL: with none. */
static void write_table_kind(const char *pickle) {
  hid_t file = write_frame(SHARD_TABLE, "/dataset/params");
  hid_t table = H5Dopen2(file, "/dataset/params/table", H5P_DEFAULT);
  assert_true(H5Adelete(table, "values_block_0_kind") >= 0);
  if (pickle) replace_text(table, "values_block_0_kind", pickle);
  H5Dclose(table);
  H5Fclose(file);
}

static void refuses_bad_table_names(void **state) {
  (void)state;
  write_table_kind(NULL);
  refuses(HR_ERR_FORMAT,
          ": /dataset/params/table has no attribute values_block_0_kind, which names the "
          "columns of values_block_0");
  write_table_kind("(lVT_eff\naVlog_g\na.");
  refuses(HR_ERR_FORMAT,
          ": attribute values_block_0_kind of /dataset/params/table names 2 columns, but "
          "values_block_0 has 3");
  write_table_kind("(l(Va\nVb\nta(Va\nVc\nta(Va\nVd\nta.");
  refuses(HR_ERR_FORMAT,
          ": attribute values_block_0_kind of /dataset/params/table: column 0 has a name "
          "of several levels (MultiIndex); flatten the columns before writing");
  write_table_kind("cos\nsystem\n(Vtrue\ntR.");
  refuses(HR_ERR_FORMAT,
          ": attribute values_block_0_kind of /dataset/params/table: opcode 0x63 at byte "
          "0 of the pickle is none that lists of names are made of; it is not executed");
}

static void refuses_tables_that_are_none(void **state) {
  (void)state;
  double one = 1;
  hid_t file = write_frame(SHARD_TABLE, "/dataset/params");
  H5Ldelete(file, "/dataset/params/table", H5P_DEFAULT);
  H5Fclose(file);
  refuses(HR_ERR_MISSING,
          " has no /dataset/params/table: /dataset/params holds nothing; the frame "
          "/dataset/params is incomplete, as pandas leaves one where it refuses a column "
          "(nullable, such as Int64 or boolean): write it anew with such columns as "
          "float64");
  file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
  shard_put(file, "/dataset/params/table", H5T_IEEE_F64LE, 1, (hsize_t[1]){1}, NULL,
            false, &one);
  H5Fclose(file);
  refuses(HR_ERR_FORMAT, ": /dataset/params/table is not a table of named members");
}

static void follows_the_frames_order(void **state) {
  (void)state;
  hr_error err = {0};
  hr_frame frame = {0};
  hid_t file = write_frame(SHARD_TABLE, "/dataset/params");
  hid_t group = H5Gopen2(file, "/dataset/params", H5P_DEFAULT);
  replace_text(group, "non_index_axes", "(l(I1\n(lVM_H\naVname\naVT_eff\nata.");
  H5Gclose(group);
  H5Fclose(file);
  check_ok(hr_frame_read(path, &observer, &frame, &err));
  assert_string_equal(frame.names.items[0], "M_H");
  assert_string_equal(frame.names.items[1], "T_eff");
  assert_string_equal(frame.names.items[2], "log_g"); /* not listed: behind the others */
  check_near(frame.columns[0][5], shard_label(2, 5), 0);
  check_near(frame.columns[2][5], shard_label(1, 5), 0);
  hr_frame_fini(&frame);
}

static void skips_dates_and_categories(void **state) {
  (void)state;
  const char *attribute[] = {"values_block_0_dtype", "values_block_0_meta"};
  const char *value[] = {"datetime64", "category"};
  const char *told[] = {"dates or durations", "categories"};
  for (int i = 0; i < 2; i++) {
    hr_error err = {0};
    hr_frame frame = {0};
    hid_t file = write_frame(SHARD_TABLE, "/dataset/params");
    hid_t table = H5Dopen2(file, "/dataset/params/table", H5P_DEFAULT);
    replace_text(table, attribute[i], value[i]);
    H5Dclose(table);
    H5Fclose(file);
    warnings[0] = '\0';
    check_ok(hr_frame_read(path, &observer, &frame, &err));
    assert_int_equal(frame.names.count, 0);
    assert_int_equal(frame.rows, 6);
    snprintf(expected, sizeof expected,
             "%s: column T_eff of /dataset/params holds %s and is skipped\n", path,
             told[i]);
    assert_memory_equal(warnings, expected, strlen(expected));
    hr_frame_fini(&frame);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(refuses_bad_table_names, set_up, tear_down),
      cmocka_unit_test_setup_teardown(refuses_tables_that_are_none, set_up, tear_down),
      cmocka_unit_test_setup_teardown(follows_the_frames_order, set_up, tear_down),
      cmocka_unit_test_setup_teardown(skips_dates_and_categories, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
