/* Sigmas as JSON: there and back, and objects that none was written to. */
#include "models/sigma_json.h"

#include "core/json_file.h"
#include "support/check.h"

static hr_sigma make(void) {
  return (hr_sigma){.rows = 300,
                    .scales_own = true,
                    .all = {(double)NAN, 1, 0.9, 2.1},
                    .class_count = 2,
                    .classes = {{3.5, 1, 1.1, 1.75}, {1.0 / 0.03, 1, 1, 2}}};
}

static json_t *write_sigma(const hr_sigma *sigma) {
  hr_json_builder builder = {false};
  json_t *object = hr_sigma_to_json(sigma, &builder);
  assert_false(builder.failed);
  return object;
}

static void check_class(const hr_sigma_class *a, const hr_sigma_class *b) {
  check_near(a->sigma, b->sigma, 0);
  check_near(a->half68, b->half68, 0);
  check_near(a->half95, b->half95, 0);
}

static void test_there_and_back(void **state) {
  (void)state;
  hr_sigma sigma = make(), found;
  json_t *object = write_sigma(&sigma);
  assert_true(hr_sigma_from_json(object, &found));
  assert_int_equal(found.rows, 300);
  assert_true(found.scales_own);
  assert_true(isnan(found.all.snr));
  check_class(&found.all, &sigma.all);
  assert_int_equal(found.class_count, 2);
  for (size_t c = 0; c < 2; c++) {
    check_near(found.classes[c].snr, sigma.classes[c].snr, 0);
    check_class(&found.classes[c], &sigma.classes[c]);
  }
  json_decref(object);
  sigma.class_count = 0;
  sigma.scales_own = false;
  object = write_sigma(&sigma);
  assert_true(hr_sigma_from_json(object, &found));
  assert_true(found.class_count == 0 && !found.scales_own);
  json_decref(object);
}

/* The sigma with one thing changed is refused, and nothing of it is left. */
static void check_refused(const hr_sigma *sigma) {
  hr_sigma found = make();
  json_t *object = write_sigma(sigma);
  assert_false(hr_sigma_from_json(object, &found));
  assert_true(found.rows == 0 && found.class_count == 0 && found.all.sigma == 0);
  json_decref(object);
}

static void test_what_is_none(void **state) {
  (void)state;
  hr_sigma sigma = make(), found;
  sigma.rows = 19;
  check_refused(&sigma);
  sigma = make(), sigma.all.sigma = -1;
  check_refused(&sigma);
  sigma = make(), sigma.all.half68 = (double)NAN;
  check_refused(&sigma);
  sigma = make(), sigma.classes[1].half68 = 2.5; /* more than half95 */
  check_refused(&sigma);
  sigma = make(), sigma.classes[0].snr = 0;
  check_refused(&sigma);
  sigma = make(), sigma.classes[1].snr = 3.5; /* not ascending */
  check_refused(&sigma);
  sigma = make();
  json_t *object = write_sigma(&sigma);
  json_object_del(object, "scales_own");
  assert_false(hr_sigma_from_json(object, &found));
  json_object_set_new(object, "scales_own", json_true());
  assert_true(hr_sigma_from_json(object, &found));
  json_t *list = json_object_get(object, "classes");
  while (json_array_size(list) <= HR_SIGMA_MOST_CLASSES) {
    json_array_append(list, json_array_get(list, 0));
  }
  assert_false(hr_sigma_from_json(object, &found));
  json_object_set_new(object, "classes", json_null());
  assert_false(hr_sigma_from_json(object, &found));
  json_decref(object);
  assert_false(hr_sigma_from_json(NULL, &found));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_there_and_back),
      cmocka_unit_test(test_what_is_none),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
