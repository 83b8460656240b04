#include "headroom/simulate.h"

#include <hdf5.h>
#include <omp.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/parallel.h"
#include "core/paths.h"
#include "data/dataset.h"
#include "data/stream.h"
#include "headroom/version.h"
#include "support/scratch.h"

enum { PIXELS = 4096 };

static hr_simulate_options small(const char *folder) {
  hr_simulate_options options = hr_simulate_options_default();
  options.folder = folder;
  options.train_rows = 600;
  options.shards = 2;
  options.test_rows = 40;
  return options;
}

static hr_dataset *open_shards(const char *folder, const char *pattern) {
  hr_error err;
  hr_strings paths = {0};
  hr_dataset *dataset = NULL;
  check_ok(hr_expand_paths(folder, pattern, &paths, &err));
  check_ok(hr_dataset_create(&paths, NULL, &dataset, &err));
  hr_strings_fini(&paths);
  return dataset;
}

/* All of one array of a dataset, [rows][PIXELS]; freed with hr_free. */
static float *read_noisy(const hr_dataset *dataset, hr_noise_source source) {
  hr_error err;
  float *values = NULL;
  hr_stream *stream = NULL;
  hr_block block;
  hr_stream_options options = hr_stream_options_default();
  options.noise = (hr_noise){source, 1.0, 42, HR_STREAM_NOISE_TEST};
  check_ok(hr_alloc(&values, hr_dataset_rows(dataset) * PIXELS, &err));
  check_ok(hr_stream_create(dataset, &options, &stream, &err));
  for (;;) {
    check_ok(hr_stream_next(stream, &block, &err));
    if (block.rows == 0) break;
    memcpy(values + block.first_row * PIXELS, block.noisy,
           block.rows * PIXELS * sizeof *values);
  }
  hr_stream_destroy(&stream);
  return values;
}

static void check_same_noisy(const hr_dataset *a, hr_noise_source source_a,
                             const hr_dataset *b, hr_noise_source source_b) {
  assert_int_equal(hr_dataset_rows(a), hr_dataset_rows(b));
  float *x = read_noisy(a, source_a), *y = read_noisy(b, source_b);
  assert_memory_equal(x, y, hr_dataset_rows(a) * PIXELS * sizeof *x);
  hr_free(x);
  hr_free(y);
}

static void stored_noise_is_the_noise_the_study_generates(void **state) {
  (void)state;
  hr_error err;
  scratch s;
  scratch_init(&s);
  for (int dtype = HR_SIMULATE_F32; dtype <= HR_SIMULATE_F64; dtype++) {
    hr_simulate_options options = small(s.path);
    options.dtype = (hr_simulate_dtype)dtype;
    options.train_rows = 0;
    check_ok(hr_simulate(&options, NULL, &err));
    hr_dataset *test = open_shards(s.path, "test/dataset.h5");
    check_same_noisy(test, HR_NOISE_STORED, test, HR_NOISE_GENERATED);
    hr_dataset_destroy(&test);
    assert_int_not_equal(access(scratch_name(&s, "study.yaml"), F_OK), 0);
  }
  scratch_fini(&s);
}

/* 600 stars in 2 shards on one thread, in 7 on three: 300 is inside a batch of 256. */
static void stars_do_not_depend_on_shards_or_threads(void **state) {
  (void)state;
  hr_error err;
  scratch s, t;
  scratch_init(&s);
  scratch_init(&t);
  int threads = omp_get_max_threads();
  hr_simulate_options options = small(s.path);
  omp_set_num_threads(1);
  check_ok(hr_simulate(&options, NULL, &err));
  options = small(t.path);
  options.shards = 7;
  omp_set_num_threads(3);
  check_ok(hr_simulate(&options, NULL, &err));
  omp_set_num_threads(threads);

  hr_dataset *a = open_shards(s.path, "train_{0..1}/dataset.h5");
  hr_dataset *b = open_shards(t.path, "train_{0..6}/dataset.h5");
  /* Noise added by the reader shows flux and error at once. */
  check_same_noisy(a, HR_NOISE_GENERATED, b, HR_NOISE_GENERATED);
  for (size_t c = 0; c < hr_dataset_label_names(a)->count; c++) {
    const char *name = hr_dataset_label_names(a)->items[c];
    const double *x = NULL, *y = NULL;
    check_ok(hr_dataset_label(a, name, true, &x, &err));
    check_ok(hr_dataset_label(b, name, true, &y, &err));
    assert_memory_equal(x, y, 600 * sizeof *x);
  }
  hr_dataset_destroy(&a);
  hr_dataset_destroy(&b);
  assert_int_equal(access(scratch_name(&s, "study.yaml"), F_OK), 0);
  scratch_fini(&s);
  scratch_fini(&t);
}

typedef struct watcher {
  uint64_t last_done, last_bytes;
  size_t calls, stop_after;
} watcher;

static void watch(void *context, const hr_progress *progress) {
  watcher *w = context;
  assert_string_equal(progress->unit, "spectra");
  assert_true(progress->done <= progress->total);
  w->last_done = progress->done;
  w->last_bytes = progress->bytes;
  w->calls++;
}

static bool ask(void *context) {
  const watcher *w = context;
  return w->stop_after > 0 && w->calls >= w->stop_after;
}

static void progress_is_told_and_interrupts_are_heard(void **state) {
  (void)state;
  hr_error err;
  scratch s;
  scratch_init(&s);
  watcher w = {0};
  hr_observer observer = {.context = &w, .progress = watch, .interrupted = ask};
  hr_simulate_options options = small(s.path);
  check_ok(hr_simulate(&options, &observer, &err));
  assert_int_equal(w.last_done, 40);
  assert_int_equal(w.last_bytes, 40 * 3 * PIXELS * 4);
  assert_int_equal(w.calls, 4 + 2); /* before each batch, and at the end */
  scratch_fini(&s);

  scratch_init(&s);
  options = small(s.path);
  w = (watcher){.stop_after = 3}; /* 512 of 600 stars made: train_0 is whole */
  assert_int_equal(hr_simulate(&options, &observer, &err), HR_ERR_INTERRUPTED);
  assert_int_equal(access(scratch_name(&s, "train_0/dataset.h5"), F_OK), 0);
  assert_int_not_equal(access(scratch_name(&s, "train_1/dataset.h5"), F_OK), 0);
  assert_int_not_equal(access(scratch_name(&s, "train_1/dataset.h5.part"), F_OK), 0);
  assert_int_not_equal(access(scratch_name(&s, "study.yaml"), F_OK), 0);
  scratch_fini(&s);
}

/* The simulation is refused because of `name`, before a star is made. */
static void check_kept(scratch *s, const hr_simulate_options *options, const char *name) {
  hr_error err;
  char expected[5000];
  watcher w = {0};
  const hr_observer observer = {.context = &w, .progress = watch};
  snprintf(expected, sizeof expected,
           "%s/%s is there already and was not made by headroom simulate; give another "
           "folder, or remove it",
           s->path, name);
  check_fails(hr_simulate(options, &observer, &err), HR_ERR_USAGE, expected);
  assert_int_equal(w.calls, 0);
}

static void files_of_others_are_kept(void **state) {
  (void)state;
  hr_error err;
  scratch s;
  scratch_init(&s);
  hr_simulate_options options = small(s.path);
  options.train_rows = 4;
  options.test_rows = 2;
  check_ok(hr_simulate(&options, NULL, &err));
  check_ok(hr_simulate(&options, NULL, &err)); /* its own files are made anew */

  unlink(scratch_name(&s, "train_1/dataset.h5"));
  hid_t file = H5Fcreate(s.name, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  assert_true(file >= 0 && H5Fclose(file) >= 0);
  check_kept(&s, &options, "train_1/dataset.h5");
  options.shards = 1; /* nor is it looked at where it is not in the way */
  check_ok(hr_simulate(&options, NULL, &err));
  scratch_write(&s, "test/dataset.h5", "not HDF5");
  check_kept(&s, &options, "test/dataset.h5");
  unlink(scratch_name(&s, "test/dataset.h5"));
  scratch_write(&s, "study.yaml", "experiment: {id: MINE}\n");
  check_kept(&s, &options, "study.yaml");
  options.test_rows = 0; /* then no study is written */
  check_ok(hr_simulate(&options, NULL, &err));
  scratch_fini(&s);
}

/* The faintest star, the shortest exposure and the worst of conditions: what is written
 * can be read by a study. */
static void extremes_stay_usable(void **state) {
  (void)state;
  static const hr_simulate_noise_model models[] = {HR_SIMULATE_MODEL_U,
                                                   HR_SIMULATE_MODEL_A};
  for (size_t m = 0; m < 2; m++) {
    for (int is_bright = 0; is_bright < 2; is_bright++) {
      hr_error err;
      scratch s;
      scratch_init(&s);
      hr_simulate_options options = small(s.path);
      options.train_rows = 0;
      options.noise_model = models[m];
      options.mag.low = options.mag.high = is_bright ? 10.0 : 30.0;
      options.seeing.low = options.seeing.high = is_bright ? 0.4 : 1.8;
      options.zenith_angle.low = options.zenith_angle.high = is_bright ? 0.0 : 60.0;
      options.field_angle.low = options.field_angle.high = is_bright ? 0.0 : 0.65;
      options.exposures = is_bright ? 10000 : 1;
      options.exposure_time = is_bright ? 86400.0 : 1.0;
      check_ok(hr_simulate(&options, NULL, &err));
      hr_dataset *test = open_shards(s.path, "test/dataset.h5");
      hr_free(read_noisy(test, HR_NOISE_STORED)); /* refuses what is not finite */
      hr_dataset_destroy(&test);
      scratch_fini(&s);
    }
  }
}

static void bad_options_make_nothing(void **state) {
  (void)state;
  hr_error err;
  scratch s;
  scratch_init(&s);
  hr_simulate_options options = small(s.path);
  options.exposures = 0;
  check_fails(hr_simulate(&options, NULL, &err), HR_ERR_USAGE,
              "exposures is 0: give 1 to 10000");
  options = small(s.path);
  options.exposure_time = 0.5;
  check_fails(hr_simulate(&options, NULL, &err), HR_ERR_USAGE,
              "exposure_time is 0.5 s: give 1 to 86400");
  assert_int_not_equal(access(scratch_name(&s, "train_0"), F_OK), 0);

  char expected[5000];
  scratch_write(&s, "file", "");
  options = small(scratch_name(&s, "file"));
  snprintf(expected, sizeof expected, "cannot make the folder %s: File exists", s.name);
  watcher w = {0};
  const hr_observer observer = {.context = &w, .progress = watch};
  check_fails(hr_simulate(&options, &observer, &err), HR_ERR_IO, expected);
  assert_int_equal(w.calls, 0);
  scratch_fini(&s);
}

/* Headers older and newer than the library. */
static void options_of_another_size(void **state) {
  (void)state;
  hr_error err;
  char expected[256];
  struct {
    hr_simulate_options options;
    double behind;
  } large = {.behind = 7};
  hr_simulate_options_init(&large.options, sizeof large);
  assert_int_equal(large.options.size, sizeof large);
  assert_int_equal(large.options.train_rows, 20000);
  check_near(large.behind, 0, 0);
  snprintf(
      expected, sizeof expected,
      "hr_simulate_options.size is %zu, not %zu as in version %s; set it with "
      "hr_simulate_options_default(), and build with the headers of the library that "
      "runs",
      sizeof large, sizeof large.options, HR_VERSION);
  check_fails(hr_simulate(&large.options, NULL, &err), HR_ERR_USAGE, expected);
  large.options.shards = 9;
  hr_simulate_options_init(&large.options, offsetof(hr_simulate_options, shards));
  assert_int_equal(large.options.shards, 9);
  check_fails(hr_simulate(NULL, NULL, &err), HR_ERR_USAGE,
              "hr_simulate_options.folder is NULL; name the folder to be made");
}

/* Root may write everywhere, so that the child is somebody else. */
static void folders_have_to_be_writable(void **state) {
  (void)state;
  scratch s;
  int result = 0;
  scratch_init(&s);
  assert_int_equal(chmod(s.path, 0555), 0);
  pid_t process = fork();
  if (process == 0) {
    hr_error err = {0};
    hr_simulate_options options = small(s.path);
    char expected[256];
    snprintf(expected, sizeof expected,
             "cannot write into the folder %s: Permission denied", s.path);
    hr_parallel_be_alone(); /* the threads of its parent are not there */
    if (geteuid() == 0 && setuid(65534) != 0) _exit(2);
    hr_status status = hr_simulate(&options, NULL, &err);
    _exit(status == HR_ERR_IO && strcmp(err.message, expected) == 0 ? 0 : 1);
  }
  assert_int_equal(waitpid(process, &result, 0), process);
  assert_true(WIFEXITED(result));
  assert_int_equal(WEXITSTATUS(result), 0);
  assert_int_equal(chmod(s.path, 0755), 0);
  scratch_fini(&s);
}

/* Through four values, at `behind` between the second and the third (Lagrange). */
static double cubic(const float *x, double behind) {
  double t = behind, a = t + 1, b = t - 1, c = t - 2;
  return -(double)x[0] * t * b * c / 6 + (double)x[1] * a * b * c / 2 -
         (double)x[2] * a * t * c / 2 + (double)x[3] * a * t * b / 6;
}

/* Moved spectra are the resting ones at other wavelengths, and labels but rv and redshift
 * are the same. */
static void stars_move(void **state) {
  (void)state;
  hr_error err;
  scratch s;
  scratch_init(&s);
  const double velocity[2] = {0, 250};
  hr_dataset *dataset[2] = {NULL};
  float *flux[2] = {NULL};
  for (int i = 0; i < 2; i++) {
    hr_simulate_options options = small(scratch_name(&s, i == 0 ? "still" : "moving"));
    options.train_rows = 0;
    options.rv = (hr_simulate_range){velocity[i], velocity[i]};
    check_ok(hr_simulate(&options, NULL, &err));
    dataset[i] = open_shards(s.name, "test/dataset.h5");
    /* At level 0 the flux itself. */
    hr_stream *stream = NULL;
    hr_block block;
    hr_stream_options streaming = hr_stream_options_default();
    check_ok(hr_alloc(&flux[i], (size_t)40 * PIXELS, &err));
    check_ok(hr_stream_create(dataset[i], &streaming, &stream, &err));
    check_ok(hr_stream_next(stream, &block, &err));
    memcpy(flux[i], block.flux, (size_t)40 * PIXELS * sizeof(float));
    hr_stream_destroy(&stream);
  }
  const double *wave = hr_dataset_wave(dataset[0]), *rv = NULL, *redshift = NULL;
  assert_int_not_equal(hr_dataset_label(dataset[0], "rv", true, &rv, &err), HR_OK);
  check_ok(hr_dataset_label(dataset[1], "rv", true, &rv, &err));
  check_ok(hr_dataset_label(dataset[1], "redshift", true, &redshift, &err));
  check_near(rv[3], 250, 0);
  check_near(redshift[3], 0.000834256, 1e-8);
  const double step = (wave[PIXELS - 1] - wave[0]) / (PIXELS - 1);
  for (size_t row = 0; row < 40; row++) {
    const float *still = flux[0] + row * PIXELS, *moved = flux[1] + row * PIXELS;
    /* The medians that both are scaled to 0.5 by are not quite of the same pixels. */
    double ratio = 0;
    for (size_t p = 100; p < PIXELS - 100; p++) {
      double place = (wave[p] / (1 + redshift[row]) - wave[0]) / step;
      size_t at = (size_t)place;
      double behind = place - (double)at;
      double line = cubic(still + at - 1, behind);
      if (p == 100) ratio = (double)moved[p] / line;
      check_near((double)moved[p] / line / ratio, 1, 0.01);
    }
  }
  for (int i = 0; i < 2; i++) {
    hr_free(flux[i]);
    hr_dataset_destroy(&dataset[i]);
  }
  scratch_fini(&s);
}

/* Another instrument: its pixels and line spread are in the file, and the columns that
 * mean something of it. */
static void other_instruments_write_what_they_are(void **state) {
  (void)state;
  hr_error err;
  scratch s;
  scratch_init(&s);
  hr_simulate_options options = small(s.path);
  options.train_rows = 0;
  options.instrument = "gaia-rvs";
  check_ok(hr_simulate(&options, NULL, &err));
  hr_dataset *test = open_shards(s.path, "test/dataset.h5");
  assert_int_equal(hr_dataset_pixels(test), 961);
  check_near(hr_dataset_wave(test)[960], 8700, 1e-9);
  const hr_strings *names = hr_dataset_label_names(test);
  assert_int_equal(names->count, 7); /* T_eff, log_g, M_H, a_M, C_M, redshift, snr */
  const double *snr = NULL;
  check_ok(hr_dataset_label(test, "snr", true, &snr, &err));
  for (size_t i = 0; i < 40; i++) assert_true(snr[i] > 9.9 && snr[i] < 130);
  hr_dataset_destroy(&test);
  options.instrument = "pfs";
  check_fails(hr_simulate(&options, NULL, &err), HR_ERR_USAGE,
              "instrument is 'pfs': give pfs-mr, desi-z, sdss, lamost-red, gaia-rvs or a "
              "file FILE.yaml");
  scratch_fini(&s);
}

/* The default's name gives the default's bytes. */
static void the_default_instrument_has_a_name(void **state) {
  (void)state;
  hr_error err;
  scratch s;
  char *bytes[2] = {NULL};
  size_t size[2] = {0};
  for (size_t i = 0; i < 2; i++) {
    scratch_init(&s);
    hr_simulate_options options = small(s.path);
    options.train_rows = 0;
    if (i == 1) options.instrument = "pfs-mr";
    check_ok(hr_simulate(&options, NULL, &err));
    check_ok(hr_file_read(scratch_name(&s, "test/dataset.h5"), 1 << 24, &bytes[i],
                          &size[i], &err));
    scratch_fini(&s);
  }
  assert_int_equal(size[0], size[1]);
  assert_memory_equal(bytes[0], bytes[1], size[0]);
  hr_free(bytes[0]);
  hr_free(bytes[1]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(stored_noise_is_the_noise_the_study_generates),
      cmocka_unit_test(stars_do_not_depend_on_shards_or_threads),
      cmocka_unit_test(progress_is_told_and_interrupts_are_heard),
      cmocka_unit_test(files_of_others_are_kept),
      cmocka_unit_test(extremes_stay_usable),
      cmocka_unit_test(bad_options_make_nothing),
      cmocka_unit_test(options_of_another_size),
      cmocka_unit_test(stars_move),
      cmocka_unit_test(folders_have_to_be_writable),
      cmocka_unit_test(other_instruments_write_what_they_are),
      cmocka_unit_test(the_default_instrument_has_a_name),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
