/* The kinds there are, and what they share. */
#include "models/model.h"

#include "support/check.h"

enum { ROWS = 4 };

static size_t answered; /* requests that a made-up kind was handed last */

static hr_status count_requests(const hr_spectra *spectra, const hr_request *requests,
                                size_t request_count, hr_error *err) {
  (void)spectra, (void)requests;
  answered = 10 * answered + request_count;
  return request_count < 3 ? HR_OK : hr_fail(err, HR_ERR_INTERNAL, "three at a time");
}

static const hr_model_type one_kind = {.kind = "one", .predict = count_requests};
static const hr_model_type another = {.kind = "another", .predict = count_requests};

static void kinds_are_found_by_name(void **state) {
  (void)state;
  size_t count = 0;
  const hr_model_type *const *types = hr_model_types(&count);
  assert_true(count > 0);
  assert_null(types[count]);
  for (size_t i = 0; i < count; i++) {
    assert_ptr_equal(hr_model_type_find(types[i]->kind), types[i]);
  }
  assert_null(hr_model_type_find("no such kind"));
}

static void neighbours_of_one_kind_go_together(void **state) {
  (void)state;
  hr_error err;
  const hr_spectra spectra = {.rows = ROWS};
  const hr_model a = {.type = &one_kind}, b = {.type = &another};
  const hr_request requests[] = {{.model = &a}, {.model = &a}, {.model = &b},
                                 {.model = &a}, {.model = &b}, {.model = &b},
                                 {.model = &b}, {.model = &a}};
  answered = 0;
  check_ok(hr_models_predict(&spectra, requests, 4, &err));
  assert_int_equal(answered, 211);
  answered = 0;
  check_fails(hr_models_predict(&spectra, requests, 8, &err), HR_ERR_INTERNAL,
              "three at a time");
  assert_int_equal(answered, 2113);
  hr_model *none = NULL;
  hr_model_destroy(&none);
}

static void what_is_not_known_is_no_number(void **state) {
  (void)state;
  const hr_model model = {.type = &one_kind, .target = 2};
  const uint32_t row[] = {1, 3};
  double variance[ROWS] = {0}, effective[ROWS] = {0}, chi2[ROWS] = {0};
  hr_request request = {.model = &model, .row = row, .count = 2};
  hr_request_fill_unknown(&request); /* nothing is wanted */
  request.variance = variance;
  request.effective = request.mean_error = effective;
  request.chi2 = chi2;
  hr_request_fill_unknown(&request);
  for (size_t i = 0; i < ROWS; i++) {
    bool asked = i % 2 == 1;
    assert_int_equal(isnan(effective[i]) != 0, asked);
    assert_int_equal(isnan(chi2[i]) != 0, asked);
    assert_int_equal(isnan(variance[i]) != 0, asked);
  }
}

static void pixels_have_to_fit(void **state) {
  (void)state;
  hr_error err;
  const hr_model model = {.type = &one_kind, .pixels = 5};
  const hr_request request = {.model = &model};
  hr_spectra spectra = {.pixels = 5};
  check_ok(hr_requests_check(&spectra, &request, 1, &err));
  spectra.pixels = 6;
  check_fails(hr_requests_check(&spectra, &request, 1, &err), HR_ERR_INTERNAL,
              "a model of the kind one and of 5 pixels was given spectra of 6");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(kinds_are_found_by_name),
      cmocka_unit_test(neighbours_of_one_kind_go_together),
      cmocka_unit_test(what_is_not_known_is_no_number),
      cmocka_unit_test(pixels_have_to_fit),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
