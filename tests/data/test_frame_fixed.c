/* Frames in PyTables' 'fixed' layout, put together by hand. */
#include "data/frame_layout.h"
#include "support/frames.h"

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

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(reads_blocks_either_way, set_up, tear_down),
      cmocka_unit_test_setup_teardown(refuses_bad_fixed_frames, set_up, tear_down),
      cmocka_unit_test_setup_teardown(refuses_too_many_columns, set_up, tear_down),
      cmocka_unit_test_setup_teardown(refuses_long_names, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
