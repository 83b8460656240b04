/* Models of several targets: one comparison answers for all of them; and draws. */
#include <stdlib.h>

#include "core/alloc.h"
#include "models/templates.h"
#include "support/few_templates.h"
#include "support/scratch.h"

enum { ROWS = FEW_SPECTRA, SLOTS = 3, TARGETS = 2, MODELS = SLOTS * TARGETS };

static const int slots[SLOTS] = {0, 1, HR_GLOBAL};

typedef struct answer {
  float mean[ROWS], draws[ROWS * HR_PREDICT_DRAWS];
  double variance[ROWS], effective[ROWS], error[ROWS], chi2[ROWS];
} answer;

typedef struct fixture {
  few_templates s;
  scratch folder;
  uint32_t row[ROWS];
  hr_model *models[MODELS]; /* [TARGETS][SLOTS] */
  hr_model *alone[SLOTS];   /* of templates that have the first target alone */
  answer answers[MODELS], others[MODELS];
} fixture;

static void make_models(const few_templates *s, size_t targets, double least_effective,
                        hr_model **models) {
  hr_error err;
  const hr_templates_options options = {.weigh = HR_WEIGH_COMPONENTS,
                                        .least_effective = least_effective,
                                        .targets = targets};
  hr_templates *templates = few_templates_make(s, &options);
  hr_templates_notes notes = {.level = 1};
  hr_template_store *store = NULL;
  check_ok(hr_template_store_create_take(&templates, &notes, &store, &err));
  for (size_t m = 0; m < targets * SLOTS; m++) {
    check_ok(
        hr_templates_model_create(store, m / SLOTS, slots[m % SLOTS], &models[m], &err));
    assert_int_equal(models[m]->target, m / SLOTS);
    assert_int_equal(models[m]->slot, slots[m % SLOTS]);
  }
  hr_template_store_release(&store);
}

static int set_up(void **state) {
  fixture *f = calloc(1, sizeof *f);
  few_templates_init(&f->s, 0.001F);
  make_models(&f->s, TARGETS, 20, f->models);
  make_models(&f->s, 1, 20, f->alone);
  for (uint32_t i = 0; i < ROWS; i++) f->row[i] = i;
  scratch_init(&f->folder);
  *state = f;
  return 0;
}

static void destroy(hr_model **models, size_t count) {
  for (size_t m = 0; m < count; m++) hr_model_destroy(&models[m]);
}

static int tear_down(void **state) {
  fixture *f = *state;
  destroy(f->models, MODELS);
  destroy(f->alone, SLOTS);
  scratch_fini(&f->folder);
  free(f);
  return 0;
}

static hr_request request_of(const fixture *f, const hr_model *model, answer *a) {
  return (hr_request){.model = model,
                      .row = f->row,
                      .count = ROWS,
                      .variants = 1,
                      .mean = a->mean,
                      .variant_stride = ROWS,
                      .variance = a->variance,
                      .effective = a->effective,
                      .mean_error = a->error,
                      .chi2 = a->chi2,
                      .draws = a->draws};
}

/* All models at once: several bins for every row. */
static void ask(const fixture *f, hr_model *const *models, size_t count,
                answer *answers) {
  hr_error err;
  hr_request requests[MODELS];
  const hr_spectra spectra = {0, ROWS, FEW_PIXELS, f->s.x, f->s.error, 1};
  memset(answers, 0, count * sizeof *answers);
  for (size_t m = 0; m < count; m++) {
    requests[m] = request_of(f, models[m], &answers[m]);
  }
  check_ok(hr_models_predict(&spectra, requests, count, &err));
}

static void the_first_target_is_what_it_is_alone(void **state) {
  fixture *f = *state;
  ask(f, f->models, MODELS, f->answers);
  ask(f, f->alone, SLOTS, f->others);
  for (size_t m = 0; m < SLOTS; m++) {
    assert_memory_equal(&f->answers[m], &f->others[m], sizeof(answer));
  }
  for (size_t i = 0; i < ROWS; i++) { /* further labels have a mean of 100 */
    assert_true(f->answers[0].mean[i] < 50 && f->answers[SLOTS].mean[i] > 50);
  }
}

static void each_model_asked_alone_gives_the_same(void **state) {
  fixture *f = *state;
  ask(f, f->models, MODELS, f->answers);
  for (size_t m = 0; m < MODELS; m++) {
    ask(f, f->models + m, 1, f->others);
    assert_memory_equal(&f->answers[m], &f->others[0], sizeof(answer));
  }
}

/* Where a mean will do, however few templates share the weight. */
static void rough_answers_are_those_without_local_models(void **state) {
  fixture *f = *state;
  hr_error err;
  hr_model *plain[SLOTS] = {NULL};
  hr_request requests[SLOTS];
  const hr_spectra spectra = {0, ROWS, FEW_PIXELS, f->s.x, f->s.error, 1};
  make_models(&f->s, 1, 0, plain);
  ask(f, plain, SLOTS, f->others);
  memset(f->answers, 0, sizeof f->answers);
  for (size_t m = 0; m < SLOTS; m++) {
    requests[m] = request_of(f, f->alone[m], &f->answers[m]);
    requests[m].is_rough = true;
  }
  check_ok(hr_models_predict(&spectra, requests, SLOTS, &err));
  for (size_t m = 0; m < SLOTS; m++) {
    assert_memory_equal(&f->answers[m], &f->others[m], sizeof(answer));
  }
  requests[0].is_rough = false; /* of all requests, or of none */
  check_ok(hr_models_predict(&spectra, requests, SLOTS, &err));
  assert_memory_not_equal(f->answers[1].mean, f->others[1].mean,
                          sizeof f->others[1].mean);
  destroy(plain, SLOTS);
}

static void saved_ones_give_the_same_for_every_target(void **state) {
  fixture *f = *state;
  hr_error err;
  hr_model *models[MODELS] = {NULL};
  const hr_model_place place = {f->folder.path, FEW_PIXELS, TARGETS, slots, SLOTS};
  check_ok(
      hr_templates_type.save(f->models[MODELS - 1], f->folder.path, HR_MODEL_FULL, &err));
  check_ok(hr_templates_type.load(&place, models, &err));
  ask(f, f->models, MODELS, f->answers);
  ask(f, models, MODELS, f->others);
  for (size_t m = 0; m < MODELS; m++) {
    assert_int_equal(models[m]->target, m / SLOTS);
    assert_int_equal(models[m]->slot, slots[m % SLOTS]);
    assert_memory_equal(&f->answers[m], &f->others[m], sizeof(answer));
  }
  destroy(models, MODELS);
}

/* Over all rows and draws: (y' - mean)/sigma has mean 0 and variance 1. */
static void draws_have_the_mean_and_variance_of_their_posterior(void **state) {
  fixture *f = *state;
  ask(f, f->models, MODELS, f->answers);
  for (size_t m = 0; m < MODELS; m++) {
    const answer *a = &f->answers[m];
    double sum = 0, squares = 0, count = ROWS * HR_PREDICT_DRAWS;
    for (size_t i = 0; i < ROWS * HR_PREDICT_DRAWS; i++) {
      size_t row = i / HR_PREDICT_DRAWS;
      double z = ((double)a->draws[i] - (double)a->mean[row]) / sqrt(a->variance[row]);
      sum += z / count;
      squares += z * z / count;
    }
    check_near(sum, 0, 5 / sqrt(count));
    check_near(squares, 1, 5 * sqrt(3 / count));
  }
}

/* By the number of the row in its file, and only where they are wanted. */
static void draws_go_by_the_number_of_the_row(void **state) {
  fixture *f = *state;
  hr_error err;
  ask(f, f->models, 1, f->answers);
  const hr_spectra later = {HR_PREDICT_ROWS, ROWS, FEW_PIXELS, f->s.x, f->s.error, 1};
  hr_request request[2] = {request_of(f, f->models[0], &f->others[0]),
                           request_of(f, f->models[0], &f->others[0])};
  request[0].count = request[1].count = 5;
  request[1].row = f->row + 5;
  request[1].draws = NULL;
  memset(f->others, 0, sizeof f->others[0]);
  check_ok(hr_models_predict(&later, request, 2, &err));
  assert_memory_equal(f->others[0].mean, f->answers[0].mean, 10 * sizeof(float));
  for (size_t i = 0; i < 10; i++) {
    const float *was = f->answers[0].draws + i * HR_PREDICT_DRAWS;
    const float *is = f->others[0].draws + i * HR_PREDICT_DRAWS;
    assert_true(was[0] < is[0] || was[0] > is[0]);
    if (i >= 5) check_near(is[0], 0, 0);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_first_target_is_what_it_is_alone),
      cmocka_unit_test(each_model_asked_alone_gives_the_same),
      cmocka_unit_test(rough_answers_are_those_without_local_models),
      cmocka_unit_test(saved_ones_give_the_same_for_every_target),
      cmocka_unit_test(draws_have_the_mean_and_variance_of_their_posterior),
      cmocka_unit_test(draws_go_by_the_number_of_the_row),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
