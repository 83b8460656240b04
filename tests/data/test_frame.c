/* Frames put together by hand: finding them, and what is refused. That real frames are
 * read as pandas reads them is shown by tests/python/test_frames.py. */
#include "data/frame.h"

#include "support/shards.h"

static char path[256];
static char expected[2048];
static char warnings[4096];

static void keep_warning(void *context, hr_log_level level, const char *line) {
  (void)context;
  assert_int_equal(level, HR_LOG_WARNING);
  size_t used = strlen(warnings);
  snprintf(warnings + used, sizeof warnings - used, "%s\n", line);
}

static const hr_observer observer = {.log = keep_warning};

static int set_up(void **state) {
  (void)state;
  shard_path(path, sizeof path, "frame.h5");
  warnings[0] = '\0';
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  unlink(path);
  return 0;
}

static void refuses(hr_status status, const char *after) {
  hr_error err = {0};
  hr_frame frame = {0};
  snprintf(expected, sizeof expected, "%s%s", path, after);
  check_fails(hr_frame_read(path, &observer, &frame, &err), status, expected);
  assert_null(frame.columns);
  assert_int_equal(frame.names.count, 0);
}

/* A file with one frame of the default columns at `frame_path`, opened for changes. */
static hid_t write_frame(shard_frame layout, const char *frame_path) {
  shard_spec spec = shard_spec_default(path);
  spec.frame = layout;
  spec.frame_path = frame_path;
  shard_write(&spec);
  hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
  assert_true(file >= 0);
  return file;
}

static void check_default_frame(void) {
  hr_error err = {0};
  hr_frame frame = {0};
  check_ok(hr_frame_read(path, &observer, &frame, &err));
  assert_int_equal(frame.rows, 6);
  assert_int_equal(frame.names.count, 3);
  assert_string_equal(frame.names.items[0], "T_eff");
  assert_string_equal(frame.names.items[2], "M_H");
  for (size_t k = 0; k < 3; k++) {
    for (size_t i = 0; i < 6; i++) check_near(frame.columns[k][i], shard_label(k, i), 0);
  }
  hr_frame_fini(&frame);
  hr_frame_fini(&frame); /* twice does no harm */
}

static void replace_text(hid_t object, const char *name, const char *text) {
  if (H5Aexists(object, name) > 0) assert_true(H5Adelete(object, name) >= 0);
  shard_put_text(object, name, text, strlen(text));
}

static void reads_both_layouts(void **state) {
  (void)state;
  H5Fclose(write_frame(SHARD_TABLE, "/dataset/params"));
  check_default_frame();
  H5Fclose(write_frame(SHARD_FIXED, "/dataset/params"));
  check_default_frame();
  assert_string_equal(warnings, "");
}

static void reads_more_rows_than_the_buffer(void **state) {
  (void)state;
  hr_error err = {0};
  hr_frame frame = {0};
  enum { ROWS = 400000 }; /* of 24 bytes: 9.6 MB, the buffer holds 4 MiB */
  shard_spec spec = shard_spec_default(path);
  spec.label_rows = ROWS;
  for (int layout = 0; layout < 2; layout++) {
    spec.frame = layout ? SHARD_FIXED : SHARD_TABLE;
    shard_write(&spec);
    check_ok(hr_frame_read(path, &observer, &frame, &err));
    assert_int_equal(frame.rows, ROWS);
    for (size_t i = 0; i < ROWS; i++) {
      if (frame.columns[1][i] != shard_label(1, i)) fail_msg("row %zu", i);
    }
    hr_frame_fini(&frame);
  }
}

static void finds_the_only_frame(void **state) {
  (void)state;
  hid_t file = write_frame(SHARD_TABLE, "/somewhere/labels");
  /* A series, as pandas keeps categories in, is no frame. */
  hid_t series = shard_make_group(file, "/somewhere/labels/meta/values_block_7/meta");
  replace_text(series, "pandas_type", "series_table");
  H5Gclose(series);
  H5Fclose(file);
  check_default_frame();
}

static void finds_a_frame_at_the_root(void **state) {
  (void)state;
  hid_t file = write_frame(SHARD_NO_FRAME, NULL);
  shard_spec spec = shard_spec_default(path);
  replace_text(file, "pandas_type", "frame_table");
  shard_put_table(file, &spec);
  H5Fclose(file);
  check_default_frame();
}

static void prefers_the_params(void **state) {
  (void)state;
  hid_t file = write_frame(SHARD_FIXED, "/dataset/params");
  shard_spec spec = shard_spec_default(path);
  spec.frame_path = "/a/labels";
  spec.columns[0].name = "other";
  shard_put_frame(file, &spec);
  H5Fclose(file);
  check_default_frame();
}

static void refuses_several_frames(void **state) {
  (void)state;
  hid_t file = write_frame(SHARD_FIXED, "/b/labels");
  shard_spec spec = shard_spec_default(path);
  spec.frame_path = "/a/labels";
  shard_put_frame(file, &spec);
  H5Fclose(file);
  refuses(HR_ERR_MISSING,
          " holds several pandas DataFrames and none at /dataset/params: /a/labels, "
          "/b/labels; write the labels to /dataset/params");
}

static void refuses_no_frame(void **state) {
  (void)state;
  H5Fclose(write_frame(SHARD_NO_FRAME, NULL));
  refuses(HR_ERR_MISSING,
          " holds no pandas DataFrame; write the labels with DataFrame.to_hdf(file, "
          "'dataset/params')");
}

static void refuses_duplicate_columns(void **state) {
  (void)state;
  shard_spec spec = shard_spec_default(path);
  spec.columns[2].name = "T_eff";
  for (int layout = 0; layout < 2; layout++) {
    spec.frame = layout ? SHARD_FIXED : SHARD_TABLE;
    shard_write(&spec);
    refuses(HR_ERR_FORMAT,
            ": /dataset/params has more than one column T_eff; give columns different "
            "names");
  }
}

/* --- the 'table' layout --- */

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
  refuses(HR_ERR_MISSING, " has no /dataset/params/table: /dataset/params holds nothing");
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

/* --- the 'fixed' layout --- */

static void put_fixed_block(hid_t group, const char *values, const char *items,
                            const shard_spec *spec, const hsize_t *shape,
                            const double *numbers) {
  shard_put(group, values, H5T_IEEE_F32BE, 2, shape, NULL, false, numbers);
  shard_put_names(group, items, spec);
}

/* Two blocks, one of them stored (columns, rows); 2 rows. */
static void reads_blocks_either_way(void **state) {
  (void)state;
  hr_error err = {0};
  hr_frame frame = {0};
  const double first[] = {1, 2, 3, 4}, second[] = {5, 6};
  shard_spec axis = shard_spec_default(path), spec = axis;
  hid_t file = write_frame(SHARD_NO_FRAME, NULL);
  hid_t group = shard_make_group(file, "/dataset/params");
  replace_text(group, "pandas_type", "frame");
  shard_put_number(group, "nblocks", 2);
  shard_put_names(group, "axis0", &axis);
  spec.column_count = 2;
  spec.columns[0].name = "M_H";
  spec.columns[1].name = "T_eff";
  put_fixed_block(group, "block0_values", "block0_items", &spec, (hsize_t[2]){2, 2},
                  first);
  spec.column_count = 1;
  spec.columns[0].name = "log_g";
  put_fixed_block(group, "block1_values", "block1_items", &spec, (hsize_t[2]){2, 1},
                  second);
  hid_t set = H5Dopen2(group, "block1_values", H5P_DEFAULT);
  shard_put_number(set, "transposed", 1);
  H5Dclose(set);
  H5Gclose(group);
  H5Fclose(file);
  check_ok(hr_frame_read(path, &observer, &frame, &err));
  assert_int_equal(frame.rows, 2);
  assert_string_equal(frame.names.items[0], "T_eff");
  check_near(frame.columns[0][0], 3, 0); /* T_eff is the second row of block 0 */
  check_near(frame.columns[0][1], 4, 0);
  check_near(frame.columns[1][1], 6, 0);
  check_near(frame.columns[2][1], 2, 0);
  hr_frame_fini(&frame);
}

static void refuses_bad_fixed_frames(void **state) {
  (void)state;
  const double numbers[12] = {0};
  shard_spec spec = shard_spec_default(path);
  hid_t file = write_frame(SHARD_FIXED, "/dataset/params");
  hid_t group = H5Gopen2(file, "/dataset/params", H5P_DEFAULT);
  replace_text(group, "axis0_variety", "multi");
  H5Fflush(file, H5F_SCOPE_GLOBAL);
  refuses(HR_ERR_FORMAT,
          ": the columns of /dataset/params have names of several levels (MultiIndex); "
          "flatten the columns before writing");
  replace_text(group, "axis0_variety", "regular");
  H5Adelete(group, "nblocks");
  H5Fflush(file, H5F_SCOPE_GLOBAL);
  refuses(HR_ERR_FORMAT,
          ": /dataset/params has no usable attribute nblocks, the number of its blocks");
  shard_put_number(group, "nblocks", 2);
  put_fixed_block(group, "block1_values", "block1_items", &spec, (hsize_t[2]){3, 4},
                  numbers);
  H5Fflush(file, H5F_SCOPE_GLOBAL);
  refuses(HR_ERR_FORMAT,
          ": /dataset/params/block1_values has 4 rows, but the blocks before it 6");
  H5Ldelete(group, "block1_values", H5P_DEFAULT);
  H5Ldelete(group, "block1_items", H5P_DEFAULT);
  put_fixed_block(group, "block1_values", "block1_items", &spec, (hsize_t[2]){2, 6},
                  numbers);
  H5Fflush(file, H5F_SCOPE_GLOBAL);
  refuses(HR_ERR_FORMAT, ": /dataset/params/block1_values has 2 columns, but 3 names");
  H5Ldelete(group, "block1_items", H5P_DEFAULT);
  shard_put(group, "block1_items", H5T_STD_I64LE, 1, (hsize_t[1]){3}, NULL, false,
            numbers);
  H5Gclose(group);
  H5Fclose(file);
  refuses(HR_ERR_FORMAT,
          ": the column names in /dataset/params/block1_items are not text; give columns "
          "text names before writing");
}

static void replace_names(hid_t file, const char *object_path, size_t count) {
  if (H5Lexists(file, object_path, H5P_DEFAULT) > 0) {
    H5Ldelete(file, object_path, H5P_DEFAULT);
  }
  char(*names)[6] = calloc(count, sizeof *names);
  assert_non_null(names);
  for (size_t i = 0; i < count; i++) snprintf(names[i], sizeof *names, "%zu", i % 99999);
  hid_t type = H5Tcopy(H5T_C_S1), space = H5Screate_simple(1, (hsize_t[1]){count}, NULL);
  H5Tset_size(type, sizeof *names);
  hid_t set =
      H5Dcreate2(file, object_path, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  assert_true(H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, names) >= 0);
  H5Dclose(set);
  H5Sclose(space);
  H5Tclose(type);
  free(names);
}

static void refuses_too_many_columns(void **state) {
  (void)state;
  enum { COUNT = 9999 };
  static const double zeros[COUNT];
  hid_t file = write_frame(SHARD_FIXED, "/dataset/params");
  hid_t group = H5Gopen2(file, "/dataset/params", H5P_DEFAULT);
  H5Adelete(group, "nblocks");
  shard_put_number(group, "nblocks", 2);
  H5Gclose(group);
  H5Ldelete(file, "/dataset/params/block0_values", H5P_DEFAULT);
  for (int block = 0; block < 2; block++) { /* stored (columns, rows), one row */
    shard_put(file,
              block ? "/dataset/params/block1_values" : "/dataset/params/block0_values",
              H5T_IEEE_F64LE, 2, (hsize_t[2]){COUNT, 1}, NULL, false, zeros);
  }
  replace_names(file, "/dataset/params/block0_items", COUNT);
  replace_names(file, "/dataset/params/block1_items", COUNT);
  H5Fflush(file, H5F_SCOPE_GLOBAL);
  refuses(HR_ERR_FORMAT,
          ": /dataset/params has more than the 10000 columns that are read");
  replace_names(file, "/dataset/params/axis0", 10001);
  H5Fclose(file);
  refuses(HR_ERR_FORMAT, ": /dataset/params has 10001 columns, at most 10000 are read");
}

/* A few bytes of file that would be read as names of gigabytes. */
static void refuses_long_names(void **state) {
  (void)state;
  hid_t file = write_frame(SHARD_FIXED, "/dataset/params");
  H5Ldelete(file, "/dataset/params/axis0", H5P_DEFAULT);
  hid_t type = H5Tcopy(H5T_C_S1), creation = H5Pcreate(H5P_DATASET_CREATE);
  H5Tset_size(type, 1 << 20);
  H5Pset_chunk(creation, 1, (hsize_t[1]){100});
  H5Pset_deflate(creation, 9);
  hid_t space = H5Screate_simple(1, (hsize_t[1]){100}, NULL);
  hid_t set = H5Dcreate2(file, "/dataset/params/axis0", type, space, H5P_DEFAULT,
                         creation, H5P_DEFAULT);
  char *names = calloc(100, 1 << 20);
  assert_non_null(names);
  assert_true(H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, names) >= 0);
  free(names);
  H5Dclose(set);
  H5Sclose(space);
  H5Pclose(creation);
  H5Tclose(type);
  H5Fclose(file);
  refuses(HR_ERR_FORMAT,
          ": /dataset/params/axis0 holds names of 1048576 bytes, at most 4096 are read");
}

/* A file that was cut is refused wherever the cut is. (Bytes changed inside HDF5's own
 * structures are not tried: HDF5 1.10 reads freed memory on some of them, which no caller
 * can prevent.) */
static void refuses_truncated_files(void **state) {
  (void)state;
  for (int layout = 0; layout < 2; layout++) {
    H5Fclose(write_frame(layout ? SHARD_FIXED : SHARD_TABLE, "/dataset/params"));
    FILE *file = fopen(path, "rb");
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    long size = ftell(file);
    fclose(file);
    assert_true(size > 1000);
    for (long length = size - 1; length >= 0; length -= 13) {
      hr_error err = {0};
      hr_frame frame = {0};
      assert_int_equal(truncate(path, length), 0);
      assert_int_equal(hr_frame_read(path, NULL, &frame, &err), HR_ERR_FORMAT);
      assert_non_null(strstr(err.message, path));
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(reads_both_layouts, set_up, tear_down),
      cmocka_unit_test_setup_teardown(reads_more_rows_than_the_buffer, set_up, tear_down),
      cmocka_unit_test_setup_teardown(finds_the_only_frame, set_up, tear_down),
      cmocka_unit_test_setup_teardown(finds_a_frame_at_the_root, set_up, tear_down),
      cmocka_unit_test_setup_teardown(prefers_the_params, set_up, tear_down),
      cmocka_unit_test_setup_teardown(refuses_several_frames, set_up, tear_down),
      cmocka_unit_test_setup_teardown(refuses_no_frame, set_up, tear_down),
      cmocka_unit_test_setup_teardown(refuses_duplicate_columns, set_up, tear_down),
      cmocka_unit_test_setup_teardown(refuses_bad_table_names, set_up, tear_down),
      cmocka_unit_test_setup_teardown(refuses_tables_that_are_none, set_up, tear_down),
      cmocka_unit_test_setup_teardown(follows_the_frames_order, set_up, tear_down),
      cmocka_unit_test_setup_teardown(skips_dates_and_categories, set_up, tear_down),
      cmocka_unit_test_setup_teardown(reads_blocks_either_way, set_up, tear_down),
      cmocka_unit_test_setup_teardown(refuses_bad_fixed_frames, set_up, tear_down),
      cmocka_unit_test_setup_teardown(refuses_too_many_columns, set_up, tear_down),
      cmocka_unit_test_setup_teardown(refuses_long_names, set_up, tear_down),
      cmocka_unit_test_setup_teardown(refuses_truncated_files, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
