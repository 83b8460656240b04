/* data.paths: what may stand there, and what becomes of it. */
#include "config/places.h"

#include "support/config_checks.h"

#define DATA "experiment: {id: E}\ndata: {train: a.h5, test: t.h5, paths: "

static void pairs_are_read_and_written(void **state) {
  (void)state;
  hr_config *c = accept(DATA "{flux: /spectra/flux, labels: /stars}}\n");
  hr_places places = hr_config_places(c);
  assert_string_equal(places.path[HR_PLACE_FLUX], "/spectra/flux");
  assert_string_equal(places.path[HR_PLACE_LABELS], "/stars");
  assert_null(places.path[HR_PLACE_ERROR]);
  char *text = written(c);
  assert_non_null(
      strstr(text, "  paths:\n    flux: /spectra/flux\n    labels: /stars\n"));
  hr_free(text);
  hr_config_destroy(&c);
  check_round_trip(DATA "{flux: /spectra/flux, labels: /stars}}\n");
}

static void other_things_are_refused(void **state) {
  (void)state;
  refuse(DATA "[/flux]}\n",
         "s.yaml:2:40: data.paths must be a mapping of keys to values, not a list; write "
         "it as 'key: value' lines");
  refuse(DATA "{flx: /flux}}\n",
         "s.yaml:2:46: data.paths has no array flx; did you mean flux; it names flux, "
         "error, noisy, mask, wave, labels");
  refuse(DATA "{continuum: /c}}\n",
         "s.yaml:2:52: data.paths has no array continuum; it names flux, error, noisy, "
         "mask, wave, labels");
  refuse(DATA "{flux: [/a]}}\n",
         "s.yaml:2:47: data.paths.flux must be the path of an array in the file, not a "
         "list");
  refuse(DATA "{flux: {a: b}}}\n",
         "s.yaml:2:47: data.paths.flux must be the path of an array in the file, not a "
         "mapping");
  refuse(DATA "{flux: spectra/flux}}\n",
         "s.yaml:2:47: data.paths.flux is 'spectra/flux', but must be the path of an "
         "array in the file, from its root, such as /spectra/flux");
  refuse(DATA "{flux: /spectra/}}\n",
         "s.yaml:2:47: data.paths.flux is '/spectra/', but must be the path of an array "
         "in the file, from its root, such as /spectra/flux");
  refuse(DATA "{flux: /a, error: /a}}\n",
         "s.yaml:2:58: data.paths gives /a to flux and to error; name every array once");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(pairs_are_read_and_written),
      cmocka_unit_test(other_things_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
