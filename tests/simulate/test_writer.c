#include "simulate/writer.h"

#include "data/dataset.h"
#include "support/scratch.h"

enum { PIXELS = 4, ROWS = 3 };
static const double wave[PIXELS] = {7100, 7101, 7102, 7103};

static void write_rows(const char *path, const hr_writer_shape *shape) {
  hr_error err;
  hr_spectra_writer *writer = NULL;
  static const float flux[ROWS][PIXELS] = {{1, 1, 1, 2}, {1, 1, 2, 1}, {1, 2, 1, 1}};
  static double values[HR_COLUMN_COUNT][ROWS];
  const void *labels[HR_COLUMN_COUNT];
  for (size_t c = 0; c < HR_COLUMN_COUNT; c++) {
    for (size_t i = 0; i < ROWS; i++) values[c][i] = (double)(100 * c + i);
    labels[c] = values[c];
  }
  hr_spectra_rows rows = hr_spectra_rows_default();
  rows.rows = ROWS;
  rows.flux = rows.error = rows.noisy = flux;
  rows.labels = labels;
  check_ok(hr_writer_create(path, shape, &writer, &err));
  check_ok(hr_spectra_writer_append(writer, &rows, &err));
  check_ok(hr_spectra_writer_finish(writer, &err));
  hr_spectra_writer_close(&writer);
}

static void files_have_the_simulators_columns(void **state) {
  (void)state;
  hr_error err;
  scratch s;
  scratch_init(&s);
  size_t all[HR_COLUMN_COUNT];
  for (size_t c = 0; c < HR_COLUMN_COUNT; c++) all[c] = c;
  for (int i = 0; i < 4; i++) {
    const hr_writer_shape shape = {.rows = ROWS,
                                   .pixels = PIXELS,
                                   .wave = wave,
                                   .dtype = i / 2 ? HR_SIMULATE_F64 : HR_SIMULATE_F32,
                                   .has_noisy = i % 2,
                                   .columns = i == 3 ? all : NULL,
                                   .column_count = HR_COLUMN_COUNT};
    hr_strings paths = {0};
    hr_dataset *dataset = NULL;
    write_rows(scratch_name(&s, "dataset.h5"), &shape); /* replaced each time */
    check_ok(hr_strings_append(&paths, s.name, &err));
    check_ok(hr_dataset_create(&paths, NULL, &dataset, &err));
    assert_int_equal(hr_dataset_rows(dataset), ROWS);
    assert_int_equal(hr_dataset_has_noisy(dataset), i % 2);
    const hr_strings *names = hr_dataset_label_names(dataset);
    assert_int_equal(names->count, i == 3 ? HR_COLUMN_COUNT : HR_COLUMN_RV);
    for (size_t c = 0; c < names->count; c++) {
      const double *column = NULL;
      assert_string_equal(names->items[c], hr_writer_columns[c]);
      check_ok(hr_dataset_label(dataset, hr_writer_columns[c], true, &column, &err));
      check_near(column[2], (double)(100 * c + 2), 0);
    }
    hr_dataset_destroy(&dataset);
    hr_strings_fini(&paths);
  }
  scratch_fini(&s);
}

static void files_are_known_again(void **state) {
  (void)state;
  hr_error err;
  scratch s;
  hr_spectra_writer *writer = NULL;
  const hr_writer_shape shape = {.rows = ROWS, .pixels = PIXELS, .wave = wave};
  scratch_init(&s);
  write_rows(scratch_name(&s, "dataset.h5"), &shape);
  assert_true(hr_writer_wrote(s.name));
  scratch_write(&s, "dataset.h5", "mine");
  assert_false(hr_writer_wrote(s.name));
  assert_false(hr_writer_wrote(scratch_name(&s, "none.h5")));
  /* What anybody wrote with the same library is not the simulator's. */
  static const float flux[PIXELS] = {1, 1, 1, 2};
  hr_spectra_writer_options options = hr_spectra_writer_options_default();
  options.rows = 1, options.pixels = PIXELS, options.wave_angstrom = wave;
  hr_spectra_rows rows = hr_spectra_rows_default();
  rows.rows = 1, rows.flux = flux;
  check_ok(hr_spectra_writer_open(scratch_name(&s, "own.h5"), &options, &writer, &err));
  check_ok(hr_spectra_writer_append(writer, &rows, &err));
  check_ok(hr_spectra_writer_finish(writer, &err));
  hr_spectra_writer_close(&writer);
  assert_false(hr_writer_wrote(s.name));
  scratch_fini(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(files_have_the_simulators_columns),
      cmocka_unit_test(files_are_known_again),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
