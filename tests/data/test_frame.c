/* Frames put together by hand: finding them, and what is refused. That real frames are
 * read as pandas reads them is shown by tests/python/test_frames.py. */
#include "data/frame.h"

#include "support/frames.h"

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
      cmocka_unit_test_setup_teardown(refuses_truncated_files, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
