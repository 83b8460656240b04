/* Models of templates: who is answered with what, and what is kept of them. */
#include "models/templates.h"

#include <pthread.h>
#include <stdlib.h>

#include "core/alloc.h"
#include "core/npy.h"
#include "support/fail_alloc.h"
#include "support/few_templates.h"
#include "support/scratch.h"

enum { ROWS = FEW_SPECTRA, SLOTS = 4, MOST_REQUESTS = 5 };

/* Models of bins 0, 1, 2 and of all. */
typedef struct fixture {
  few_templates s;
  scratch folder;
  hr_model *models[SLOTS];
} fixture;

static const int slots[SLOTS] = {0, 1, 2, HR_GLOBAL};

static void make_models(const few_templates *s, double least_effective, size_t columns,
                        hr_model **models) {
  hr_error err;
  const hr_templates_options options = {.weigh = HR_WEIGH_COMPONENTS,
                                        .least_effective = least_effective};
  hr_templates *templates = few_templates_make(s, &options);
  hr_templates_notes notes = {.level = 1, .columns = columns};
  hr_template_store *store = NULL;
  check_ok(hr_alloc(&notes.origin, columns * FEW_TEMPLATES, &err));
  for (size_t i = 0; i < columns * FEW_TEMPLATES; i++) notes.origin[i] = 2 * (double)i;
  check_ok(hr_template_store_create_take(&templates, &notes, &store, &err));
  assert_null(templates);
  assert_null(notes.origin);
  for (size_t m = 0; m < SLOTS; m++) {
    check_ok(hr_templates_model_create(store, 0, slots[m], &models[m], &err));
    assert_int_equal(models[m]->slot, slots[m]);
    assert_int_equal(models[m]->pixels, FEW_PIXELS);
  }
  hr_template_store_release(&store);
}

static void destroy_models(hr_model **models) {
  for (size_t m = 0; m < SLOTS; m++) hr_model_destroy(&models[m]);
}

static int set_up(void **state) {
  fixture *f = calloc(1, sizeof *f);
  few_templates_init(&f->s, 0.001F);
  make_models(&f->s, 20, 1, f->models);
  scratch_init(&f->folder);
  *state = f;
  return 0;
}

static int tear_down(void **state) {
  fixture *f = *state;
  destroy_models(f->models);
  scratch_fini(&f->folder);
  free(f);
  return 0;
}

/* The numbers of one request. */
typedef struct answer {
  uint32_t row[ROWS];
  size_t count;
  float mean[ROWS];
  double variance[ROWS], effective[ROWS], error[ROWS], chi2[ROWS];
} answer;

static hr_request request_of(const hr_model *model, answer *a) {
  return (hr_request){.model = model,
                      .row = a->row,
                      .count = a->count,
                      .variants = 1,
                      .mean = a->mean,
                      .variant_stride = ROWS,
                      .variance = a->variance,
                      .effective = a->effective,
                      .mean_error = a->error,
                      .chi2 = a->chi2};
}

/* Rows first, first + step .. of a block. */
static answer *want(size_t first, size_t step) {
  answer *a = calloc(1, sizeof *a);
  for (size_t i = first; i < ROWS; i += step) a->row[a->count++] = (uint32_t)i;
  for (size_t i = 0; i < ROWS; i++) a->mean[i] = -1;
  return a;
}

static hr_spectra spectra_of(const fixture *f) {
  return (hr_spectra){0, ROWS, FEW_PIXELS, f->s.x, f->s.error, 1};
}

static void check_same(const answer *a, const answer *b) {
  assert_memory_equal(a->mean, b->mean, sizeof a->mean);
  assert_memory_equal(a->variance, b->variance, sizeof a->variance);
  assert_memory_equal(a->effective, b->effective, sizeof a->effective);
  assert_memory_equal(a->error, b->error, sizeof a->error);
  assert_memory_equal(a->chi2, b->chi2, sizeof a->chi2);
}

static void ask(const fixture *f, hr_model *const *models, answer *const *answers) {
  hr_error err;
  hr_request requests[SLOTS];
  const hr_spectra spectra = spectra_of(f);
  for (size_t m = 0; m < SLOTS; m++) requests[m] = request_of(models[m], answers[m]);
  check_ok(hr_models_predict(&spectra, requests, SLOTS, &err));
}

/* Every bin a third of the rows, the global model all. */
static void ask_all(const fixture *f, hr_model *const *models, answer **answers) {
  for (size_t m = 0; m < SLOTS; m++) answers[m] = m < 3 ? want(m, 3) : want(0, 1);
  ask(f, models, answers);
}

static void forget(answer **answers) {
  for (size_t m = 0; m < SLOTS; m++) free(answers[m]);
}

static void an_answer_is_the_comparisons(void **state) {
  const fixture *f = *state;
  hr_error err;
  answer *answers[SLOTS];
  ask_all(f, f->models, answers);
  hr_templates *templates = few_templates_make(
      &f->s,
      &(hr_templates_options){.weigh = HR_WEIGH_COMPONENTS, .least_effective = 20});
  hr_templates_workspace *work = NULL;
  check_ok(hr_templates_workspace_create(templates, &work, &err));
  for (size_t first = 0; first < ROWS; first += HR_PREDICT_ROWS) {
    hr_posterior own[HR_PREDICT_ROWS], all[HR_PREDICT_ROWS];
    int32_t group[HR_PREDICT_ROWS];
    size_t rows = ROWS - first < HR_PREDICT_ROWS ? ROWS - first : HR_PREDICT_ROWS;
    for (size_t i = 0; i < rows; i++) group[i] = (int32_t)((first + i) % 3);
    const hr_query query = {.rows = rows,
                            .x = f->s.x + first * FEW_PIXELS,
                            .error = f->s.error + first * FEW_PIXELS,
                            .level = 1,
                            .group = group,
                            .fold = f->s.fold};
    check_ok(hr_templates_compare(templates, work, &query, own, all, &err));
    for (size_t i = 0; i < rows; i++) {
      const answer *bin = answers[group[i]], *global = answers[3];
      assert_true(bin->mean[first + i] == (float)own[i].mean);
      assert_true(global->mean[first + i] == (float)all[i].mean);
      assert_true(global->variance[first + i] == all[i].variance);
      assert_true(bin->effective[first + i] == own[i].effective);
      assert_true(bin->error[first + i] == own[i].error);
      assert_true(bin->chi2[first + i] == own[i].chi2);
    }
  }
  assert_true(answers[0]->mean[1] == -1 && answers[1]->mean[0] == -1);
  hr_templates_workspace_destroy(&work);
  hr_templates_destroy(&templates);
  forget(answers);
}

static void asked_alone_or_in_other_blocks_the_bytes_are_the_same(void **state) {
  const fixture *f = *state;
  hr_error err;
  answer *answers[SLOTS];
  ask_all(f, f->models, answers);
  for (size_t m = 0; m < SLOTS; m++) {
    answer *alone = m < 3 ? want(m, 3) : want(0, 1);
    for (size_t first = 0; first < ROWS; first += HR_PREDICT_ROWS) {
      size_t rows = ROWS - first < HR_PREDICT_ROWS ? ROWS - first : HR_PREDICT_ROWS;
      const hr_spectra block = {first,
                                rows,
                                FEW_PIXELS,
                                f->s.x + first * FEW_PIXELS,
                                f->s.error + first * FEW_PIXELS,
                                1};
      uint32_t row[HR_PREDICT_ROWS];
      hr_request request = request_of(f->models[m], alone);
      request.row = row;
      request.count = 0;
      for (size_t i = 0; i < alone->count; i++) {
        if (alone->row[i] < first || alone->row[i] >= first + rows) continue;
        row[request.count++] = alone->row[i] - (uint32_t)first;
      }
      request.mean += first;
      request.variance += first;
      request.effective += first;
      request.mean_error += first;
      request.chi2 += first;
      check_ok(hr_models_predict(&block, &request, 1, &err));
    }
    check_same(alone, answers[m]);
    free(alone);
  }
  forget(answers);
}

/* As a gate asks: several bins for the same rows, and one of them twice. */
static void several_bins_may_be_asked_for_one_row(void **state) {
  const fixture *f = *state;
  hr_error err;
  answer *alone[SLOTS], *together[MOST_REQUESTS];
  hr_request requests[MOST_REQUESTS];
  const hr_spectra spectra = spectra_of(f);
  for (size_t m = 0; m < SLOTS; m++) {
    alone[m] = want(m % 2, 2);
    const hr_request request = request_of(f->models[m], alone[m]);
    check_ok(hr_models_predict(&spectra, &request, 1, &err));
  }
  for (size_t q = 0; q < MOST_REQUESTS; q++) {
    size_t m = q < SLOTS ? q : 1;
    together[q] = want(m % 2, 2);
    requests[q] = request_of(f->models[m], together[q]);
  }
  check_ok(hr_models_predict(&spectra, requests, MOST_REQUESTS, &err));
  for (size_t q = 0; q < MOST_REQUESTS; q++) {
    check_same(together[q], alone[q < SLOTS ? q : 1]);
    free(together[q]);
  }
  forget(alone);
}

/* Outputs that are not wanted are NULL. */
static void means_alone_may_be_asked(void **state) {
  const fixture *f = *state;
  hr_error err;
  answer *all = want(0, 1), *means = want(0, 1);
  hr_request requests[2] = {request_of(f->models[3], all),
                            {.model = f->models[3],
                             .row = means->row,
                             .count = ROWS,
                             .variants = 1,
                             .mean = means->mean}};
  const hr_spectra spectra = spectra_of(f);
  check_ok(hr_models_predict(&spectra, requests, 2, &err));
  assert_memory_equal(all->mean, means->mean, sizeof all->mean);
  free(all);
  free(means);
}

/* Asked for beside anything else, and by the model of all rows alone. */
static void the_model_of_all_rows_knows_the_bins(void **state) {
  const fixture *f = *state;
  hr_error err;
  answer *all = want(0, 1), *plain = want(0, 1), *bin = want(0, 1);
  static double shares[ROWS][FEW_GROUPS], none[ROWS][FEW_GROUPS];
  hr_request requests[2] = {request_of(f->models[3], all), request_of(f->models[0], bin)};
  const hr_request alone = request_of(f->models[3], plain);
  const hr_spectra spectra = spectra_of(f);
  requests[0].shares = shares[0];
  requests[1].shares = none[0];
  requests[0].slots = requests[1].slots = FEW_GROUPS;
  check_ok(hr_models_predict(&spectra, requests, 2, &err));
  check_ok(hr_models_predict(&spectra, &alone, 1, &err));
  check_same(all, plain);
  static double only[ROWS][FEW_GROUPS];
  requests[0].mean = NULL;
  requests[0].variance = requests[0].effective = requests[0].mean_error = NULL;
  requests[0].chi2 = NULL;
  requests[0].shares = only[0];
  check_ok(hr_models_predict(&spectra, requests, 1, &err));
  for (size_t i = 0; i < ROWS; i++) {
    double sum = 0;
    for (size_t g = 0; g < FEW_GROUPS; g++) {
      assert_true(shares[i][g] >= 0 && isnan(none[i][g]));
      /* A row that a mean is not content with may be weighed over pixels. */
      check_near(only[i][g], shares[i][g], 1e-3);
      sum += shares[i][g];
    }
    check_near(sum, 1, 1e-12);
  }
  free(all);
  free(plain);
  free(bin);
}

typedef struct caller {
  const fixture *fixture;
  answer *answers[SLOTS];
} caller;

static void *call(void *context) {
  caller *c = context;
  ask_all(c->fixture, c->fixture->models, c->answers);
  return NULL;
}

static void two_threads_predict_at_once(void **state) {
  const fixture *f = *state;
  caller callers[3] = {{f, {NULL}}, {f, {NULL}}, {f, {NULL}}};
  pthread_t threads[2];
  for (size_t i = 0; i < 2; i++) {
    assert_int_equal(pthread_create(&threads[i], NULL, call, &callers[i]), 0);
  }
  for (size_t i = 0; i < 2; i++) pthread_join(threads[i], NULL);
  call(&callers[2]);
  for (size_t i = 0; i < 2; i++) {
    for (size_t m = 0; m < SLOTS; m++) {
      check_same(callers[i].answers[m], callers[2].answers[m]);
    }
  }
  for (size_t i = 0; i < 3; i++) forget(callers[i].answers);
}

static hr_status load_and_forget(const hr_model_place *place, hr_error *err) {
  hr_model *models[SLOTS] = {NULL};
  hr_status status = hr_templates_type.load(place, models, err);
  destroy_models(models);
  return status;
}

static void saved_models_predict_the_same(void **state) {
  fixture *f = *state;
  hr_error err;
  answer *answers[SLOTS], *loaded[SLOTS];
  ask_all(f, f->models, answers);
  const hr_model_place place = {f->folder.path, FEW_PIXELS, 1, slots, SLOTS};
  const hr_model_type *type = hr_model_type_find("templates");
  for (int form = HR_MODEL_FULL; form <= HR_MODEL_COMPACT; form++) {
    hr_model *models[SLOTS] = {NULL};
    check_ok(type->save(f->models[1], f->folder.path, (hr_model_form)form, &err));
    check_ok(type->load(&place, models, &err));
    ask_all(f, models, loaded);
    for (size_t m = 0; m < SLOTS; m++) {
      assert_int_equal(models[m]->slot, slots[m]);
      if (form == HR_MODEL_FULL) check_same(loaded[m], answers[m]);
      for (size_t i = 0; i < ROWS; i++) {
        check_near(loaded[m]->mean[i], answers[m]->mean[i], 1e-4);
      }
    }
    forget(loaded);
    destroy_models(models);
  }
  check_alloc_failures(load_and_forget(&place, &err));
  forget(answers);
}

static void what_was_not_saved_so_is_refused(void **state) {
  fixture *f = *state;
  hr_error err;
  char sentence[400], path[128];
  check_ok(hr_templates_type.save(f->models[0], f->folder.path, HR_MODEL_FULL, &err));
  const int other[] = {HR_GLOBAL, 7};
  hr_model_place place = {f->folder.path, FEW_PIXELS, 1, other, 2};
  snprintf(path, sizeof path, "%s/templates.bin", f->folder.path);
  snprintf(sentence, sizeof sentence,
           "%s has no template of bin 7: it belongs to another model", path);
  check_fails(load_and_forget(&place, &err), HR_ERR_FORMAT, sentence);
  place.targets = 2;
  snprintf(
      sentence, sizeof sentence,
      "%s has templates of 300 pixels and 1 targets, not of 300 and 2: it belongs to "
      "another model",
      path);
  check_fails(load_and_forget(&place, &err), HR_ERR_FORMAT, sentence);
}

static void a_record_says_where_templates_are_from(void **state) {
  fixture *f = *state;
  hr_error err;
  for (size_t m = 1; m < SLOTS; m++) {
    double *rows = NULL;
    hr_npy_shape shape;
    size_t first = m == 1 ? 700 : m == 2 ? 1000 : 0;
    check_ok(hr_templates_type.record(f->models[m], f->folder.path, &err));
    check_ok(hr_npy_read(scratch_name(&f->folder, "templates.npy"), 1 << 20, &rows,
                         &shape, &err));
    assert_int_equal(shape.extent[0], m == 3 ? FEW_TEMPLATES : 300);
    assert_int_equal(shape.extent[1], 1);
    for (size_t i = 0; i < shape.extent[0]; i++) {
      check_near(rows[i], 2 * (double)(first + i), 0);
    }
    hr_free(rows);
  }
}

static void few_effective_templates_are_remarked_on(void **state) {
  const fixture *f = *state;
  hr_model *plain[SLOTS], *grid[SLOTS];
  char note[256] = "as it was";
  make_models(&f->s, 0, 1, plain);
  make_models(&f->s, 0, 3, grid);
  hr_templates_type.remark(plain[0], 10, note, sizeof note);
  assert_string_equal(note, "as it was");
  hr_templates_type.remark(plain[0], (double)NAN, note, sizeof note);
  assert_string_equal(note, "as it was");
  hr_templates_type.remark(plain[0], 9.96, note, sizeof note);
  assert_string_equal(note,
                      "half of the test spectra have 10.0 effective templates or fewer, "
                      "too few for a mean; more training spectra, "
                      "experts.posterior.templates, or its kernel: local_linear would "
                      "help");
  hr_templates_type.remark(grid[0], 1, note, sizeof note);
  assert_string_equal(note,
                      "half of the test spectra have 1.0 effective templates or fewer, "
                      "too few for a mean; more experts.posterior.templates, or its "
                      "kernel: local_linear would help");
  hr_templates_type.remark(f->models[3], 1, note, sizeof note);
  assert_string_equal(note,
                      "half of the test spectra have 1.0 effective templates or fewer; "
                      "local linear models predict them");
  destroy_models(plain);
  destroy_models(grid);
}

static void spectra_that_cannot_be_compared_are_refused(void **state) {
  const fixture *f = *state;
  hr_error err;
  answer *a = want(0, 1);
  const hr_request request = request_of(f->models[0], a);
  hr_spectra spectra = spectra_of(f);
  spectra.error = NULL;
  check_fails(hr_models_predict(&spectra, &request, 1, &err), HR_ERR_INTERNAL,
              "templates were given spectra without errors");
  spectra = spectra_of(f);
  spectra.first_row = 64;
  check_fails(hr_models_predict(&spectra, &request, 1, &err), HR_ERR_INTERNAL,
              "templates were given spectra from row 64 on, which is no multiple of 128");
  spectra = spectra_of(f);
  spectra.pixels = 5;
  check_fails(hr_models_predict(&spectra, &request, 1, &err), HR_ERR_INTERNAL,
              "templates of 300 pixels were given spectra of 5");
  spectra = spectra_of(f);
  check_alloc_failures(hr_models_predict(&spectra, &request, 1, &err));
  free(a);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_answer_is_the_comparisons),
      cmocka_unit_test(asked_alone_or_in_other_blocks_the_bytes_are_the_same),
      cmocka_unit_test(several_bins_may_be_asked_for_one_row),
      cmocka_unit_test(the_model_of_all_rows_knows_the_bins),
      cmocka_unit_test(means_alone_may_be_asked),
      cmocka_unit_test(two_threads_predict_at_once),
      cmocka_unit_test(saved_models_predict_the_same),
      cmocka_unit_test(what_was_not_saved_so_is_refused),
      cmocka_unit_test(a_record_says_where_templates_are_from),
      cmocka_unit_test(few_effective_templates_are_remarked_on),
      cmocka_unit_test(spectra_that_cannot_be_compared_are_refused),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
