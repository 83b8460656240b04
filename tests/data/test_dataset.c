/* Datasets of one and several shards, and every way in which they are refused. */
#include "data/dataset.h"

#include <sys/stat.h>

#include "data/shard.h"
#include "support/shards.h"

enum { MOST = 3 };

/* Three shards' paths and specifications; files go away with fini. */
typedef struct fixture {
  char path[MOST][256];
  shard_spec spec[MOST];
  hr_strings paths;
  hr_dataset *dataset;
} fixture;

static void fixture_init(fixture *f, size_t count) {
  hr_error err = {0};
  *f = (fixture){0};
  for (size_t i = 0; i < count; i++) {
    char name[32];
    snprintf(name, sizeof name, "shard%zu.h5", i);
    shard_path(f->path[i], sizeof f->path[i], name);
    f->spec[i] = shard_spec_default(f->path[i]);
    f->spec[i].rows = 6 + i;
    f->spec[i].first_row = 100 * i;
    check_ok(hr_strings_append(&f->paths, f->path[i], &err));
  }
}

static void fixture_fini(fixture *f) {
  hr_dataset_destroy(&f->dataset);
  for (size_t i = 0; i < f->paths.count; i++) unlink(f->path[i]);
  hr_strings_fini(&f->paths);
}

static hr_status create(fixture *f, hr_error *err) {
  for (size_t i = 0; i < f->paths.count; i++) shard_write(&f->spec[i]);
  return hr_dataset_create(&f->paths, NULL, &f->dataset, err);
}

/* The dataset is refused with this sentence; takes the fixture down. */
static void refuses(fixture *f, hr_status status, const char *sentence) {
  hr_error err = {0};
  check_fails(create(f, &err), status, sentence);
  assert_null(f->dataset);
  fixture_fini(f);
}

/* `format` with its first @ replaced by `a` and its second by `b`: out [1024]. */
static const char *sentence(char *out, const char *format, const char *a, const char *b) {
  size_t used = 0;
  const char *paths[2] = {a, b};
  size_t next = 0;
  for (; *format; format++) {
    if (*format == '@') {
      used += (size_t)snprintf(out + used, 1024 - used, "%s", paths[next++]);
    } else {
      out[used++] = *format;
    }
  }
  out[used] = '\0';
  return out;
}

static void joins_shards(void **state) {
  (void)state;
  fixture f;
  hr_error err = {0};
  fixture_init(&f, 3);
  f.spec[1].frame = SHARD_FIXED;
  f.spec[2].dtype = SHARD_F32_BIG;
  f.spec[2].chunk_rows = 3;
  f.spec[2].chunk_pixels = 2;
  f.spec[2].gzip = true;
  check_ok(create(&f, &err));
  assert_int_equal(hr_dataset_rows(f.dataset), 6 + 7 + 8);
  assert_int_equal(hr_dataset_pixels(f.dataset), 4);
  check_near(hr_dataset_wave(f.dataset)[3], 7101.2, 1e-9);
  assert_false(hr_dataset_has_noisy(f.dataset));
  const double *log_g = NULL;
  check_ok(hr_dataset_label(f.dataset, "log_g", true, &log_g, &err));
  check_near(log_g[5], shard_label(1, 5), 0);
  check_near(log_g[6], shard_label(1, 100), 0);
  check_near(log_g[20], shard_label(1, 207), 0);
  fixture_fini(&f);
}

static void describes_its_shards(void **state) {
  (void)state;
  fixture f;
  hr_error err = {0};
  fixture_init(&f, 3);
  for (size_t i = 0; i < 3; i++) f.spec[i].with_noisy = true;
  f.spec[1].noisy_at_root = true;
  check_ok(create(&f, &err));
  size_t count = 0;
  const hr_shard *shards = hr_dataset_shards(f.dataset, &count);
  assert_int_equal(count, 3);
  assert_int_equal(shards[2].first_row, 13);
  assert_int_equal(shards[2].rows, 8);
  assert_string_equal(shards[0].noisy_path, HR_SHARD_NOISY);
  assert_string_equal(shards[1].noisy_path, HR_SHARD_NOISY_ROOT);
  assert_true(hr_dataset_has_noisy(f.dataset));
  uint64_t bytes = 0;
  for (size_t i = 0; i < 3; i++) {
    struct stat info;
    assert_int_equal(stat(f.path[i], &info), 0);
    bytes += (uint64_t)info.st_size;
  }
  assert_true(hr_dataset_file_bytes(f.dataset) == bytes);
  fixture_fini(&f);
}

static void locates_rows(void **state) {
  (void)state;
  fixture f;
  hr_error err = {0};
  fixture_init(&f, 3);
  f.spec[1].rows = 0; /* a shard may be empty */
  check_ok(create(&f, &err));
  size_t row = 99;
  assert_string_equal(hr_dataset_locate(f.dataset, 0, &row), f.path[0]);
  assert_int_equal(row, 0);
  assert_string_equal(hr_dataset_locate(f.dataset, 5, &row), f.path[0]);
  assert_int_equal(row, 5);
  assert_string_equal(hr_dataset_locate(f.dataset, 6, &row), f.path[2]);
  assert_int_equal(row, 0);
  assert_string_equal(hr_dataset_locate(f.dataset, 13, &row), f.path[2]);
  assert_int_equal(row, 7);
  assert_int_equal(hr_dataset_number(f.dataset, 5), 5);
  assert_int_equal(hr_dataset_number(f.dataset, 13), 13);
  assert_int_equal(hr_dataset_all_rows(f.dataset), 14);
  fixture_fini(&f);
}

/* Another spelling, a symbolic and a hard link, not next to the file itself. */
static void refuses_a_file_twice(void **state) {
  (void)state;
  for (int way = 0; way < 3; way++) {
    fixture f;
    hr_error err = {0};
    char again[256], expected[1024], *slash;
    fixture_init(&f, 3);
    for (size_t i = 0; i < 3; i++) shard_write(&f.spec[i]);
    unlink(f.path[2]);
    if (way == 0) {
      snprintf(again, sizeof again, "%s", f.path[0]);
      slash = strrchr(again, '/');
      snprintf(slash, sizeof again - (size_t)(slash - again), "/./%s",
               strrchr(f.path[0], '/') + 1);
      hr_strings_fini(&f.paths);
      check_ok(hr_strings_append(&f.paths, f.path[0], &err));
      check_ok(hr_strings_append(&f.paths, f.path[1], &err));
      check_ok(hr_strings_append(&f.paths, again, &err));
    } else {
      int made = way == 1 ? symlink(f.path[0], f.path[2]) : link(f.path[0], f.path[2]);
      assert_int_equal(made, 0);
    }
    check_fails(hr_dataset_create(&f.paths, NULL, &f.dataset, &err), HR_ERR_DATA,
                sentence(expected, "@ names the same file as @; name each file once",
                         f.paths.items[2], f.path[0]));
    fixture_fini(&f);
    unlink(f.path[2]);
  }
}

static hr_dataset *open_one(char *path) {
  hr_error err = {0};
  hr_dataset *dataset = NULL;
  const hr_strings paths = {.items = &path, .count = 1};
  check_ok(hr_dataset_create(&paths, NULL, &dataset, &err));
  return dataset;
}

static void finds_files_that_two_datasets_share(void **state) {
  (void)state;
  fixture f;
  hr_error err = {0};
  const char *path = NULL;
  fixture_init(&f, 3);
  f.spec[1].rows = f.spec[2].rows = 20;
  f.spec[2].first_row = f.spec[1].first_row; /* a copy of shard 1, to other pixels */
  f.spec[2].frame = SHARD_FIXED;
  for (size_t i = 0; i < 3; i++) shard_write(&f.spec[i]);
  f.paths.count = 2;
  check_ok(hr_dataset_create(&f.paths, NULL, &f.dataset, &err));
  f.paths.count = 3;
  hr_dataset *other = open_one(f.path[2]);
  assert_false(hr_dataset_shares_file(f.dataset, other, &path));
  hr_dataset_destroy(&other);

  unlink(f.path[2]);
  assert_int_equal(link(f.path[1], f.path[2]), 0);
  other = open_one(f.path[2]);
  assert_true(hr_dataset_shares_file(f.dataset, other, &path));
  assert_string_equal(path, f.path[2]);
  hr_dataset_destroy(&other);
  fixture_fini(&f);
}

static void keeps_labels_of_all_shards(void **state) {
  (void)state;
  fixture f;
  hr_error err = {0};
  const double *values = NULL;
  char expected[1024];
  fixture_init(&f, 2);
  f.spec[1].columns[0].name = "M_H"; /* another order, and no T_eff */
  f.spec[1].columns[2].name = "magnitude";
  check_ok(create(&f, &err));
  const hr_strings *names = hr_dataset_label_names(f.dataset);
  assert_int_equal(names->count, 2);
  assert_string_equal(names->items[0], "log_g");
  assert_string_equal(names->items[1], "M_H");
  check_ok(hr_dataset_label(f.dataset, "M_H", true, &values, &err));
  check_near(values[0], shard_label(2, 0), 0);
  check_near(values[6], shard_label(0, 100), 0);
  check_fails(hr_dataset_label(f.dataset, "T_eff", true, &values, &err), HR_ERR_DATA,
              sentence(expected, "@ has no label column T_eff; it has log_g, M_H",
                       f.path[1], NULL));
  check_fails(hr_dataset_label(f.dataset, "magnitude", true, &values, &err), HR_ERR_DATA,
              sentence(expected, "@ has no label column magnitude; it has log_g, M_H",
                       f.path[0], NULL));
  fixture_fini(&f);
}

/* Labels on the edges of the bins, 0.3 and 1.1, in shards that keep them in fp64, fp32
 * and fp16, in both layouts: all are where a reader of the edges looks for them. */
static void assigns_bins_in_the_precision_of_each_shard(void **state) {
  (void)state;
  static const double edges[] = {-0.7, 0.3, 1.1}, on_edges[] = {-0.7, 0.3, 1.1, 0.1};
  static const hr_axis axis = {"M_H", edges, 3};
  static const shard_dtype dtypes[] = {SHARD_F64, SHARD_F32, SHARD_F16};
  fixture f;
  hr_error err = {0};
  int32_t bin[12];
  for (int layout = 0; layout < 2; layout++) {
    fixture_init(&f, 3);
    for (size_t i = 0; i < 3; i++) {
      f.spec[i].rows = 4;
      f.spec[i].columns[2].values = on_edges;
      f.spec[i].label_dtype = dtypes[i];
      f.spec[i].frame = layout == 0 ? SHARD_TABLE : SHARD_FIXED;
    }
    check_ok(create(&f, &err));
    assert_int_equal(hr_dataset_precision(f.dataset, "M_H", 0), HR_PRECISION_DOUBLE);
    assert_int_equal(hr_dataset_precision(f.dataset, "M_H", 1), HR_PRECISION_SINGLE);
    assert_int_equal(hr_dataset_precision(f.dataset, "M_H", 2), HR_PRECISION_HALF);
    assert_int_equal(hr_dataset_precision(f.dataset, "no", 2), HR_PRECISION_DOUBLE);
    for (int nearest = 0; nearest < 2; nearest++) {
      check_ok(hr_dataset_assign_bins(f.dataset, &axis, 1, nearest, bin, &err));
      for (size_t i = 0; i < 12; i++)
        assert_int_equal(bin[i], i % 4 == 0 || i % 4 == 3 ? 0 : 1);
    }
    fixture_fini(&f);
  }
}

static void names_the_nearest_label(void **state) {
  (void)state;
  fixture f;
  hr_error err = {0};
  const double *values = NULL;
  char expected[1024];
  fixture_init(&f, 1);
  check_ok(create(&f, &err));
  check_fails(hr_dataset_label(f.dataset, "logg", true, &values, &err), HR_ERR_DATA,
              sentence(expected,
                       "@ has no label column logg; it has T_eff, log_g, M_H; did you "
                       "mean log_g?",
                       f.path[0], NULL));
  fixture_fini(&f);
}

static void refuses_labels_that_are_not_finite(void **state) {
  (void)state;
  fixture f;
  hr_error err = {0};
  const double *values = NULL;
  char expected[1024];
  double log_g[] = {1, 2, 3, (double)NAN, 5, 6, 7}, M_H[] = {0, 0, 0, 0, 0, 0, -HUGE_VAL};
  fixture_init(&f, 2);
  f.spec[1].columns[1].values = log_g;
  f.spec[1].columns[2].values = M_H;
  check_ok(create(&f, &err));
  check_fails(
      hr_dataset_label(f.dataset, "log_g", true, &values, &err), HR_ERR_DATA,
      sentence(
          expected,
          "@: label log_g is NaN in row 3 (counted from 0); remove the row or repair the "
          "label, or leave such rows out with data.unlabelled: exclude",
          f.path[1], NULL));
  check_fails(hr_dataset_label(f.dataset, "M_H", true, &values, &err), HR_ERR_DATA,
              sentence(expected,
                       "@: label M_H is infinite in row 6 (counted from 0); remove the "
                       "row or repair the "
                       "label",
                       f.path[1], NULL));
  check_ok(hr_dataset_label(f.dataset, "log_g", false, &values, &err));
  assert_true(isnan(values[9]));
  fixture_fini(&f);
}

static void refuses_missing_files(void **state) {
  (void)state;
  fixture f;
  hr_error err = {0};
  char expected[1024];
  fixture_init(&f, 1);
  check_fails(
      hr_dataset_create(&f.paths, NULL, &f.dataset, &err), HR_ERR_MISSING,
      sentence(expected, "cannot open @: No such file or directory", f.path[0], NULL));
  fixture_fini(&f);
  hr_strings none = {0};
  check_fails(hr_dataset_create(&none, NULL, &f.dataset, &err), HR_ERR_USAGE,
              "no data file is named");
}

static void refuses_a_wrong_dataset_name(void **state) {
  (void)state;
  fixture f;
  char expected[1024];
  fixture_init(&f, 1);
  f.spec[0].flux_path = "/dataset/arrays/flx/value";
  refuses(&f, HR_ERR_MISSING,
          sentence(expected,
                   "@ has no /dataset/arrays/flux/value; it has "
                   "/dataset/arrays/flx/value [6 x 4]: if that is meant, write "
                   "data.paths: {flux: /dataset/arrays/flx/value}",
                   f.path[0], NULL));
  fixture_init(&f, 1);
  f.spec[0].flux_path = "/dataset/arrays/flux";
  refuses(&f, HR_ERR_MISSING,
          sentence(expected,
                   "@ has no /dataset/arrays/flux/value; it has /dataset/arrays/flux "
                   "[6 x 4]: if that is meant, write data.paths: {flux: "
                   "/dataset/arrays/flux}",
                   f.path[0], NULL));
  fixture_init(&f, 1);
  f.spec[0].frame = SHARD_NO_FRAME;
  refuses(&f, HR_ERR_MISSING,
          sentence(expected,
                   "@ holds no pandas DataFrame; write the labels with "
                   "DataFrame.to_hdf(file, 'dataset/params')",
                   f.path[0], NULL));
}

static void refuses_other_pixel_counts(void **state) {
  (void)state;
  fixture f;
  char expected[1024];
  fixture_init(&f, 2);
  for (size_t i = 0; i < 2; i++) {
    f.spec[i].rows = 2;
    f.spec[i].dtype = SHARD_F32;
    f.spec[i].pixels = 4096 - i;
  }
  refuses(&f, HR_ERR_DATA,
          sentence(expected,
                   "@ has 4095 pixels a spectrum, but @ has 4096; all files of a dataset "
                   "must share one wavelength grid",
                   f.path[1], f.path[0]));
}

/* Replaces an array by one of other rows and pixels. */
static void replace_array(const char *path, const char *object_path, size_t rows,
                          size_t pixels) {
  hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
  assert_true(file >= 0 && H5Ldelete(file, object_path, H5P_DEFAULT) >= 0);
  hsize_t shape[2] = {rows, pixels};
  double *values = calloc(rows * pixels, sizeof *values);
  shard_put(file, object_path, H5T_IEEE_F64LE, 2, shape, NULL, false, values);
  free(values);
  assert_true(H5Fclose(file) >= 0);
}

static void refuses_arrays_that_disagree(void **state) {
  (void)state;
  fixture f;
  hr_error err = {0};
  char expected[1024];
  fixture_init(&f, 1);
  shard_write(&f.spec[0]);
  replace_array(f.path[0], HR_SHARD_ERROR, 6, 3);
  check_fails(hr_dataset_create(&f.paths, NULL, &f.dataset, &err), HR_ERR_DATA,
              sentence(expected,
                       "@: /dataset/arrays/error/value has 3 pixels a row, but "
                       "/spectrumdataset/wave has 4",
                       f.path[0], NULL));
  replace_array(f.path[0], HR_SHARD_ERROR, 5, 4);
  check_fails(hr_dataset_create(&f.paths, NULL, &f.dataset, &err), HR_ERR_DATA,
              sentence(expected,
                       "@: /dataset/arrays/error/value has 5 rows, but "
                       "/dataset/arrays/flux/value has 6",
                       f.path[0], NULL));
  fixture_fini(&f);
}

static void refuses_labels_of_other_length(void **state) {
  (void)state;
  fixture f;
  char expected[1024];
  for (int layout = 0; layout < 2; layout++) {
    fixture_init(&f, 1);
    f.spec[0].frame = layout ? SHARD_FIXED : SHARD_TABLE;
    f.spec[0].label_rows = 5;
    refuses(&f, HR_ERR_DATA,
            sentence(expected,
                     "@: the labels have 5 rows, but /dataset/arrays/flux/value has 6; "
                     "row i of the labels must describe spectrum i",
                     f.path[0], NULL));
  }
}

static void refuses_integers(void **state) {
  (void)state;
  fixture f;
  char expected[1024];
  fixture_init(&f, 1);
  f.spec[0].dtype = SHARD_I32;
  refuses(&f, HR_ERR_FORMAT,
          sentence(expected,
                   "@: /dataset/arrays/flux/value holds integers of 4 bytes; write it as "
                   "floating-point numbers of 2, 4 or 8 bytes",
                   f.path[0], NULL));
}

static void refuses_bad_grids(void **state) {
  (void)state;
  fixture f;
  char expected[1024];
  const double nan_wave[] = {7100, 7101, (double)NAN, 7103};
  const double flat_wave[] = {7100, 7101, 7101, 7103};
  const double other_wave[] = {7100, 7100.4, 7100.8, 7101.21};
  fixture_init(&f, 1);
  f.spec[0].wave = nan_wave;
  refuses(&f, HR_ERR_DATA,
          sentence(expected, "@: /spectrumdataset/wave is not finite at pixel 2",
                   f.path[0], NULL));
  fixture_init(&f, 1);
  f.spec[0].wave = flat_wave;
  refuses(&f, HR_ERR_DATA,
          sentence(expected,
                   "@: /spectrumdataset/wave does not increase from pixel 1 to 2 (7101, "
                   "7101)",
                   f.path[0], NULL));
  fixture_init(&f, 2);
  f.spec[1].wave = other_wave;
  refuses(&f, HR_ERR_DATA,
          sentence(expected,
                   "@ has pixel 3 at 7101.21 angstrom, but @ at 7101.2; all files of a "
                   "dataset must share one wavelength grid",
                   f.path[1], f.path[0]));
}

static void accepts_grids_that_agree_closely(void **state) {
  (void)state;
  fixture f;
  hr_error err = {0};
  const double close_wave[] = {7100.0005, 7100.4, 7100.8, 7101.2};
  fixture_init(&f, 2);
  f.spec[1].wave = close_wave;
  check_ok(create(&f, &err));
  check_near(hr_dataset_wave(f.dataset)[0], 7100, 0);
  fixture_fini(&f);
}

static void refuses_nothing_at_all(void **state) {
  (void)state;
  fixture f;
  char expected[1024];
  fixture_init(&f, 1);
  f.spec[0].rows = 0;
  refuses(&f, HR_ERR_EMPTY, sentence(expected, "@ holds no spectra", f.path[0], NULL));
  fixture_init(&f, 1);
  f.spec[0].pixels = 0;
  refuses(&f, HR_ERR_FORMAT,
          sentence(expected,
                   "@: /spectrumdataset/wave has 0 pixels; 1 to 16777216 are possible",
                   f.path[0], NULL));
}

/* A dataset of the given shape none of whose bytes are in the file. */
static void replace_by_promise(const char *path, const char *object_path, hsize_t rows,
                               const hsize_t *chunk) {
  hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
  assert_true(file >= 0 && H5Ldelete(file, object_path, H5P_DEFAULT) >= 0);
  hsize_t shape[2] = {rows, 4};
  hid_t creation = H5Pcreate(H5P_DATASET_CREATE),
        space = H5Screate_simple(2, shape, NULL);
  if (chunk) assert_true(H5Pset_chunk(creation, 2, chunk) >= 0);
  hid_t set = H5Dcreate2(file, object_path, H5T_IEEE_F64LE, space, H5P_DEFAULT, creation,
                         H5P_DEFAULT);
  assert_true(set >= 0);
  H5Dclose(set);
  H5Sclose(space);
  H5Pclose(creation);
  assert_true(H5Fclose(file) >= 0);
}

static void refuses_arrays_never_written(void **state) {
  (void)state;
  fixture f;
  hr_error err = {0};
  char expected[1024];
  fixture_init(&f, 1);
  shard_write(&f.spec[0]);
  replace_by_promise(f.path[0], HR_SHARD_FLUX, 6, (hsize_t[2]){4, 4});
  check_fails(hr_dataset_create(&f.paths, NULL, &f.dataset, &err), HR_ERR_FORMAT,
              sentence(expected,
                       "@: only 0 of the 2 chunks of /dataset/arrays/flux/value were "
                       "written; the file is incomplete, write it again",
                       f.path[0], NULL));
  replace_by_promise(f.path[0], HR_SHARD_FLUX, 6, NULL);
  check_fails(hr_dataset_create(&f.paths, NULL, &f.dataset, &err), HR_ERR_FORMAT,
              sentence(expected,
                       "@: /dataset/arrays/flux/value was never written in full; the "
                       "file is incomplete, write it again",
                       f.path[0], NULL));
  replace_by_promise(f.path[0], HR_SHARD_FLUX, (hsize_t)1 << 40, NULL);
  check_fails(hr_dataset_create(&f.paths, NULL, &f.dataset, &err), HR_ERR_FORMAT,
              sentence(expected,
                       "@: /dataset/arrays/flux/value claims 1099511627776 rows; at most "
                       "68719476736 can be",
                       f.path[0], NULL));
  fixture_fini(&f);
}

/* Rows 1, 2 and 5 of a shard of 6, and all of the next. */
static void rows_can_be_left_out(void **state) {
  (void)state;
  hr_error err = {0};
  fixture f;
  const double *labels = NULL;
  size_t count = 0, row = 0;
  fixture_init(&f, 3);
  const double index[6] = {15, 14, 13, 12, 11, 10};
  f.spec[0].frame = SHARD_FIXED;
  f.spec[0].index = index;
  f.spec[1].label_dtype = SHARD_F32; /* the file of which nothing is left */
  check_ok(create(&f, &err));
  bool left_out[6 + 7 + 8] = {[1] = true, [2] = true, [5] = true};
  for (size_t i = 6; i < 13; i++) left_out[i] = true;
  check_ok(hr_dataset_leave_out(f.dataset, left_out, &err));
  assert_int_equal(hr_dataset_rows(f.dataset), 3 + 8);
  check_ok(hr_dataset_label(f.dataset, "T_eff", true, &labels, &err));
  check_near(labels[0], shard_label(0, 0), 0);
  check_near(labels[1], shard_label(0, 3), 0);
  check_near(labels[2], shard_label(0, 4), 0);
  check_near(labels[3], shard_label(0, 200), 0);
  const hr_shard *shards = hr_dataset_shards(f.dataset, &count);
  assert_int_equal(count, 2);
  assert_int_equal(shards[0].rows, 3);
  assert_int_equal(shards[0].file_rows, 6);
  assert_int_equal(hr_shard_file_row(&shards[0], 1), 3);
  assert_int_equal(shards[1].rows, 8);
  assert_int_equal(shards[1].first_row, 3);
  /* What is known of a file goes with it, also where one before it has gone. */
  assert_int_equal(hr_dataset_precision(f.dataset, "log_g", 1), HR_PRECISION_DOUBLE);
  assert_non_null(hr_dataset_index(f.dataset, 0));
  assert_int_equal(hr_dataset_index(f.dataset, 0)[1], 12);
  assert_null(hr_dataset_index(f.dataset, 1));
  assert_string_equal(hr_dataset_locate(f.dataset, 2, &row), f.path[0]);
  assert_int_equal(row, 4);
  assert_string_equal(hr_dataset_locate(f.dataset, 4, &row), f.path[2]);
  assert_int_equal(row, 1);
  /* Again, of those that are left. */
  check_ok(hr_dataset_leave_out(f.dataset, (bool[11]){[1] = true, [4] = true}, &err));
  assert_string_equal(hr_dataset_locate(f.dataset, 1, &row), f.path[0]);
  assert_int_equal(row, 4);
  assert_string_equal(hr_dataset_locate(f.dataset, 3, &row), f.path[2]);
  assert_int_equal(row, 2);
  assert_int_equal(hr_dataset_number(f.dataset, 1), 4);
  assert_int_equal(hr_dataset_number(f.dataset, 3), 6 + 7 + 2);
  assert_int_equal(hr_dataset_all_rows(f.dataset), 6 + 7 + 8);
  assert_int_equal(hr_dataset_index(f.dataset, 0)[1], 11);
  fixture_fini(&f);
}

static void not_all_rows_can_be_left_out(void **state) {
  (void)state;
  hr_error err = {0};
  fixture f;
  char expected[1024];
  bool left_out[6] = {false};
  fixture_init(&f, 1);
  check_ok(create(&f, &err));
  check_ok(hr_dataset_leave_out(f.dataset, left_out, &err));
  assert_int_equal(hr_dataset_rows(f.dataset), 6);
  for (size_t i = 0; i < 6; i++) left_out[i] = true;
  check_fails(hr_dataset_leave_out(f.dataset, left_out, &err), HR_ERR_EMPTY,
              sentence(expected,
                       "none of the 6 rows of @ and the files with it can be used; leave "
                       "data.reject_outliers out to see why",
                       f.path[0], ""));
  fixture_fini(&f);
}

/* Puts a line spread of `count` values into a shard. */
static void put_fwhm(const char *path, hsize_t count, const double *values) {
  hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
  assert_true(file >= 0);
  shard_put(file, HR_SHARD_FWHM, H5T_IEEE_F64LE, 1, &count, NULL, false, values);
  assert_true(H5Fclose(file) >= 0);
}

static void line_spreads_count_where_all_tell_the_same(void **state) {
  (void)state;
  const double same[] = {1, 1.1, 1.2, 1.3}, other[] = {1, 1.1, 1.2, 1.4};
  hr_error err = {0};
  for (int i = 0; i < 3; i++) {
    fixture f;
    fixture_init(&f, 2);
    shard_write(&f.spec[0]);
    shard_write(&f.spec[1]);
    put_fwhm(f.path[0], 4, same);
    if (i < 2) put_fwhm(f.path[1], 4, i == 0 ? same : other);
    check_ok(hr_dataset_create(&f.paths, NULL, &f.dataset, &err));
    const double *fwhm = hr_dataset_fwhm(f.dataset);
    if (i == 0) assert_memory_equal(fwhm, same, sizeof same);
    if (i > 0) assert_null(fwhm);
    fixture_fini(&f);
  }
}

static void refuses_bad_line_spreads(void **state) {
  (void)state;
  const double values[] = {1, 1.1, 0, 1.3};
  hr_error err = {0};
  char expected[1024];
  for (int i = 0; i < 2; i++) {
    fixture f;
    fixture_init(&f, 1);
    shard_write(&f.spec[0]);
    put_fwhm(f.path[0], i == 0 ? 4 : 3, values);
    check_fails(hr_dataset_create(&f.paths, NULL, &f.dataset, &err), HR_ERR_DATA,
                sentence(expected,
                         i == 0 ? "@: /spectrumdataset/fwhm is 0 at pixel 2; a line "
                                  "spread is above 0, in angstrom"
                                : "@: /spectrumdataset/fwhm has 3 values, but "
                                  "/spectrumdataset/wave has 4 pixels",
                         f.path[0], NULL));
    fixture_fini(&f);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rows_can_be_left_out),
      cmocka_unit_test(not_all_rows_can_be_left_out),
      cmocka_unit_test(joins_shards),
      cmocka_unit_test(describes_its_shards),
      cmocka_unit_test(locates_rows),
      cmocka_unit_test(refuses_a_file_twice),
      cmocka_unit_test(finds_files_that_two_datasets_share),
      cmocka_unit_test(keeps_labels_of_all_shards),
      cmocka_unit_test(assigns_bins_in_the_precision_of_each_shard),
      cmocka_unit_test(names_the_nearest_label),
      cmocka_unit_test(refuses_labels_that_are_not_finite),
      cmocka_unit_test(refuses_missing_files),
      cmocka_unit_test(refuses_a_wrong_dataset_name),
      cmocka_unit_test(refuses_other_pixel_counts),
      cmocka_unit_test(refuses_arrays_that_disagree),
      cmocka_unit_test(refuses_labels_of_other_length),
      cmocka_unit_test(refuses_integers),
      cmocka_unit_test(refuses_bad_grids),
      cmocka_unit_test(accepts_grids_that_agree_closely),
      cmocka_unit_test(refuses_nothing_at_all),
      cmocka_unit_test(refuses_arrays_never_written),
      cmocka_unit_test(line_spreads_count_where_all_tell_the_same),
      cmocka_unit_test(refuses_bad_line_spreads),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
