/* Ridges that are trained slot by slot, by learners that know nothing of each other, and
 * put together by one that sees no row: the bytes of one that trains all. */
#include "methods/ridge/parts.h"

#include "core/alloc.h"
#include "core/file.h"
#include "methods/ridge/marginal.h"
#include "methods/ridge/ridge.h"
#include "support/fail_alloc.h"
#include "support/scratch.h"
#include "support/small_study.h"

enum { ALPHAS = 3, SLOTS = SMALL_BINS + 1 };

static double alphas[ALPHAS] = {0.1, 10, 1000}, level[1] = {0.7};
static const hr_ridge_parameters plain = {{alphas, ALPHAS}};
static const hr_ridge_marginal_parameters marginal = {{alphas, ALPHAS}, {level, 1}};
static small_study s;

/* Where parts leave what they have: the fits of slots, and folders of their numbers. */
static struct {
  scratch place;
  bool has[SLOTS];
  hr_fit fit[SLOTS];
} shelf;

static size_t slot_number(int slot) {
  return slot == HR_GLOBAL ? SMALL_BINS : (size_t)slot;
}

static const char *folder_of(size_t m) {
  char name[32];
  snprintf(name, sizeof name, "%zu", m);
  return scratch_name(&shelf.place, name);
}

static hr_status keep(void *context, const hr_model *model, const hr_fit *fit,
                      hr_error *err) {
  (void)context;
  hr_status status = HR_OK;
  size_t m = slot_number(fit->slot);
  HR_TRY(hr_make_folders(folder_of(m), err));
  if (model) HR_TRY(model->type->save(model, folder_of(m), HR_MODEL_FULL, err));
  HR_TRY(hr_fit_copy(fit, &shelf.fit[m], err));
  shelf.has[m] = true;
cleanup:
  return status;
}

static hr_status place_gathered(void *context, int slot, char **path, hr_error *err) {
  (void)context;
  hr_status status = HR_OK;
  size_t m = slot_number(slot);
  HR_TRY(hr_make_folders(folder_of(m), err));
  HR_TRY(hr_join_path(folder_of(m), "sums", path, err));
cleanup:
  return status;
}

static void clear_shelf(void) {
  for (size_t m = 0; m < SLOTS; m++) hr_fit_fini(&shelf.fit[m]);
  memset(shelf.has, 0, sizeof shelf.has);
}

static int set_up(void **state) {
  (void)state;
  small_study_init(&s);
  scratch_init(&shelf.place);
  s.view.folder = shelf.place.path;
  s.view.keeper = (hr_keeper){NULL, keep};
  s.view.store = (hr_store){NULL, NULL, NULL, place_gathered};
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  clear_shelf();
  scratch_fini(&shelf.place);
  return 0;
}

static life_plan plan_of(const hr_method *method) {
  bool is_plain = method == &hr_ridge_method;
  const void *parameters = is_plain ? (const void *)&plain : (const void *)&marginal;
  return small_study_plan(&s, method, parameters);
}

static hr_status train_slot(const hr_method *method, size_t m, size_t block_rows,
                            hr_error *err) {
  hr_status status = HR_OK;
  hr_learner *learner = NULL;
  life l = {.slots = 0};
  bool wanted[SLOTS] = {false};
  const life_plan plan = plan_of(method);
  wanted[m] = true;
  s.view.wanted = wanted;
  HR_TRY(life_learn(&plan, block_rows, &learner, err));
  HR_TRY(life_finish(&plan, &learner, &l, err));
cleanup:
  life_fini(&l);
  s.view.wanted = NULL;
  return status;
}

static void train_slots(const hr_method *method) {
  hr_error err;
  clear_shelf();
  for (size_t m = 0; m < SLOTS; m++) check_ok(train_slot(method, m, 31 + m, &err));
  /* Bins without two rows have nothing. */
  assert_true(shelf.has[0] && shelf.has[1] && shelf.has[SMALL_BINS]);
  assert_false(shelf.has[2] || shelf.has[3]);
  assert_int_equal(shelf.fit[SMALL_BINS].status, HR_FIT_SKIPPED);
  assert_string_equal(shelf.fit[SMALL_BINS].note,
                      "its sums are gathered, of bins by their own");
}

/* Takes back all but slot `without` (SLOTS: all), with the rows where they are wanted. */
static hr_status put_together(const hr_method *method, size_t without, life *l,
                              hr_error *err) {
  hr_status status = HR_OK;
  hr_learner *learner = NULL;
  const life_plan plan = plan_of(method);
  hr_block block = {.rows = SMALL_TRAIN,
                    .pixels = SMALL_PIXELS,
                    .flux = s.train_x,
                    .error = s.train_error,
                    .noisy = s.train_x};
  block.snr = block_snr(SMALL_TRAIN, SMALL_PIXELS, s.train_x, s.train_error);
  HR_TRY(method->begin(&s.view, plan.parameters, &learner, err));
  for (size_t m = 0; m < SLOTS; m++) {
    if (!shelf.has[m] || m == without) continue;
    HR_TRY(method->resume(learner, &shelf.fit[m], folder_of(m), err));
  }
  assert_int_equal(method->is_trained(learner), without == SLOTS);
  if (!method->is_trained(learner)) HR_TRY(method->learn(learner, &block, err));
  HR_TRY(life_finish(&plan, &learner, l, err));
  HR_TRY(life_predict(&plan, l, err));
cleanup:
  if (learner) method->destroy(&learner);
  return status;
}

static hr_status put_together_and_forget(const hr_method *method) {
  life l = {.slots = 0};
  hr_status status = put_together(method, SLOTS, &l, NULL);
  bool is_lost = status == HR_OK && l.trained[SMALL_BINS].fit.status != HR_FIT_OK;
  life_fini(&l);
  return is_lost ? HR_ERR_MEMORY : status; /* a model fails alone */
}

static void check_method(const hr_method *method) {
  life one, other;
  hr_error err;
  const life_plan plan = plan_of(method);
  check_ok(life_live(&plan, SMALL_TRAIN, &one, &err));
  train_slots(method);
  static const size_t without[] = {SLOTS, 0, 1, SMALL_BINS};
  for (size_t i = 0; i < 4; i++) {
    check_ok(put_together(method, without[i], &other, &err));
    life_check_same(&one, &other);
    for (size_t m = 0; m < SLOTS; m++) {
      const hr_fit *a = &one.trained[m].fit, *b = &other.trained[m].fit;
      assert_memory_equal(&a->sigma, &b->sigma, sizeof a->sigma);
      assert_int_equal(a->train_rows, b->train_rows);
      assert_string_equal(a->note, b->note);
    }
    life_fini(&other);
  }
  life_fini(&one);
}

static void parts_make_the_whole(void **state) {
  (void)state;
  check_method(&hr_ridge_method);
  check_method(&hr_ridge_marginal_method);
}

static void so_they_do_where_memory_is_short(void **state) {
  (void)state;
  for (int low = HR_LOW_MEMORY_ROWS; low <= HR_LOW_MEMORY_FOLDS; low++) {
    s.view.low_memory = (hr_low_memory)low;
    check_method(&hr_ridge_method);
    check_method(&hr_ridge_marginal_method);
  }
  s.view.low_memory = HR_LOW_MEMORY_NONE;
}

/* Where no bin has sums, the model of all rows needs nothing of the others. */
static void without_large_bins_all_rows_are_a_slot_like_others(void **state) {
  (void)state;
  life one, other;
  hr_error err;
  const life_plan plan = plan_of(&hr_ridge_method);
  int32_t bin[SMALL_TRAIN];
  for (size_t i = 0; i < SMALL_TRAIN; i++) {
    bin[i] = s.train_bin[i] == 0 && i % 20 < 17 ? HR_UNCOVERED : s.train_bin[i];
  }
  s.view.train.bin = s.view.train.route = bin;
  check_ok(life_live(&plan, SMALL_TRAIN, &one, &err));
  clear_shelf();
  for (size_t m = 0; m < SLOTS; m++) {
    check_ok(train_slot(&hr_ridge_method, m, 50, &err));
  }
  assert_int_equal(shelf.fit[SMALL_BINS].status, HR_FIT_OK);
  check_ok(put_together(&hr_ridge_method, SLOTS, &other, &err));
  life_check_same(&one, &other);
  life_fini(&one);
  life_fini(&other);
  s.view.train.bin = s.view.train.route = s.train_bin;
}

/* A part holds the sums of its own slots; operations add up to those of the whole, but
 * for the solves of the model of all rows, which are made behind. */
static void a_part_takes_its_share(void **state) {
  (void)state;
  hr_cost whole = {0};
  double gathered = 0, operations = 0;
  hr_ridge_method.estimate(&s.view, &plain, &whole);
  for (size_t m = 0; m < SLOTS; m++) {
    bool wanted[SLOTS] = {false};
    hr_cost own = {0};
    wanted[m] = true;
    s.view.wanted = wanted;
    hr_ridge_method.estimate(&s.view, &plain, &own);
    assert_int_equal(own.operations > 0, m < 2 || m == SMALL_BINS);
    gathered += own.gathered_bytes;
    operations += own.operations;
  }
  s.view.wanted = NULL;
  double order = SMALL_PIXELS, solves = (SMALL_FOLDS + 1) * ALPHAS;
  check_near(operations, whole.operations + 1 - solves * order * order * order / 3, 1);
  /* All rows are held for the global model, and those of bins again. */
  double held = (double)(shelf.fit[0].train_rows + shelf.fit[1].train_rows + 1);
  check_near(gathered - whole.gathered_bytes, held * hr_held_rows_bytes(SMALL_PIXELS),
             hr_held_rows_bytes(SMALL_PIXELS) * 400);
}

static void what_is_lost_is_trained_again(void **state) {
  (void)state;
  hr_error err;
  hr_learner *learner = NULL;
  char path[4200], sentence[4400];
  train_slots(&hr_ridge_method);
  snprintf(path, sizeof path, "%s/sums", folder_of(0));
  assert_int_equal(truncate(path, 1000), 0);
  snprintf(
      sentence, sizeof sentence,
      "%s is damaged: it is not what a part of this study left there; remove it, and "
      "run again what it was gathered by",
      path);
  check_ok(hr_ridge_method.begin(&s.view, &plain, &learner, &err));
  check_fails(hr_ridge_method.resume(learner, &shelf.fit[0], folder_of(0), &err),
              HR_ERR_DATA, sentence);
  assert_int_equal(learner->models[0].state, HR_RIDGE_HERE);
  shelf.fit[1].variant_count = 2;
  snprintf(sentence, sizeof sentence, "%s has 3 models, its record tells of 2",
           folder_of(1));
  check_fails(hr_ridge_method.resume(learner, &shelf.fit[1], folder_of(1), &err),
              HR_ERR_FORMAT, sentence);
  hr_ridge_method.destroy(&learner);
}

static void without_memory_it_ends(void **state) {
  (void)state;
  train_slots(&hr_ridge_method);
  check_alloc_failures(put_together_and_forget(&hr_ridge_method));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(parts_make_the_whole),
      cmocka_unit_test(so_they_do_where_memory_is_short),
      cmocka_unit_test(without_large_bins_all_rows_are_a_slot_like_others),
      cmocka_unit_test(a_part_takes_its_share),
      cmocka_unit_test(what_is_lost_is_trained_again),
      cmocka_unit_test(without_memory_it_ends),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
