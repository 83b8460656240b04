/* Roles, their names and their places. */
#include "data/places.h"

#include "core/alloc.h"
#include "support/check.h"

static void every_role_has_a_name_and_a_place(void **state) {
  (void)state;
  hr_places places = {{0}};
  for (int p = 0; p < HR_PLACES; p++) {
    assert_int_equal(hr_place_find(hr_place_name((hr_place)p)), p);
    assert_int_equal(hr_place_usual((hr_place)p)[0], '/');
    assert_ptr_equal(hr_place_of(&places, (hr_place)p), hr_place_usual((hr_place)p));
  }
  assert_int_equal(hr_place_find("continuum"), HR_PLACES);
  places.path[HR_PLACE_WAVE] = "/w";
  assert_string_equal(hr_place_of(&places, HR_PLACE_WAVE), "/w");
}

static void pairs_are_read(void **state) {
  (void)state;
  hr_error err = {0};
  hr_places places;
  char *text = NULL;
  check_ok(hr_places_read("flux=/s/flux,wave=/w", &text, &places, &err));
  assert_string_equal(places.path[HR_PLACE_FLUX], "/s/flux");
  assert_string_equal(places.path[HR_PLACE_WAVE], "/w");
  assert_null(places.path[HR_PLACE_ERROR]);
  hr_free(text);
  check_ok(hr_places_read(NULL, &text, &places, &err));
  assert_null(places.path[HR_PLACE_FLUX]);
  hr_free(text);
}

static void other_things_are_refused(void **state) {
  (void)state;
  static const char *const cases[][2] = {
      {"flx=/a",
       "--paths has no array 'flx'; write pairs such as flux=/spectra/flux, of flux, "
       "error, noisy, mask, wave and labels"},
      {"flux",
       "--paths has no array 'flux'; write pairs such as flux=/spectra/flux, of flux, "
       "error, noisy, mask, wave and labels"},
      {"flux=a/b",
       "--paths has 'a/b' for flux; write its path from the root of the file, such as "
       "/spectra/flux"},
      {"flux=/a,error=/a",
       "--paths gives /a to flux and to error; name every array once"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    hr_error err = {0};
    hr_places places;
    char *text = NULL;
    check_fails(hr_places_read(cases[i][0], &text, &places, &err), HR_ERR_USAGE,
                cases[i][1]);
    hr_free(text);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_role_has_a_name_and_a_place),
      cmocka_unit_test(pairs_are_read),
      cmocka_unit_test(other_things_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
