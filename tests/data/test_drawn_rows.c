/* Rows drawn at random: which, in which order, and what is read of them. */
#include "data/drawn_rows.h"

#include "core/random.h"
#include "data/stream.h"
#include "support/shards.h"

enum { FILES = 3, EACH = 40, ALL = FILES * EACH, PIXELS = 4 };

typedef struct fixture {
  char path[FILES][256];
  hr_strings paths;
  hr_dataset *dataset;
} fixture;

/* Contiguous, in chunks, and in compressed chunks of fp32, big-endian. */
static void fixture_init(fixture *f) {
  hr_error err = {0};
  *f = (fixture){0};
  for (size_t i = 0; i < FILES; i++) {
    char name[32];
    snprintf(name, sizeof name, "drawn%zu.h5", i);
    shard_path(f->path[i], sizeof f->path[i], name);
    shard_spec spec = shard_spec_default(f->path[i]);
    spec.rows = EACH;
    spec.first_row = EACH * i;
    if (i > 0) spec.chunk_rows = 7, spec.chunk_pixels = i == 1 ? PIXELS : 3;
    if (i == 2) spec.gzip = true, spec.dtype = SHARD_F32_BIG;
    shard_write(&spec);
    check_ok(hr_strings_append(&f->paths, f->path[i], &err));
  }
  check_ok(hr_dataset_create(&f->paths, NULL, &f->dataset, &err));
}

static void fixture_fini(fixture *f) {
  hr_dataset_destroy(&f->dataset);
  for (size_t i = 0; i < FILES; i++) unlink(f->path[i]);
  hr_strings_fini(&f->paths);
}

/* Draws rows anew; taken [ALL] says which of all rows those are, by their label. */
static void draw(size_t count, uint64_t seed, bool *taken) {
  fixture f;
  hr_error err = {0};
  const double *label = NULL;
  fixture_init(&f);
  check_ok(hr_draw_rows(f.dataset, count, seed, &err));
  assert_int_equal(hr_dataset_rows(f.dataset), count);
  check_ok(hr_dataset_label(f.dataset, "T_eff", true, &label, &err));
  for (size_t i = 0; i < ALL; i++) taken[i] = false;
  for (size_t i = 0, row = 0; i < count; i++) {
    while (row < ALL && label[i] != shard_label(0, row)) row++; /* in order */
    assert_true(row < ALL);
    taken[row] = true;
  }
  fixture_fini(&f);
}

static size_t count_common(const bool *a, const bool *b) {
  size_t count = 0;
  for (size_t i = 0; i < ALL; i++) count += a[i] && b[i];
  return count;
}

static void fewer_rows_are_some_of_more(void **state) {
  (void)state;
  bool few[ALL], more[ALL], others[ALL];
  draw(10, 42, few);
  draw(60, 42, more);
  assert_int_equal(count_common(few, few), 10);
  assert_int_equal(count_common(few, more), 10);
  draw(60, 43, others); /* half of one another by chance */
  assert_true(count_common(more, others) < 50);
  draw(ALL, 42, more);
  assert_int_equal(count_common(more, more), ALL);
}

/* A third of 60 rows from each file, within four standard deviations. */
static void rows_come_from_all_files(void **state) {
  (void)state;
  bool taken[ALL];
  draw(60, 42, taken);
  for (size_t file = 0; file < FILES; file++) {
    size_t count = 0;
    for (size_t i = 0; i < EACH; i++) count += taken[file * EACH + i];
    assert_true(count >= 10 && count <= 30);
  }
}

/* The rule of the header, by itself: no row that is left out has a smaller number. */
static void the_smallest_numbers_are_taken(void **state) {
  (void)state;
  bool taken[ALL];
  double largest = 0, least = 1;
  draw(25, 7, taken);
  for (size_t i = 0; i < ALL; i++) {
    double key = hr_uniform(7, HR_STREAM_DRAWN_ROWS, i, 0);
    if (taken[i] && key > largest) largest = key;
    if (!taken[i] && key < least) least = key;
  }
  assert_true(largest < least);
}

static void spectra_go_with_their_labels(void **state) {
  (void)state;
  const size_t block_rows[] = {1, 5, 0};
  hr_error err = {0};
  for (size_t b = 0; b < 3; b++) {
    fixture f;
    const double *label = NULL;
    hr_stream *stream = NULL;
    hr_block block;
    hr_stream_options options = hr_stream_options_default();
    options.block_rows = block_rows[b];
    fixture_init(&f);
    check_ok(hr_draw_rows(f.dataset, 70, 42, &err));
    check_ok(hr_dataset_label(f.dataset, "T_eff", true, &label, &err));
    check_ok(hr_stream_create(f.dataset, &options, &stream, &err));
    size_t seen = 0;
    for (;;) {
      check_ok(hr_stream_next(stream, &block, &err));
      if (block.rows == 0) break;
      assert_int_equal(block.first_row, seen);
      for (size_t i = 0; i < block.rows * PIXELS; i++) {
        size_t row = (size_t)((label[seen + i / PIXELS] - shard_label(0, 0)) / 0.25);
        check_near((double)block.flux[i], shard_flux(row, i % PIXELS), 0);
        check_near((double)block.error[i], shard_error(row, i % PIXELS), 0);
      }
      seen += block.rows;
    }
    assert_int_equal(seen, 70);
    hr_stream_destroy(&stream);
    fixture_fini(&f);
  }
}

static void more_than_there_are_is_refused(void **state) {
  (void)state;
  fixture f;
  hr_error err = {0};
  char expected[1024];
  fixture_init(&f);
  snprintf(expected, sizeof expected,
           "data.rows is 121, but %s and the files with it have 120 training rows; give "
           "at most that, or 0 for all of them",
           f.path[0]);
  check_fails(hr_draw_rows(f.dataset, ALL + 1, 42, &err), HR_ERR_DATA, expected);
  assert_int_equal(hr_dataset_rows(f.dataset), ALL);
  fixture_fini(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(fewer_rows_are_some_of_more),
      cmocka_unit_test(rows_come_from_all_files),
      cmocka_unit_test(the_smallest_numbers_are_taken),
      cmocka_unit_test(spectra_go_with_their_labels),
      cmocka_unit_test(more_than_there_are_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
