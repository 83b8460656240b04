/* Columns that are filled in blocks, by a LightGBM of tests' own which keeps what it is
 * given: every value lands where its row and pixel say, under its name. */
#include "methods/lightgbm/columns.h"

#include "core/alloc.h"
#include "core/parallel.h"
#include "support/check.h"

enum {
  PIXELS = 2 * HR_COLUMN_BLOCK + 3, /* the last block is narrow */
  ROWS = 11,
  MOST_SETS = 3,
  NAME = 32,
};

/* A dataset of the made-up library. */
typedef struct set {
  int columns, pushed;
  bool is_there;
  float value[ROWS][PIXELS];
  char name[PIXELS][NAME];
} set;

static set sets[MOST_SETS];
static int created, freed,
    fails_at; /* fails_at: the number of the push or join that fails */
static int calls;

static const char *last_error(void) {
  return "std::bad_alloc";
}

static int create(double **values, int **rows, int32_t columns, const int *per_column,
                  int32_t sample_rows, int32_t local_rows, int64_t all_rows,
                  const char *parameters, void **out) {
  assert_true(created < MOST_SETS && columns > 0 && local_rows == ROWS);
  assert_true(all_rows == ROWS && sample_rows == 2 && per_column[0] == 2);
  assert_non_null(strstr(parameters, "max_bin=255"));
  /* Sampled rows 0 and 1 hold 1 + pixel and 2 + pixel. */
  assert_true(values[0][0] == 1 + created * HR_COLUMN_BLOCK && rows[0][1] == 1);
  set *own = &sets[created++];
  *own = (set){.columns = columns, .is_there = true};
  *out = own;
  return 0;
}

static int name(void *dataset, const char **names, int count) {
  set *own = dataset;
  assert_int_equal(count, own->columns);
  for (int p = 0; p < count; p++) snprintf(own->name[p], NAME, "%s", names[p]);
  return 0;
}

static int push(void *dataset, const void *values, int type, int32_t rows,
                int32_t columns, int32_t first_row) {
  set *own = dataset;
  int call;
#pragma omp atomic capture
  call = ++calls;
  if (call == fails_at) return -1;
  if (type != HR_LGBM_FLOAT32 || columns != own->columns || first_row != own->pushed) {
    return -1;
  }
  for (int i = 0; i < rows; i++) {
    memcpy(own->value[first_row + i], (const float *)values + i * columns,
           (size_t)columns * sizeof(float));
  }
  own->pushed += rows;
  return 0;
}

static int join(void *dataset, void *source) {
  set *own = dataset;
  const set *other = source;
  if (++calls == fails_at) return -1;
  assert_true(other->is_there && other->pushed == ROWS && own->pushed == ROWS);
  for (int p = 0; p < other->columns; p++) {
    for (int i = 0; i < ROWS; i++) own->value[i][own->columns + p] = other->value[i][p];
    memcpy(own->name[own->columns + p], other->name[p], NAME);
  }
  own->columns += other->columns;
  return 0;
}

static int release(void *dataset) {
  assert_true(((set *)dataset)->is_there);
  ((set *)dataset)->is_there = false;
  freed++;
  return 0;
}

static const hr_lightgbm_api api = {
    .last_error = last_error,
    .dataset_create_from_sampled_column = create,
    .dataset_set_feature_names = name,
    .dataset_push_rows = push,
    .dataset_add_features_from = join,
    .dataset_free = release,
};

static float noisy[2 * ROWS * PIXELS];
static float scratch[16 * HR_COLUMN_ROWS * HR_COLUMN_BLOCK];

static float value_of(size_t row, size_t pixel) {
  return 1 + (float)pixel + (float)row / 16;
}

/* A slot with its two rows of a sample, opened; what fails is the call of that number. */
static void open_slot(hr_tree_slot *slot, int failing) {
  static const hr_lightgbm_parameters parameters = {.max_bin = 255, .n_estimators = 1};
  hr_error err = {0};
  created = freed = calls = 0;
  fails_at = failing;
  const hr_grower grower = {
      .api = &api, .parameters = &parameters, .pixels = PIXELS, .device = "cpu"};
  const hr_tree_size size = {4, 1};
  *slot = (hr_tree_slot){.api = &api, .pixels = PIXELS, .rows = ROWS, .sample_rows = 2};
  check_ok(hr_alloc(&slot->sample, (size_t)2 * PIXELS, &err));
  for (size_t i = 0; i < 2; i++) {
    float row[PIXELS];
    for (size_t p = 0; p < PIXELS; p++) row[p] = 1 + (float)(i + p);
    hr_tree_slot_sample(slot, row);
  }
  check_ok(hr_tree_slot_open(slot, &grower, &size, &err));
  assert_int_equal(created, MOST_SETS);
}

/* The slot's rows are every second one of the block, in groups of `most`. */
static hr_status fill(hr_tree_slot *slot, size_t most, hr_error *err) {
  const hr_block block = {.rows = 2 * ROWS, .pixels = PIXELS, .noisy = noisy};
  for (size_t i = 0; i < 2 * ROWS; i++) {
    for (size_t p = 0; p < PIXELS; p++) noisy[i * PIXELS + p] = value_of(i, p);
  }
  for (size_t at = 0; at < ROWS; at += most) {
    uint32_t row[ROWS];
    size_t count = ROWS - at < most ? ROWS - at : most;
    for (size_t i = 0; i < count; i++) row[i] = (uint32_t)(2 * (at + i) + 1);
    const hr_column_rows rows = {&block, row, count};
    hr_status status = hr_tree_slot_push(slot, &rows, scratch, err);
    if (status != HR_OK) return status;
  }
  return HR_OK;
}

static void every_value_lands_in_its_column_under_its_name(void **state) {
  (void)state;
  for (size_t most = 1; most <= ROWS; most += 5) {
    hr_tree_slot slot;
    hr_error err = {0};
    open_slot(&slot, 0);
    check_ok(fill(&slot, most, &err));
    assert_null(slot.blocks);
    const set *all = slot.dataset;
    assert_int_equal(all->columns, PIXELS);
    for (size_t p = 0; p < PIXELS; p++) {
      char expected[NAME];
      snprintf(expected, NAME, "Column_%zu", p);
      assert_string_equal(all->name[p], expected);
      for (size_t i = 0; i < ROWS; i++) {
        assert_true(all->value[i][p] == value_of(2 * i + 1, p));
      }
    }
    assert_int_equal(freed, MOST_SETS - 1);
    hr_tree_slot_close(&slot);
    hr_tree_slot_fini(&slot);
    assert_int_equal(freed, MOST_SETS);
  }
}

static void a_push_or_a_join_that_fails_is_told_and_frees_all(void **state) {
  (void)state;
  /* Rows come at once: three pushes, then two joins. */
  for (int failing = 1; failing <= MOST_SETS + 2; failing++) {
    hr_tree_slot slot;
    hr_error err = {0};
    open_slot(&slot, failing);
    check_fails(fill(&slot, ROWS, &err), HR_ERR_MEMORY, "LightGBM says: std::bad_alloc");
    hr_tree_slot_fini(&slot);
    assert_int_equal(freed, MOST_SETS);
  }
}

int main(void) {
  hr_thread_limit(4);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_value_lands_in_its_column_under_its_name),
      cmocka_unit_test(a_push_or_a_join_that_fails_is_told_and_frees_all),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
