/* What the tests of labels' frames share: a file of this process with one frame in it,
 * and what reading it says. */
#ifndef HR_TESTS_FRAMES_H
#define HR_TESTS_FRAMES_H

#include "data/frame.h"
#include "support/shards.h"

static char path[256];
static char expected[2048];
static char warnings[4096];

static inline void keep_warning(void *context, hr_log_level level, const char *line) {
  (void)context;
  assert_int_equal(level, HR_LOG_WARNING);
  size_t used = strlen(warnings);
  snprintf(warnings + used, sizeof warnings - used, "%s\n", line);
}

static const hr_observer observer = {.log = keep_warning};

static inline int set_up(void **state) {
  (void)state;
  shard_path(path, sizeof path, "frame.h5");
  warnings[0] = '\0';
  return 0;
}

static inline int tear_down(void **state) {
  (void)state;
  unlink(path);
  return 0;
}

static inline void refuses(hr_status status, const char *after) {
  hr_error err = {0};
  hr_frame frame = {0};
  snprintf(expected, sizeof expected, "%s%s", path, after);
  check_fails(hr_frame_read(path, &observer, &frame, &err), status, expected);
  assert_null(frame.columns);
  assert_int_equal(frame.names.count, 0);
}

/* A file with one frame of the default columns at `frame_path`, opened for changes. */
static inline hid_t write_frame(shard_frame layout, const char *frame_path) {
  shard_spec spec = shard_spec_default(path);
  spec.frame = layout;
  spec.frame_path = frame_path;
  shard_write(&spec);
  hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
  assert_true(file >= 0);
  return file;
}

static inline void check_default_frame(void) {
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

static inline void replace_text(hid_t object, const char *name, const char *text) {
  if (H5Aexists(object, name) > 0) assert_true(H5Adelete(object, name) >= 0);
  shard_put_text(object, name, text, strlen(text));
}

#endif
